/* SPDX-License-Identifier: Apache-2.0 */
/* CreateTopics, DeleteTopics and CreatePartitions at the controller: one step-function request per
 * topic named, and one answer when all have theirs. The body stands in a copy, because the
 * connection's buffer does not wait. */
#include <stdlib.h>

#include "broker/control/control_lead.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/error_code.h"
#include "proto/gen/api_table.h"
#include "proto/gen/create_partitions.h"
#include "proto/gen/create_topics.h"
#include "proto/gen/delete_topics.h"

#define ANSWER_SIZE_MAX (16u << 20)
#define TOPICS_MAX 10000u
#define SOURCE_TOPIC 1 /* DescribeConfigs' sources */
#define SOURCE_DEFAULT 5

struct admin_work {
    struct admin_work *next;
    struct peer *from; /* NULL: its connection is gone; the work ends unheard */
    uint64_t request;  /* the asker's number */
    uint64_t first;    /* our numbers: first .. first + count, one a topic */
    int16_t api_key, version;
    int32_t timeout_ms;
    uint32_t count, left;
    uint64_t metadata_number;
    bool starting;
    struct arena arena;
    struct create_topics_request create_in;
    struct create_topics_response create_out;
    struct delete_topics_request delete_in;
    struct delete_topics_response delete_out;
    struct create_partitions_request grow_in;
    struct create_partitions_response grow_out;
};

/* ---- results ---- */
static enum error_code error_of(enum controller_result result)
{
    switch (result) {
    case CONTROLLER_OK:
        return ERROR_NONE;
    case CONTROLLER_NOT_ACTIVE:
        return ERROR_NOT_CONTROLLER;
    case CONTROLLER_TIMED_OUT:
        return ERROR_REQUEST_TIMED_OUT;
    case CONTROLLER_TOPIC_EXISTS:
    case CONTROLLER_TOPIC_DELETING:
        return ERROR_TOPIC_ALREADY_EXISTS;
    case CONTROLLER_UNKNOWN_TOPIC:
    case CONTROLLER_UNKNOWN_PARTITION:
        return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    case CONTROLLER_UNKNOWN_TOPIC_ID:
        return ERROR_UNKNOWN_TOPIC_ID;
    case CONTROLLER_INVALID_NAME:
        return ERROR_INVALID_TOPIC_EXCEPTION;
    case CONTROLLER_INVALID_PARTITIONS:
        return ERROR_INVALID_PARTITIONS;
    case CONTROLLER_INVALID_REPLICATION:
        return ERROR_INVALID_REPLICATION_FACTOR;
    case CONTROLLER_INVALID_ASSIGNMENT:
        return ERROR_INVALID_REPLICA_ASSIGNMENT;
    case CONTROLLER_INVALID_CONFIG:
        return ERROR_INVALID_CONFIG;
    case CONTROLLER_INVALID_REQUEST:
        return ERROR_INVALID_REQUEST;
    case CONTROLLER_DELETION_DISABLED:
        return ERROR_TOPIC_DELETION_DISABLED;
    case CONTROLLER_ELECTION_NOT_NEEDED:
        return ERROR_ELECTION_NOT_NEEDED;
    case CONTROLLER_PREFERRED_UNAVAILABLE:
        return ERROR_PREFERRED_LEADER_NOT_AVAILABLE;
    case CONTROLLER_FAILED:
    case CONTROLLER_RESULT_COUNT:
        return ERROR_UNKNOWN_SERVER_ERROR;
    }
    IMPOSSIBLE("a controller result without an error code");
}

/* All settings of the new topic (KIP-525): those of the request over the broker's. */
static void put_settings(struct control_lead *l, struct admin_work *w,
                         const struct create_topics_request_topic *from,
                         struct create_topics_response_topic *to)
{
    struct topic_setting *all;
    struct topic_setting *given = arena_array(&w->arena, from->configs_count, sizeof *given);
    for (uint32_t i = 0; i < from->configs_count; i++)
        given[i] = (struct topic_setting){from->configs[i].name, from->configs[i].value, true};
    to->configs_count =
        config_topic_list(l->control->config, given, from->configs_count, &w->arena, &all);
    to->configs = arena_array(&w->arena, to->configs_count, sizeof *to->configs);
    for (uint32_t i = 0; i < to->configs_count; i++) {
        create_topics_response_config_init(&to->configs[i]);
        to->configs[i].name = all[i].key;
        to->configs[i].value = all[i].value;
        to->configs[i].config_source = all[i].overridden ? SOURCE_TOPIC : SOURCE_DEFAULT;
    }
}

