/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_CLUSTER_FRAMES_H
#define CORDUROY_PROTO_CLUSTER_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/assert.h"
#include "common/view.h"
#include "proto/cluster/messages.h"

/* The cluster protocol's frames: messages.h as bytes. README.md here specifies every byte. A frame
 * is a header of 12 bytes and a body; all integers are big-endian:
 *
 *    0 length u32, of what follows it    6 version u16
 *    4 kind u8                           8 crc32c u32 of [4, 8) and of the body; in a push frame
 *    5 flags u8, 0                         of the body's head only: batches bear their own CRC
 *
 * Decoding is total: any bytes are understood or refused, nothing is read beyond them, and no array
 * is made before the bytes for it are known to be there. All functions are pure; any thread. */
#define CLUSTER_FRAME_HEADER_SIZE 12u
/* Refused by its length alone, before anything is allocated. */
#define CLUSTER_FRAME_SIZE_MAX (64u << 20)
/* What the lists of one frame may take as values: five bytes on the wire can ask for forty times as
 * much. */
#define CLUSTER_MEMORY_MAX (64u << 20)

enum cluster_kind {
    CLUSTER_KIND_OPEN = 1, /* handshake.h */
    CLUSTER_KIND_CHALLENGE = 2,
    CLUSTER_KIND_PROOF = 3,
    CLUSTER_KIND_READY = 4,
    CLUSTER_KIND_REFUSED = 5,
    CLUSTER_KIND_PING = 6,
    CLUSTER_KIND_PONG = 7,
    CLUSTER_KIND_SUBSCRIBE = 16,
    CLUSTER_KIND_METADATA = 17,
    CLUSTER_KIND_DIGEST = 18,
    CLUSTER_KIND_INVENTORY = 19,
    CLUSTER_KIND_ISR_CHANGES = 20,
    CLUSTER_KIND_ISR_REPLIES = 21,
    CLUSTER_KIND_REPORTS = 22,
    CLUSTER_KIND_SHUTDOWN = 23,
    CLUSTER_KIND_SHUTDOWN_REPLY = 24,
    CLUSTER_KIND_ADMIN = 25,
    CLUSTER_KIND_ADMIN_REPLY = 26,
    CLUSTER_KIND_REPLICA_OPENS = 32, /* from here on: many partitions a frame */
    CLUSTER_KIND_REPLICA_STATES = 33,
    CLUSTER_KIND_DIVERGES = 34,
    CLUSTER_KIND_RESETS = 35,
    CLUSTER_KIND_PUSHES = 36,
    CLUSTER_KIND_ACKS = 37,
    CLUSTER_KIND_REFUSES = 38,
};

/* A decoded frame. Arrays are in the arena, views in the frame. */
struct cluster_message {
    enum cluster_kind kind;
    union {
        struct view refused; /* text */
        struct cluster_ping ping, pong;
        struct cluster_subscribe subscribe;
        struct cluster_metadata metadata;
        struct cluster_digest digest;
        struct cluster_inventory inventory;
        struct {
            uint32_t count;
            struct cluster_isr_change *items;
        } isr_changes;
        struct {
            uint32_t count;
            struct cluster_isr_reply *items;
        } isr_replies;
        struct {
            uint32_t count;
            struct cluster_report *items;
        } reports;
        struct cluster_shutdown shutdown;
        struct cluster_shutdown_reply shutdown_reply;
        struct cluster_admin admin;
        struct cluster_admin_reply admin_reply;
        struct {
            uint32_t count;
            struct cluster_replica_open *items;
        } opens;
        struct {
            uint32_t count;
            struct cluster_replica_state *items;
        } states;
        struct {
            uint32_t count;
            struct cluster_diverge *items;
        } diverges;
        struct {
            uint32_t count;
            struct cluster_reset *items;
        } resets;
        struct {
            uint32_t count;
            struct cluster_push *items;
            uint32_t bytes_pos; /* in the frame: where the first push's batches start; the next
                                   push's follow at + size */
        } pushes;
        struct {
            uint32_t count;
            struct cluster_ack *items;
        } acks;
        struct {
            uint32_t count;
            struct cluster_refuse *items;
        } refuses;
    } u;
};

enum cluster_frame_error {
    CLUSTER_FRAME_SHORT = 1, /* a prefix of a frame: more bytes are needed */
    CLUSTER_FRAME_BAD_SIZE = 2,
    CLUSTER_FRAME_BAD_CRC = 3,
    CLUSTER_FRAME_BAD_KIND = 4,    /* unknown kind, or a version or flag that we do not speak */
    CLUSTER_FRAME_BAD_CONTENT = 5, /* the body is not what its kind says */
};
const char *cluster_frame_error_text(int error);

/* Size of the whole frame that starts at bytes: 0 and *ret_size, SHORT (fewer than 4 bytes) or
 * BAD_SIZE. */
MUST_CHECK int cluster_frame_size(struct view bytes, uint32_t *ret_size);
/* Decodes the whole frame (exactly one, header included) of any kind but the handshake's OPEN,
 * CHALLENGE, PROOF and READY. 0 or a cluster_frame_error; *ret is then not to be used. */
MUST_CHECK int cluster_frame_decode(struct view frame, struct arena *arena,
                                    struct cluster_message *ret);

/* Frames are written one after another into growing bytes. */
struct cluster_writer {
    uint8_t *data;
    size_t size, capacity;
    size_t frame_pos; /* of the frame being written */
};
void cluster_writer_deinit(struct cluster_writer *w);
/* Appends one whole frame. Counts and views fit a frame: the caller splits (PRE). For a push frame
 * this writes the header and the head of all pushes; the bytes of all pushes must be sent right
 * after it, in order: their sizes are in the frame's length. */
void cluster_frame_encode(struct cluster_writer *w, const struct cluster_message *message);

#endif
