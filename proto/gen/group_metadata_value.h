/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/group_metadata_value.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_GROUP_METADATA_VALUE_H
#define CORDUROY_PROTO_GEN_GROUP_METADATA_VALUE_H

#include "proto/wire.h"

/* GroupMetadataValue, versions 0-4, flexible from 4. A group in __consumer_offsets, after the
 * int16 that is its version. Kafka 3.9 writes 3. */

struct group_metadata_value_member {
    struct view member_id;
    /* 3+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    struct view client_id;
    struct view client_host;
    /* 1+. */
    int32_t rebalance_timeout;
    int32_t session_timeout;
    struct view subscription;
    struct view assignment;
};
void group_metadata_value_member_init(struct group_metadata_value_member *ret);

struct group_metadata_value {
    /* "consumer", "connect" or the application's own. */
    struct view protocol_type;
    int32_t generation;
    /* May be null. Null while the group is empty. */
    struct view protocol;
    /* May be null. Null while the group is empty. */
    struct view leader;
    /* 2+. */
    int64_t current_state_timestamp;
    uint32_t members_count;
    struct group_metadata_value_member *members;
};
void group_metadata_value_init(struct group_metadata_value *ret);

MUST_CHECK
bool group_metadata_value_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct group_metadata_value *ret);
void group_metadata_value_encode(struct wire_writer *w, int16_t version,
                                 const struct group_metadata_value *from);

#endif