/* What the answer for topic number i says. */
static void put_result(struct control_lead *l, struct admin_work *w, uint32_t i, enum error_code e,
                       struct view message, const struct controller_answer *a)
{
    struct view text = e == ERROR_NONE ? VIEW_NULL : arena_copy(&w->arena, message);
    if (w->api_key == API_CREATE_TOPICS) {
        struct create_topics_response_topic *to = &w->create_out.topics[i];
        to->error_code = (int16_t)e;
        to->error_message = text;
        if (a != NULL && e == ERROR_NONE) {
            to->topic_id = a->id;
            to->num_partitions = a->partition_count;
            to->replication_factor = (int16_t)a->replication_factor;
            put_settings(l, w, &w->create_in.topics[i], to);
        }
    } else if (w->api_key == API_DELETE_TOPICS) {
        struct delete_topics_response_topic *to = &w->delete_out.responses[i];
        if (e == ERROR_TOPIC_ALREADY_EXISTS)
            e = ERROR_UNKNOWN_TOPIC_OR_PARTITION; /* it is being deleted: gone for this client */
        to->error_code = (int16_t)e;
        to->error_message = text;
        if (a != NULL && a->name.base != NULL && to->name.base == NULL)
            to->name = arena_copy(&w->arena, a->name);
        if (a != NULL && !uuid_is_zero(a->id)) {
            to->topic_id =
                a->id; /* of an unknown topic the asked one stands: the key of the answer */
        }
    } else {
        struct create_partitions_response_topic *to = &w->grow_out.results[i];
        to->error_code =
            (int16_t)(e == ERROR_TOPIC_ALREADY_EXISTS ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : e);
        to->error_message = text;
    }
}

static void unlink_work(struct control_lead *l, struct admin_work *w)
{
    struct admin_work **at = &l->works;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    arena_reset(&w->arena);
    free(w);
}

static void finish(struct control_lead *l, struct admin_work *w)
{
    struct wire_writer out;
    struct cluster_message m = {.kind = CLUSTER_KIND_ADMIN_REPLY};
    wire_writer_init(&out, NULL, 512, ANSWER_SIZE_MAX);
    if (w->api_key == API_CREATE_TOPICS)
        create_topics_response_encode(&out, w->version, &w->create_out);
    else if (w->api_key == API_DELETE_TOPICS)
        delete_topics_response_encode(&out, w->version, &w->delete_out);
    else
        create_partitions_response_encode(&out, w->version, &w->grow_out);
    m.u.admin_reply =
        (struct cluster_admin_reply){.request = w->request, .metadata_number = w->metadata_number};
    m.u.admin_reply.error = out.bad ? ERROR_UNKNOWN_SERVER_ERROR : ERROR_NONE;
    m.u.admin_reply.body = out.bad ? VIEW_NULL : wire_written(&out);
    if (w->from != NULL)
        peer_send(w->from, &m);
    wire_writer_deinit(&out);
    unlink_work(l, w);
}

static void one_done(struct control_lead *l, struct admin_work *w)
{
    if (--w->left == 0 && !w->starting)
        finish(l, w);
}

void admin_answered(struct control_lead *l, const struct controller_answer *a)
{
    for (struct admin_work *w = l->works; w != NULL; w = w->next) {
        if (a->request >= w->first && a->request < w->first + w->count) {
            put_result(l, w, (uint32_t)(a->request - w->first), error_of(a->result), a->message, a);
            w->metadata_number =
                a->metadata_number > w->metadata_number ? a->metadata_number : w->metadata_number;
            one_done(l, w);
            return;
        }
    }
}

void admin_forget_peer(struct control_lead *l, const struct peer *peer)
{
    for (struct admin_work *w = l->works; w != NULL; w = w->next)
        w->from = w->from == peer ? NULL : w->from;
}

void admin_free_all(struct control_lead *l)
{
    while (l->works != NULL)
        unlink_work(l, l->works);
}

/* ---- one topic of a request to the step function ---- */
static void step(struct control_lead *l, struct admin_work *w, uint32_t i,
                 struct controller_event *e)
{
    e->request = w->first + i;
    e->connection = w->from != NULL ? peer_name(w->from) : 0;
    e->timeout_ms = w->timeout_ms;
    control_lead_step(l, e);
}

