/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata: brokers that are alive, topics, who leads what. From this shard's own view of the
 * metadata. */
#include "broker/api/api.h"
#include "broker/broker.h"
#include "proto/gen/metadata.h"

/* Without any that counts (all begin, or have lost their sessions with ZooKeeper) this one is
 * named: clients forget whom they know and is not named, and may not find back (librdkafka 2.16
 * stayed without a connection for good). */
static void put_brokers(const struct shard *s, struct arena *arena, struct metadata_response *a)
{
    const struct brokers_meta *all = s->metadata.brokers;
    const struct config_listener *own = &s->config->listeners[0];
    a->brokers = arena_array(arena, all->count + 1, sizeof *a->brokers);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct broker_meta *b = &all->items[i];
        if (b->alive) {
            struct metadata_response_broker *to = &a->brokers[a->brokers_count++];
            metadata_response_broker_init(to);
            *to = (struct metadata_response_broker){b->member.broker, view_of(b->host), b->port,
                                                    view_of(b->rack)};
        }
    }
    if (a->brokers_count == 0) {
        struct metadata_response_broker *to = &a->brokers[a->brokers_count++];
        metadata_response_broker_init(to);
        *to = (struct metadata_response_broker){s->config->broker_id, view_of(own->advertised_host),
                                                own->advertised_port, view_of(s->config->rack)};
    }
}

static bool is_alive(const struct shard *s, int32_t broker)
{
    const struct broker_meta *b = brokers_meta_find(s->metadata.brokers, broker);
    return b != NULL && b->alive;
}

/* -1: none that is alive, or one that this client must be made to look for anew. */
static int32_t leader_to_tell(struct shard *s, const struct request *r,
                              const struct cluster_partition_item *p)
{
    if (p->leader < 0 || !is_alive(s, p->leader))
        return -1;
    bool misled = p->leader != s->config->broker_id &&
                  misled_set_free(&s->misled, request_connection(r), p->id, s->reactor.now_ns);
    return misled ? -1 : p->leader;
}

static void put_partition(struct shard *s, struct request *r,
                          const struct cluster_partition_item *p,
                          struct metadata_response_partition *to)
{
    metadata_response_partition_init(to);
    to->partition_index = p->id.number;
    to->leader_id = leader_to_tell(s, r, p);
    to->leader_epoch = p->leader_epoch;
    to->error_code = to->leader_id < 0 ? ERROR_LEADER_NOT_AVAILABLE : ERROR_NONE;
    to->replica_nodes = p->replicas;
    to->replica_nodes_count = p->replica_count;
    to->isr_nodes = p->isr;
    to->isr_nodes_count = p->isr_count;
    int32_t *offline = arena_array(&r->arena, p->replica_count, sizeof *offline);
    for (uint32_t i = 0; i < p->replica_count; i++)
        if (!is_alive(s, p->replicas[i]))
            offline[to->offline_replicas_count++] = p->replicas[i];
    to->offline_replicas = offline;
}

static void put_topic(struct shard *s, struct request *r, const struct topic_meta *t,
                      bool operations, struct metadata_response_topic *to)
{
    metadata_response_topic_init(to);
    to->name = view_of(t->name);
    to->topic_id = t->id;
    to->is_internal = t->internal;
    to->topic_authorized_operations = operations ? API_TOPIC_OPERATIONS : API_OPERATIONS_NOT_ASKED;
    to->partitions = arena_array(&r->arena, t->partition_count, sizeof *to->partitions);
    for (uint32_t i = 0; i < t->partition_count; i++)
        if (t->partitions[i].replica_count > 0)
            put_partition(s, r, &t->partitions[i], &to->partitions[to->partitions_count++]);
}

/* An id counts for more than a name. */
static bool by_id(const struct metadata_request_topic *from)
{
    return from->name.base == NULL || !uuid_is_zero(from->topic_id);
}

static void put_missing(struct shard *s, const struct metadata_request *q,
                        const struct metadata_request_topic *from,
                        struct metadata_response_topic *to)
{
    if (by_id(from)) {
        to->name = VIEW_NULL;
        to->topic_id = from->topic_id;
        to->error_code = ERROR_UNKNOWN_TOPIC_ID;
        return;
    }
    to->name = from->name;
    to->is_internal = metadata_name_internal(from->name);
    if (q->include_topic_authorized_operations)
        to->topic_authorized_operations = API_TOPIC_OPERATIONS;
    bool create = q->allow_auto_topic_creation && s->config->auto_create_topics;
    if (!api_topic_name_valid(from->name) ||
        (create && metadata_name_collides(&s->metadata, from->name))) {
        to->error_code = ERROR_INVALID_TOPIC_EXCEPTION;
    } else if (create && s->metadata.complete) {
        api_auto_create(s, from->name);
        to->error_code = ERROR_LEADER_NOT_AVAILABLE;
    } else {
        to->error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    }
}

