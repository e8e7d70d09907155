/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/znode_json.h"

static void take_entries(struct znode_reader *r, struct znode_config *c)
{
    json_t *config = znode_take(r, "config", ZNODE_REQUIRED);
    const char *key;
    json_t *value;

    if (config && !json_is_object(config))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    if (r->error == ZNODE_OK && json_object_size(config) > 0) {
        c->entries = arena_array(r->arena, json_object_size(config), sizeof *c->entries);
        json_object_foreach(config, key, value)
        {
            struct znode_config_entry *entry = &c->entries[c->count++];

            entry->key = view_of(arena_string(r->arena, view_of(key)));
            entry->value = json_is_string(value) ? znode_text_of(r, value) : VIEW_NULL;
        }
    }
    json_decref(config);
}

int znode_config_parse(struct view data, struct arena *arena, struct znode_config *ret)
{
    struct znode_config c = {0};
    struct znode_reader r;
    int error;

    /* Kafka reads a node without data as one without overrides. */
    if (data.size == 0) {
        *ret = c;
        return ZNODE_OK;
    }
    znode_reader_init(&r, data, arena);
    znode_take_int(&r, "version", 1, INT32_MAX, 1);
    take_entries(&r, &c);
    error = znode_reader_deinit(&r, &c.unknown);
    if (error == ZNODE_OK)
        *ret = c;
    return error;
}

struct view znode_config_print(const struct znode_config *c, struct arena *arena)
{
    json_t *root = json_object(), *config = json_object();

    for (uint32_t i = 0; i < c->count; i++)
        json_object_setn_new(config, (const char *)c->entries[i].key.base, c->entries[i].key.size,
                             znode_json_text(c->entries[i].value));
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "config", config);
    return znode_json_print(root, c->unknown, arena);
}

/* Version 1 named a type and an entity; only topics and clients had notifications then. */
static struct view entity_of_v1(struct znode_reader *r)
{
    struct view type = znode_take_text(r, "entity_type", ZNODE_REQUIRED);
    struct view name = znode_take_text(r, "entity_name", ZNODE_REQUIRED);

    if (r->error != ZNODE_OK)
        return VIEW_NULL;
    if (!view_equal(type, VIEW_LITERAL("topics")) && !view_equal(type, VIEW_LITERAL("clients"))) {
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
        return VIEW_NULL;
    }
    return view_of(arena_printf(r->arena, "%s/%.*s", (const char *)type.base, (int)name.size,
                                (const char *)name.base));
}

int znode_config_change_parse(struct view data, struct arena *arena, struct view *ret_entity)
{
    struct znode_reader r;
    struct view entity;
    int error;

    znode_reader_init(&r, data, arena);
    if (znode_take_required_int(&r, "version", 1, INT32_MAX) == 1)
        entity = entity_of_v1(&r);
    else
        entity = znode_take_text(&r, "entity_path", ZNODE_REQUIRED);
    error = znode_reader_deinit(&r, NULL);
    if (error == ZNODE_OK)
        *ret_entity = entity;
    return error;
}

struct view znode_config_change_print(struct view entity, struct arena *arena)
{
    json_t *root = json_object();

    json_object_set_new(root, "version", json_integer(2));
    json_object_set_new(root, "entity_path", znode_json_text(entity));
    return znode_json_print(root, VIEW_NULL, arena);
}

static void take_election(struct znode_reader *r, json_t *item, struct znode_election_entry *ret)
{
    json_t *partition = json_object_get(item, "partition");
    ret->topic = znode_text_of(r, json_object_get(item, "topic"));
    if (!json_is_integer(partition) || json_integer_value(partition) < 0 ||
        json_integer_value(partition) > INT32_MAX)
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    else
        ret->partition = (int32_t)json_integer_value(partition);
}

int znode_election_parse(struct view data, struct arena *arena, struct znode_election *ret)
{
    struct znode_election e = {0};
    struct znode_reader r;
    json_t *list, *item;
    size_t i;

    znode_reader_init(&r, data, arena);
    znode_take_int(&r, "version", 1, INT32_MAX, 1);
    list = znode_take(&r, "partitions", ZNODE_REQUIRED);
    if (list && !json_is_array(list))
        znode_reader_fail(&r, ZNODE_FIELD_INVALID);
    if (r.error == ZNODE_OK && json_array_size(list) > 0)
        e.entries = arena_array(arena, json_array_size(list), sizeof *e.entries);
    if (r.error == ZNODE_OK)
        json_array_foreach(list, i, item) take_election(&r, item, &e.entries[e.count++]);
    json_decref(list);
    int error = znode_reader_deinit(&r, NULL);
    if (error == ZNODE_OK)
        *ret = e;
    return error;
}