static void refuse(struct control_lead *l, struct admin_work *w, uint32_t i, enum error_code e,
                   const char *why)
{
    put_result(l, w, i, e, view_of(why), NULL);
    one_done(l, w);
}

static char *check_configs(const struct create_topics_request_topic *t)
{
    for (uint32_t i = 0; i < t->configs_count; i++) {
        if (t->configs[i].value.base == NULL) {
            return xasprintf("Null value not supported for topic configs: %.*s",
                             (int)t->configs[i].name.size, (const char *)t->configs[i].name.base);
        }
        char *wrong = config_topic_check(t->configs[i].name, t->configs[i].value);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static bool named_twice(const struct admin_work *w, uint32_t i)
{
    for (uint32_t k = 0; k < w->create_in.topics_count; k++)
        if (k != i && view_equal(w->create_in.topics[k].name, w->create_in.topics[i].name))
            return true;
    return false;
}

static void create_one(struct control_lead *l, struct admin_work *w, uint32_t i)
{
    const struct create_topics_request_topic *t = &w->create_in.topics[i];
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_TOPIC};
    struct controller_replicas *by_hand =
        arena_array(&w->arena, t->assignments_count, sizeof *by_hand);
    struct controller_setting *settings =
        arena_array(&w->arena, t->configs_count, sizeof *settings);
    if (named_twice(w, i)) {
        refuse(l, w, i, ERROR_INVALID_REQUEST, "Duplicate topic name in the request");
        return;
    }
    if (t->assignments_count > 0 && (t->num_partitions != -1 || t->replication_factor != -1)) {
        refuse(l, w, i, ERROR_INVALID_REQUEST,
               "Both numPartitions or replicationFactor and replicasAssignments were set; use one "
               "of them");
        return;
    }
    char *wrong = check_configs(t);
    if (wrong != NULL) {
        refuse(l, w, i, ERROR_INVALID_CONFIG, wrong);
        free(wrong);
        return;
    }
    for (uint32_t k = 0; k < t->assignments_count; k++) {
        by_hand[k] = (struct controller_replicas){t->assignments[k].partition_index,
                                                  t->assignments[k].broker_ids_count,
                                                  t->assignments[k].broker_ids};
    }
    for (uint32_t k = 0; k < t->configs_count; k++)
        settings[k] = (struct controller_setting){t->configs[k].name, t->configs[k].value};
    e.u.create_topic =
        (struct controller_create_topic){.name = t->name,
                                         .partition_count = t->num_partitions,
                                         .replication_factor = t->replication_factor,
                                         .assignment_count = t->assignments_count,
                                         .assignment = by_hand,
                                         .config_count = t->configs_count,
                                         .configs = settings,
                                         .validate_only = w->create_in.validate_only};
    step(l, w, i, &e);
}

static void delete_one(struct control_lead *l, struct admin_work *w, uint32_t i)
{
    struct controller_event e = {.kind = CONTROLLER_EV_DELETE_TOPIC};
    if (w->version >= 6) {
        const struct delete_topics_request_topic *t = &w->delete_in.topics[i];
        if ((t->name.base != NULL) == !uuid_is_zero(t->topic_id)) {
            refuse(l, w, i, ERROR_INVALID_REQUEST,
                   "Exactly one of name and topic id is to be given");
            return;
        }
        e.u.delete_topic = (struct controller_delete_topic){t->name, t->topic_id};
    } else {
        e.u.delete_topic = (struct controller_delete_topic){.name = w->delete_in.topic_names[i]};
    }
    step(l, w, i, &e);
}

static bool grown_twice(const struct admin_work *w, uint32_t i)
{
    for (uint32_t k = 0; k < w->grow_in.topics_count; k++)
        if (k != i && view_equal(w->grow_in.topics[k].name, w->grow_in.topics[i].name))
            return true;
    return false;
}

static void grow_one(struct control_lead *l, struct admin_work *w, uint32_t i)
{
    const struct create_partitions_request_topic *t = &w->grow_in.topics[i];
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_PARTITIONS};
    if (grown_twice(w, i)) {
        refuse(l, w, i, ERROR_INVALID_REQUEST, "Duplicate topic name in the request");
        return;
    }
    struct controller_replicas *by_hand =
        arena_array(&w->arena, t->assignments_count, sizeof *by_hand);
    for (uint32_t k = 0; k < t->assignments_count; k++) {
        by_hand[k] = (struct controller_replicas){0, t->assignments[k].broker_ids_count,
                                                  t->assignments[k].broker_ids};
    }
    e.u.create_partitions =
        (struct controller_create_partitions){.name = t->name,
                                              .total = t->count,
                                              .placed = !t->assignments_null,
                                              .assignment_count = t->assignments_count,
                                              .assignment = by_hand,
                                              .validate_only = w->grow_in.validate_only};
    step(l, w, i, &e);
}

