/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_GROUP_GROUP_RECORDS_H
#define CORDUROY_BROKER_GROUP_GROUP_RECORDS_H

#include "proto/gen/group_metadata_key.h"
#include "proto/gen/group_metadata_value.h"
#include "proto/gen/offset_commit_key.h"
#include "proto/gen/offset_commit_value.h"
#include "proto/record_builder.h"

/* The records of __consumer_offsets as Kafka 3.9 writes them: key and value each begin with an
 * int16, their version. A null value is a tombstone. Keys 0 and 1 are offsets (1 is written), 2 is
 * a group's metadata; 3 and above belong to other coordinators (KIP-848, KIP-932). */

/* Value version 3, or 1 when it has an expire_timestamp. */
void group_records_add_offset(struct record_builder *b, int64_t timestamp_ms,
                              const struct offset_commit_key *key,
                              const struct offset_commit_value *value);
void group_records_add_offset_gone(struct record_builder *b, int64_t timestamp_ms,
                                   const struct offset_commit_key *key);
/* Value version 3. */
void group_records_add_metadata(struct record_builder *b, int64_t timestamp_ms, struct view group,
                                const struct group_metadata_value *value);
void group_records_add_metadata_gone(struct record_builder *b, int64_t timestamp_ms,
                                     struct view group);

enum group_record_kind {
    GROUP_RECORD_OFFSET,
    GROUP_RECORD_METADATA,
    GROUP_RECORD_UNKNOWN, /* a version of the key or value from elsewhere: skipped, counted */
    GROUP_RECORD_BAD,     /* does not parse: skipped, counted */
};
struct group_record {
    enum group_record_kind kind;
    bool gone;         /* a tombstone: there is no value */
    int16_t version;   /* of the key, UNKNOWN: of what is not known */
    struct view group; /* OFFSET, METADATA */
    struct view topic; /* OFFSET */
    int32_t partition; /* OFFSET */
    union {
        struct offset_commit_value offset;
        struct group_metadata_value metadata; /* its list lies in the arena */
    } value;
};
/* Views point into key and value. */
void group_record_parse(struct view key, struct view value, struct arena *arena,
                        struct group_record *ret);

#endif
