/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/group_metadata_key.json: do not edit. */
#include "proto/gen/group_metadata_key.h"

void group_metadata_key_init(struct group_metadata_key *ret)
{
    *ret = (struct group_metadata_key){0};
}

bool group_metadata_key_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct group_metadata_key *ret)
{
    (void)version;
    (void)arena;
    group_metadata_key_init(ret);
    ret->group = wire_read_string(r, false);
    return !r->bad;
}

void group_metadata_key_encode(struct wire_writer *w, int16_t version,
                               const struct group_metadata_key *from)
{
    (void)version;
    wire_write_string(w, false, from->group);
}
