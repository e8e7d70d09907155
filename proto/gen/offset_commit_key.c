/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit_key.json: do not edit. */
#include "proto/gen/offset_commit_key.h"

void offset_commit_key_init(struct offset_commit_key *ret)
{
    *ret = (struct offset_commit_key){0};
}

bool offset_commit_key_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                              struct offset_commit_key *ret)
{
    (void)version;
    (void)arena;
    offset_commit_key_init(ret);
    ret->group = wire_read_string(r, false);
    ret->topic = wire_read_string(r, false);
    ret->partition = wire_read_i32(r);
    return !r->bad;
}

void offset_commit_key_encode(struct wire_writer *w, int16_t version,
                              const struct offset_commit_key *from)
{
    (void)version;
    wire_write_string(w, false, from->group);
    wire_write_string(w, false, from->topic);
    wire_write_i32(w, from->partition);
}
