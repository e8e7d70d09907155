/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_CLUSTER_CODER_H
#define CORDUROY_PROTO_CLUSTER_CODER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/uuid.h"
#include "proto/cluster/frames.h"

/* Walks the fields of a message once for both ways, so that what is written and what is read cannot
 * drift apart. Private to the frames files. Decoding: after the first field that does not fit,
 * `failed` stays true, every later field is left as it is, and counts are 0. Encoding never fails.
 */
struct coder {
    bool decoding, failed;
    struct view rest;         /* decoding: what is left of the body */
    struct arena *arena;      /* decoding: for arrays */
    size_t memory;            /* decoding: what they have taken of it */
    struct cluster_writer *w; /* encoding */
};

void code_bytes(struct coder *c, void *bytes, uint32_t size);
void code_bool(struct coder *c, bool *v); /* one byte, 0 or 1 */
void code_u16(struct coder *c, uint16_t *v);
void code_i16(struct coder *c, int16_t *v);
void code_u32(struct coder *c, uint32_t *v);
void code_i32(struct coder *c, int32_t *v);
void code_u64(struct coder *c, uint64_t *v);
void code_i64(struct coder *c, int64_t *v);
/* One byte, refused outside of min..max. */
uint8_t code_choice(struct coder *c, unsigned v, unsigned min, unsigned max);
/* i32 size, -1 for null, then the bytes; decoded as a view of the frame. */
void code_view(struct coder *c, struct view *v);
void code_partition(struct coder *c, struct partition_id *id);
void code_member(struct coder *c, struct cluster_member *member);
/* u32 count; decoding makes the array when the bytes that remain can hold so many of at least
 * size_min, and the message's arrays have not taken CLUSTER_MEMORY_MAX. */
void *code_array(struct coder *c, uint32_t *count, void *items, uint32_t size_min,
                 size_t element_size);
/* u32 count of at most max. */
void code_count(struct coder *c, uint32_t *count, uint32_t max);

/* The bodies, by topic. */
void code_control(struct coder *c, struct cluster_message *m); /* kinds 5 .. 26 */
void code_replica(struct coder *c, struct cluster_message *m); /* kinds 32 .. but pushes */
void code_push_head(struct coder *c, struct cluster_message *m);

#endif
