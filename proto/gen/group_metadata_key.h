/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/group_metadata_key.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_GROUP_METADATA_KEY_H
#define CORDUROY_PROTO_GEN_GROUP_METADATA_KEY_H

#include "proto/wire.h"

/* GroupMetadataKey, versions 2-2. Key of a group in __consumer_offsets, after the int16 that is
 * its version. */

struct group_metadata_key {
    struct view group;
};
void group_metadata_key_init(struct group_metadata_key *ret);

MUST_CHECK
bool group_metadata_key_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct group_metadata_key *ret);
void group_metadata_key_encode(struct wire_writer *w, int16_t version,
                               const struct group_metadata_key *from);

#endif
