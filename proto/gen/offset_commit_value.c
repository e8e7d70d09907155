/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit_value.json: do not edit. */
#include "proto/gen/offset_commit_value.h"

void offset_commit_value_init(struct offset_commit_value *ret)
{
    *ret = (struct offset_commit_value){0};
    ret->leader_epoch = -1;
    ret->expire_timestamp = -1;
}

bool offset_commit_value_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct offset_commit_value *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    offset_commit_value_init(ret);
    ret->offset = wire_read_i64(r);
    if (version >= 3) {
        ret->leader_epoch = wire_read_i32(r);
    }
    ret->metadata = wire_read_string(r, flexible);
    ret->commit_timestamp = wire_read_i64(r);
    if (version >= 1 && version <= 1) {
        ret->expire_timestamp = wire_read_i64(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void offset_commit_value_encode(struct wire_writer *w, int16_t version,
                                const struct offset_commit_value *from)
{
    const bool flexible = version >= 4;
    wire_write_i64(w, from->offset);
    if (version >= 3) {
        wire_write_i32(w, from->leader_epoch);
    }
    wire_write_string(w, flexible, from->metadata);
    wire_write_i64(w, from->commit_timestamp);
    if (version >= 1 && version <= 1) {
        wire_write_i64(w, from->expire_timestamp);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
