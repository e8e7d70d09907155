/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/znode.h"

#include <inttypes.h>

#include "controller/znode_json.h"

const char *znode_error_text(enum znode_error error)
{
    switch (error) {
    case ZNODE_OK:
        return "is well";
    case ZNODE_TOO_LARGE:
        return "is too large";
    case ZNODE_NOT_JSON:
        return "is not JSON of the expected form";
    case ZNODE_FIELD_MISSING:
        return "lacks a field";
    case ZNODE_FIELD_INVALID:
        return "has an invalid field";
    }
    return "is wrong";
}

struct view znode_path_broker_id(struct arena *arena, int32_t broker)
{
    return view_of(arena_printf(arena, ZNODE_BROKER_IDS "/%" PRId32, broker));
}

struct view znode_path_broker_node(struct arena *arena, int32_t broker)
{
    return view_of(arena_printf(arena, ZNODE_BROKER_NODES "/%" PRId32, broker));
}

struct view znode_path_topic(struct arena *arena, struct view topic)
{
    return view_of(
        arena_printf(arena, ZNODE_TOPICS "/%.*s", (int)topic.size, (const char *)topic.base));
}

struct view znode_path_partitions(struct arena *arena, struct view topic)
{
    return view_of(arena_printf(arena, ZNODE_TOPICS "/%.*s/partitions", (int)topic.size,
                                (const char *)topic.base));
}

struct view znode_path_partition(struct arena *arena, struct view topic, int32_t partition)
{
    return view_of(arena_printf(arena, ZNODE_TOPICS "/%.*s/partitions/%" PRId32, (int)topic.size,
                                (const char *)topic.base, partition));
}

struct view znode_path_state(struct arena *arena, struct view topic, int32_t partition)
{
    return view_of(arena_printf(arena, ZNODE_TOPICS "/%.*s/partitions/%" PRId32 "/state",
                                (int)topic.size, (const char *)topic.base, partition));
}

struct view znode_path_topic_config(struct arena *arena, struct view topic)
{
    return view_of(arena_printf(arena, ZNODE_TOPIC_CONFIGS "/%.*s", (int)topic.size,
                                (const char *)topic.base));
}

struct view znode_path_delete_topic(struct arena *arena, struct view topic)
{
    return view_of(arena_printf(arena, ZNODE_DELETE_TOPICS "/%.*s", (int)topic.size,
                                (const char *)topic.base));
}

struct view znode_path_name(struct view path)
{
    uint32_t at = path.size;

    while (at > 0 && path.base[at - 1] != '/')
        at--;
    return (struct view){path.base + at, path.size - at};
}

bool znode_parse_number(struct view text, int64_t *ret)
{
    bool negative = text.size > 0 && text.base[0] == '-';
    uint32_t at = negative;
    int64_t value = 0;

    if (at == text.size)
        return false;
    for (; at < text.size; at++)
        if (text.base[at] < '0' || text.base[at] > '9' ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text.base[at] - '0', &value))
            return false;
    /* Gathered below zero, where there is room for one more. */
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret = value;
    return true;
}

bool znode_parse_id(struct view name, int32_t *ret)
{
    int64_t value;

    if (!znode_parse_number(name, &value) || name.base[0] == '-' || value > INT32_MAX ||
        (name.base[0] == '0' && name.size > 1))
        return false;
    *ret = (int32_t)value;
    return true;
}

int znode_controller_parse(struct view data, struct arena *arena, struct znode_controller *ret)
{
    struct znode_controller c = {0};
    struct znode_reader r;
    int error;

    znode_reader_init(&r, data, arena);
    c.broker = (int32_t)znode_take_required_int(&r, "brokerid", -1, INT32_MAX);
    c.timestamp_ms = znode_take_int_text(&r, "timestamp", ZNODE_OPTIONAL);
    c.kraft_epoch = (int32_t)znode_take_int(&r, "kraftControllerEpoch", -1, INT32_MAX, -1);
    c.incarnation = znode_take_hex(&r, "incarnation", ZNODE_OPTIONAL);
    error = znode_reader_deinit(&r, NULL);
    if (error == ZNODE_OK)
        *ret = c;
    return error;
}

struct view znode_controller_print(const struct znode_controller *c, struct arena *arena)
{
    json_t *root = json_object();

    json_object_set_new(root, "version", json_integer(2));
    json_object_set_new(root, "brokerid", json_integer(c->broker));
    json_object_set_new(root, "timestamp", znode_json_int_text(c->timestamp_ms));
    json_object_set_new(root, "kraftControllerEpoch", json_integer(c->kraft_epoch));
    if (c->incarnation)
        json_object_set_new(root, "incarnation", znode_json_hex(c->incarnation));
    return znode_json_print(root, VIEW_NULL, arena);
}

int znode_controller_epoch_parse(struct view data, int32_t *ret)
{
    int64_t value;

    if (!znode_parse_number(data, &value))
        return ZNODE_NOT_JSON;
    if (value < 0 || value > INT32_MAX)
        return ZNODE_FIELD_INVALID;
    *ret = (int32_t)value;
    return ZNODE_OK;
}

struct view znode_controller_epoch_print(int32_t epoch, struct arena *arena)
{
    return view_of(arena_printf(arena, "%" PRId32, epoch));
}

int znode_cluster_id_parse(struct view data, struct arena *arena, struct view *ret_id)
{
    struct znode_reader r;
    struct view id;
    int error;

    znode_reader_init(&r, data, arena);
    id = znode_take_text(&r, "id", ZNODE_REQUIRED);
    if (r.error == ZNODE_OK && id.size == 0)
        znode_reader_fail(&r, ZNODE_FIELD_INVALID);
    error = znode_reader_deinit(&r, NULL);
    if (error == ZNODE_OK)
        *ret_id = id;
    return error;
}

struct view znode_cluster_id_print(struct view id, struct arena *arena)
{
    json_t *root = json_object();

    json_object_set_new(root, "version", json_string("1"));
    json_object_set_new(root, "id", znode_json_text(id));
    return znode_json_print(root, VIEW_NULL, arena);
}

int znode_producer_id_block_parse(struct view data, struct arena *arena,
                                  struct znode_producer_id_block *ret)
{
    struct znode_producer_id_block b = {0};
    struct znode_reader r;
    int error;

    znode_reader_init(&r, data, arena);
    b.broker = (int32_t)znode_take_required_int(&r, "broker", INT32_MIN, INT32_MAX);
    b.start = znode_take_int_text(&r, "block_start", ZNODE_REQUIRED);
    b.end = znode_take_int_text(&r, "block_end", ZNODE_REQUIRED);
    if (r.error == ZNODE_OK && (b.start < 0 || b.end < b.start))
        znode_reader_fail(&r, ZNODE_FIELD_INVALID);
    error = znode_reader_deinit(&r, NULL);
    if (error == ZNODE_OK)
        *ret = b;
    return error;
}

struct view znode_producer_id_block_print(const struct znode_producer_id_block *b,
                                          struct arena *arena)
{
    json_t *root = json_object();

    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "broker", json_integer(b->broker));
    json_object_set_new(root, "block_start", znode_json_int_text(b->start));
    json_object_set_new(root, "block_end", znode_json_int_text(b->end));
    return znode_json_print(root, VIEW_NULL, arena);
}
