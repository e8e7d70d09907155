/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit_key.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_OFFSET_COMMIT_KEY_H
#define CORDUROY_PROTO_GEN_OFFSET_COMMIT_KEY_H

#include "proto/wire.h"

/* OffsetCommitKey, versions 0-1. Key of a committed offset in __consumer_offsets, after the
 * int16 that is its version (0 or 1, the same body). */

struct offset_commit_key {
    struct view group;
    struct view topic;
    int32_t partition;
};
void offset_commit_key_init(struct offset_commit_key *ret);

MUST_CHECK
bool offset_commit_key_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                              struct offset_commit_key *ret);
void offset_commit_key_encode(struct wire_writer *w, int16_t version,
                              const struct offset_commit_key *from);

#endif
