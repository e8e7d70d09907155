/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/group/group_records.h"

enum {
    KEY_OFFSET_OLD = 0,
    KEY_OFFSET = 1,
    KEY_METADATA = 2,
    OFFSET_VALUE_EXPIRING = 1,
    OFFSET_VALUE = 3,
    OFFSET_VALUE_MAX = 4,
    METADATA_VALUE = 3,
    METADATA_VALUE_MAX = 4,
};
#define RECORD_SIZE_MAX (256u << 20)

static void writer_begin(struct wire_writer *w, int16_t version)
{
    wire_writer_init(w, NULL, 256, RECORD_SIZE_MAX);
    wire_write_i16(w, version);
}

static void add(struct record_builder *b, int64_t timestamp_ms, struct wire_writer *key,
                struct wire_writer *value)
{
    /* What is written came in a request, whose strings and bytes are no longer than these. */
    INVARIANT(!key->bad && (value == NULL || !value->bad));
    record_builder_add(b, timestamp_ms, wire_written(key),
                       value != NULL ? wire_written(value) : VIEW_NULL, NULL, 0);
    wire_writer_deinit(key);
    if (value != NULL)
        wire_writer_deinit(value);
}

static void write_offset_key(struct wire_writer *w, const struct offset_commit_key *key)
{
    writer_begin(w, KEY_OFFSET);
    offset_commit_key_encode(w, KEY_OFFSET, key);
}

void group_records_add_offset(struct record_builder *b, int64_t timestamp_ms,
                              const struct offset_commit_key *key,
                              const struct offset_commit_value *value)
{
    struct wire_writer k, v;
    int16_t version = value->expire_timestamp >= 0 ? OFFSET_VALUE_EXPIRING : OFFSET_VALUE;
    write_offset_key(&k, key);
    writer_begin(&v, version);
    offset_commit_value_encode(&v, version, value);
    add(b, timestamp_ms, &k, &v);
}

void group_records_add_offset_gone(struct record_builder *b, int64_t timestamp_ms,
                                   const struct offset_commit_key *key)
{
    struct wire_writer k;
    write_offset_key(&k, key);
    add(b, timestamp_ms, &k, NULL);
}

static void write_metadata_key(struct wire_writer *w, struct view group)
{
    struct group_metadata_key key = {.group = group};
    writer_begin(w, KEY_METADATA);
    group_metadata_key_encode(w, KEY_METADATA, &key);
}

void group_records_add_metadata(struct record_builder *b, int64_t timestamp_ms, struct view group,
                                const struct group_metadata_value *value)
{
    struct wire_writer k, v;
    write_metadata_key(&k, group);
    writer_begin(&v, METADATA_VALUE);
    group_metadata_value_encode(&v, METADATA_VALUE, value);
    add(b, timestamp_ms, &k, &v);
}

void group_records_add_metadata_gone(struct record_builder *b, int64_t timestamp_ms,
                                     struct view group)
{
    struct wire_writer k;
    write_metadata_key(&k, group);
    add(b, timestamp_ms, &k, NULL);
}

/* ---- parsing ---- */
static void parse_offset(struct wire_reader *k, struct wire_reader *v, int16_t version,
                         struct arena *arena, struct group_record *ret)
{
    struct offset_commit_key key;
    if (!offset_commit_key_decode(k, version, arena, &key))
        return;
    ret->group = key.group;
    ret->topic = key.topic;
    ret->partition = key.partition;
    if (!ret->gone) {
        int16_t value_version = wire_read_i16(v);
        if (!v->bad && (value_version < 0 || value_version > OFFSET_VALUE_MAX)) {
            ret->kind = GROUP_RECORD_UNKNOWN;
            ret->version = value_version;
            return;
        }
        if (!offset_commit_value_decode(v, value_version, arena, &ret->value.offset))
            return;
    }
    ret->kind = GROUP_RECORD_OFFSET;
}

static void parse_metadata(struct wire_reader *k, struct wire_reader *v, struct arena *arena,
                           struct group_record *ret)
{
    struct group_metadata_key key;
    if (!group_metadata_key_decode(k, KEY_METADATA, arena, &key))
        return;
    ret->group = key.group;
    if (!ret->gone) {
        int16_t version = wire_read_i16(v);
        if (!v->bad && (version < 0 || version > METADATA_VALUE_MAX)) {
            ret->kind = GROUP_RECORD_UNKNOWN;
            ret->version = version;
            return;
        }
        if (!group_metadata_value_decode(v, version, arena, &ret->value.metadata))
            return;
    }
    ret->kind = GROUP_RECORD_METADATA;
}

void group_record_parse(struct view key, struct view value, struct arena *arena,
                        struct group_record *ret)
{
    struct wire_reader k = wire_reader_of(key), v = wire_reader_of(value);
    *ret = (struct group_record){.kind = GROUP_RECORD_BAD, .gone = value.base == NULL};
    ret->version = wire_read_i16(&k);
    if (k.bad)
        return;
    switch (ret->version) {
    case KEY_OFFSET_OLD:
    case KEY_OFFSET:
        parse_offset(&k, &v, ret->version, arena, ret);
        return;
    case KEY_METADATA:
        parse_metadata(&k, &v, arena, ret);
        return;
    default:
        ret->kind = GROUP_RECORD_UNKNOWN;
    }
}
