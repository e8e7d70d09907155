/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "controller/znode_json.h"

static int compare_partitions(const void *a, const void *b)
{
    int32_t x = ((const struct znode_assignment *)a)->partition;
    int32_t y = ((const struct znode_assignment *)b)->partition;

    return (x > y) - (x < y);
}

/* {"0":[1,2,3],...}: partition numbers are the keys. */
static void take_partitions(struct znode_reader *r, struct znode_topic *t)
{
    json_t *partitions = znode_take(r, "partitions", ZNODE_REQUIRED);
    const char *key;
    json_t *list;

    if (partitions && !json_is_object(partitions))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    if (r->error == ZNODE_OK && json_object_size(partitions) > 0) {
        t->partitions = arena_array(r->arena, json_object_size(partitions), sizeof *t->partitions);
        json_object_foreach(partitions, key, list)
        {
            struct znode_assignment *a = &t->partitions[t->partition_count++];

            if (!znode_parse_id(view_of(key), &a->partition))
                znode_reader_fail(r, ZNODE_FIELD_INVALID);
            a->replicas = znode_brokers_of(r, list, &a->replica_count);
            if (r->error == ZNODE_OK && a->replica_count == 0)
                znode_reader_fail(r, ZNODE_FIELD_INVALID);
        }
        qsort(t->partitions, t->partition_count, sizeof *t->partitions, compare_partitions);
    }
    json_decref(partitions);
}

static struct znode_assignment *find_partition(struct znode_topic *t, const char *key)
{
    struct znode_assignment wanted = {0};

    if (!znode_parse_id(view_of(key), &wanted.partition) || t->partition_count == 0)
        return NULL;
    return bsearch(&wanted, t->partitions, t->partition_count, sizeof *t->partitions,
                   compare_partitions);
}

/* What a reassignment adds or removes; versions 1 and "none under way" have none. Of a partition
 * that is not there it means nothing. */
static void take_changes(struct znode_reader *r, struct znode_topic *t, const char *field,
                         bool adding)
{
    json_t *changes = znode_take(r, field, ZNODE_OPTIONAL);
    const char *key;
    json_t *list;

    if (changes && !json_is_object(changes))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    if (changes && r->error == ZNODE_OK) {
        json_object_foreach(changes, key, list)
        {
            struct znode_assignment *a = find_partition(t, key);

            if (!a)
                continue;
            if (adding)
                a->adding = znode_brokers_of(r, list, &a->adding_count);
            else
                a->removing = znode_brokers_of(r, list, &a->removing_count);
        }
    }
    json_decref(changes);
}

int znode_topic_parse(struct view data, struct arena *arena, struct znode_topic *ret)
{
    struct znode_topic t = {0};
    struct znode_reader r;
    int error;

    znode_reader_init(&r, data, arena);
    znode_take_int(&r, "version", 1, INT32_MAX, 1);
    t.id = znode_take_uuid(&r, "topic_id", ZNODE_OPTIONAL);
    take_partitions(&r, &t);
    take_changes(&r, &t, "adding_replicas", true);
    take_changes(&r, &t, "removing_replicas", false);
    error = znode_reader_deinit(&r, &t.unknown);
    if (error == ZNODE_OK)
        *ret = t;
    return error;
}

static void set_brokers(json_t *object, int32_t partition, const int32_t *brokers, uint32_t count)
{
    char key[12];

    snprintf(key, sizeof key, "%" PRId32, partition);
    json_object_set_new(object, key, znode_json_brokers(brokers, count));
}

struct view znode_topic_print(const struct znode_topic *t, struct arena *arena)
{
    json_t *root = json_object(), *partitions = json_object();
    json_t *adding = json_object(), *removing = json_object();

    for (uint32_t i = 0; i < t->partition_count; i++) {
        const struct znode_assignment *a = &t->partitions[i];

        set_brokers(partitions, a->partition, a->replicas, a->replica_count);
        if (a->adding_count)
            set_brokers(adding, a->partition, a->adding, a->adding_count);
        if (a->removing_count)
            set_brokers(removing, a->partition, a->removing, a->removing_count);
    }
    json_object_set_new(root, "partitions", partitions);
    if (!uuid_is_zero(t->id))
        json_object_set_new(root, "topic_id", znode_json_uuid(t->id));
    json_object_set_new(root, "adding_replicas", adding);
    json_object_set_new(root, "removing_replicas", removing);
    json_object_set_new(root, "version", json_integer(3));
    return znode_json_print(root, t->unknown, arena);
}

static bool take_bool(struct znode_reader *r, const char *key)
{
    json_t *value = znode_take(r, key, ZNODE_OPTIONAL);
    bool set = json_is_true(value);

    if (value && !json_is_boolean(value))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    json_decref(value);
    return set;
}

int znode_state_parse(struct view data, struct arena *arena, struct znode_state *ret)
{
    struct znode_state s = {0};
    struct znode_reader r;
    int error;
    json_t *isr;

    znode_reader_init(&r, data, arena);
    znode_take_int(&r, "version", 1, INT32_MAX, 1);
    s.leader = (int32_t)znode_take_required_int(&r, "leader", ZNODE_LEADER_NONE, INT32_MAX);
    s.leader_epoch = (int32_t)znode_take_required_int(&r, "leader_epoch", 0, INT32_MAX);
    s.controller_epoch = (int32_t)znode_take_required_int(&r, "controller_epoch", 0, INT32_MAX);
    isr = znode_take(&r, "isr", ZNODE_REQUIRED);
    if (isr)
        s.isr = znode_brokers_of(&r, isr, &s.isr_count);
    json_decref(isr);
    s.recovering = znode_take_int(&r, "leader_recovery_state", 0, 1, 0) == 1;
    s.min_isr = (int32_t)znode_take_int(&r, "min_isr", 1, INT32_MAX, 0);
    s.is_new = take_bool(&r, "new");
    s.leader_incarnation = znode_take_hex(&r, "leader_incarnation", ZNODE_OPTIONAL);
    error = znode_reader_deinit(&r, &s.unknown);
    if (error == ZNODE_OK)
        *ret = s;
    return error;
}

struct view znode_state_print(const struct znode_state *s, struct arena *arena)
{
    json_t *root = json_object();

    json_object_set_new(root, "controller_epoch", json_integer(s->controller_epoch));
    json_object_set_new(root, "leader", json_integer(s->leader));
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "leader_epoch", json_integer(s->leader_epoch));
    json_object_set_new(root, "isr", znode_json_brokers(s->isr, s->isr_count));
    if (s->recovering)
        json_object_set_new(root, "leader_recovery_state", json_integer(1));
    if (s->min_isr)
        json_object_set_new(root, "min_isr", json_integer(s->min_isr));
    if (s->is_new)
        json_object_set_new(root, "new", json_true());
    if (s->leader_incarnation)
        json_object_set_new(root, "leader_incarnation", znode_json_hex(s->leader_incarnation));
    return znode_json_print(root, s->unknown, arena);
}
