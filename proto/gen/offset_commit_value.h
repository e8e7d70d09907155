/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit_value.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_OFFSET_COMMIT_VALUE_H
#define CORDUROY_PROTO_GEN_OFFSET_COMMIT_VALUE_H

#include "proto/wire.h"

/* OffsetCommitValue, versions 0-4, flexible from 4. Value of a committed offset in
 * __consumer_offsets, after the int16 that is its version. Kafka 3.9 writes 3, or 1 when a
 * retention was asked for. */

struct offset_commit_value {
    int64_t offset;
    /* 3+. -1: not known. */
    int32_t leader_epoch;
    /* The committer's own words. */
    struct view metadata;
    int64_t commit_timestamp;
    /* 1-1. -1: as the broker is configured. */
    int64_t expire_timestamp;
};
void offset_commit_value_init(struct offset_commit_value *ret);

MUST_CHECK
bool offset_commit_value_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct offset_commit_value *ret);
void offset_commit_value_encode(struct wire_writer *w, int16_t version,
                                const struct offset_commit_value *from);

#endif