/* ---- the start ---- */
static bool lay_out_create(struct admin_work *w, struct wire_reader *r)
{
    if (!create_topics_request_decode(r, w->version, &w->arena, &w->create_in))
        return false;
    w->count = w->create_in.topics_count;
    create_topics_response_init(&w->create_out);
    w->create_out.topics_count = w->count;
    w->create_out.topics = arena_array(&w->arena, w->count, sizeof *w->create_out.topics);
    for (uint32_t i = 0; i < w->count; i++) {
        create_topics_response_topic_init(&w->create_out.topics[i]);
        w->create_out.topics[i].name = w->create_in.topics[i].name;
    }
    return true;
}

static bool lay_out_delete(struct admin_work *w, struct wire_reader *r)
{
    if (!delete_topics_request_decode(r, w->version, &w->arena, &w->delete_in))
        return false;
    w->count = w->version >= 6 ? w->delete_in.topics_count : w->delete_in.topic_names_count;
    delete_topics_response_init(&w->delete_out);
    w->delete_out.responses_count = w->count;
    w->delete_out.responses = arena_array(&w->arena, w->count, sizeof *w->delete_out.responses);
    for (uint32_t i = 0; i < w->count; i++) {
        delete_topics_response_topic_init(&w->delete_out.responses[i]);
        w->delete_out.responses[i].name =
            w->version >= 6 ? w->delete_in.topics[i].name : w->delete_in.topic_names[i];
        if (w->version >= 6)
            w->delete_out.responses[i].topic_id = w->delete_in.topics[i].topic_id;
    }
    return true;
}

static bool lay_out_grow(struct admin_work *w, struct wire_reader *r)
{
    if (!create_partitions_request_decode(r, w->version, &w->arena, &w->grow_in))
        return false;
    w->count = w->grow_in.topics_count;
    create_partitions_response_init(&w->grow_out);
    w->grow_out.results_count = w->count;
    w->grow_out.results = arena_array(&w->arena, w->count, sizeof *w->grow_out.results);
    for (uint32_t i = 0; i < w->count; i++) {
        create_partitions_response_topic_init(&w->grow_out.results[i]);
        w->grow_out.results[i].name = w->grow_in.topics[i].name;
    }
    return true;
}

static bool lay_out(struct admin_work *w, struct view body)
{
    struct wire_reader r = wire_reader_of(arena_copy(&w->arena, body));
    const struct api *api = api_find(w->api_key);
    if (api == NULL || w->version < api->version_min || w->version > api->version_max)
        return false;
    switch (w->api_key) {
    case API_CREATE_TOPICS:
        return lay_out_create(w, &r);
    case API_DELETE_TOPICS:
        return lay_out_delete(w, &r);
    case API_CREATE_PARTITIONS:
        return lay_out_grow(w, &r);
    default:
        return false;
    }
}

void admin_start(struct control_lead *l, struct peer *from, const struct cluster_admin *q)
{
    struct admin_work *w = xcalloc(1, sizeof *w);
    w->from = from;
    w->request = q->request;
    w->api_key = q->api_key;
    w->version = q->api_version;
    w->timeout_ms = q->timeout_ms;
    w->next = l->works;
    l->works = w;
    bool active = control_lead_active(l);
    if (!active || !lay_out(w, q->body) || w->count > TOPICS_MAX) {
        struct cluster_message m = {.kind = CLUSTER_KIND_ADMIN_REPLY};
        m.u.admin_reply.request = w->request;
        m.u.admin_reply.error = active ? ERROR_INVALID_REQUEST : ERROR_NOT_CONTROLLER;
        peer_send(from, &m);
        unlink_work(l, w);
        return;
    }
    w->first = l->next_request + 1;
    l->next_request += w->count;
    w->left = w->count;
    w->starting = true;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->api_key == API_CREATE_TOPICS)
            create_one(l, w, i);
        else if (w->api_key == API_DELETE_TOPICS)
            delete_one(l, w, i);
        else
            grow_one(l, w, i);
    w->starting = false;
    if (w->left == 0)
        finish(l, w);
}