static void put_topics(struct shard *s, struct request *r, const struct metadata_request *q,
                       struct metadata_response *a)
{
    bool all = q->topics_null || (r->header.api_version == 0 && q->topics_count == 0);
    uint32_t count = all ? s->metadata.by_id.count : q->topics_count;
    struct map_entry e;
    a->topics = arena_array(&r->arena, count, sizeof *a->topics);
    if (all) {
        for (uint32_t at = 0; map_next(&s->metadata.by_id, &at, &e);) {
            put_topic(s, r, e.value, q->include_topic_authorized_operations,
                      &a->topics[a->topics_count++]);
        }
        return;
    }
    for (uint32_t i = 0; i < q->topics_count; i++) {
        const struct metadata_request_topic *from = &q->topics[i];
        struct metadata_response_topic *to = &a->topics[a->topics_count++];
        const struct topic_meta *t = by_id(from) ? metadata_by_id(&s->metadata, from->topic_id)
                                                 : metadata_by_name(&s->metadata, from->name);
        metadata_response_topic_init(to);
        to->topic_authorized_operations = API_OPERATIONS_NOT_ASKED;
        if (t != NULL)
            put_topic(s, r, t, q->include_topic_authorized_operations, to);
        else
            put_missing(s, q, from, to);
    }
}

static bool ids_asked(const struct metadata_request *q)
{
    for (uint32_t i = 0; i < q->topics_count; i++)
        if (by_id(&q->topics[i]))
            return true;
    return false;
}

/* Versions 10 and 11 have a place for ids and may not use it (KAFKA-12701). */
static void refuse_ids(struct request *r, const struct metadata_request *q,
                       struct metadata_response *a)
{
    struct wire_writer w;
    a->topics = arena_array(&r->arena, q->topics_count, sizeof *a->topics);
    for (uint32_t i = 0; i < q->topics_count; i++) {
        struct metadata_response_topic *to = &a->topics[a->topics_count++];
        metadata_response_topic_init(to);
        to->name = q->topics[i].name;
        to->topic_id = q->topics[i].topic_id;
        to->error_code = ERROR_INVALID_REQUEST;
    }
    request_begin_answer(r, &w);
    metadata_response_encode(&w, r->header.api_version, a);
    request_answer(r, &w, NULL, 0);
}

static const int32_t *living(const struct shard *s, struct arena *arena, const int32_t *brokers,
                             uint32_t *count)
{
    int32_t *found = arena_array(arena, *count, sizeof *found);
    uint32_t n = 0;
    for (uint32_t i = 0; i < *count; i++)
        if (is_alive(s, brokers[i]))
            found[n++] = brokers[i];
    *count = n;
    return found;
}

/* Clients of version 0 know no replicas but those among the brokers. */
static void hide_dead(const struct shard *s, struct arena *arena, struct metadata_response_topic *t)
{
    for (uint32_t i = 0; i < t->partitions_count; i++) {
        struct metadata_response_partition *p = &t->partitions[i];
        uint32_t count = p->replica_nodes_count + p->isr_nodes_count;
        p->replica_nodes = living(s, arena, p->replica_nodes, &p->replica_nodes_count);
        p->isr_nodes = living(s, arena, p->isr_nodes, &p->isr_nodes_count);
        if (p->error_code == ERROR_NONE && p->replica_nodes_count + p->isr_nodes_count < count)
            p->error_code = ERROR_REPLICA_NOT_AVAILABLE;
    }
}

void api_metadata_serve(struct shard *s, struct request *r)
{
    struct metadata_request q;
    struct metadata_response a;
    struct wire_writer w;
    if (!metadata_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        request_hang_up(r, "a Metadata request that cannot be read");
        return;
    }
    metadata_response_init(&a);
    if (r->header.api_version < 12 && ids_asked(&q)) {
        refuse_ids(r, &q, &a);
        return;
    }
    put_brokers(s, &r->arena, &a);
    put_topics(s, r, &q, &a);
    for (uint32_t i = 0; r->header.api_version == 0 && i < a.topics_count; i++)
        hide_dead(s, &r->arena, &a.topics[i]);
    a.cluster_id = broker_cluster_id(s->broker);
    a.controller_id =
        is_alive(s, s->metadata.brokers->controller) ? s->metadata.brokers->controller : -1;
    a.cluster_authorized_operations =
        q.include_cluster_authorized_operations ? API_CLUSTER_OPERATIONS : API_OPERATIONS_NOT_ASKED;
    request_begin_answer(r, &w);
    metadata_response_encode(&w, r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}
