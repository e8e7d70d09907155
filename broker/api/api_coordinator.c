/* SPDX-License-Identifier: Apache-2.0 */
/* FindCoordinator, InitProducerId and DescribeCluster. */
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/control/control.h"
#include "broker/group/group_host.h"
#include "common/assert.h"
#include "proto/gen/describe_cluster.h"
#include "proto/gen/find_coordinator.h"
#include "proto/gen/init_producer_id.h"

/* ---- FindCoordinator ---- */
enum coordinator_type { /* of the key */
    COORDINATOR_GROUP = 0,
    COORDINATOR_TRANSACTION = 1,
};

static void find_group(struct shard *s, struct view group,
                       struct find_coordinator_response_coordinator *to)
{
    const struct topic_meta *t = metadata_by_name(&s->metadata, TOPIC_OFFSETS);
    to->error_code = ERROR_COORDINATOR_NOT_AVAILABLE;
    if (t == NULL || t->partition_count == 0) {
        if (s->metadata.complete)
            api_auto_create(s, TOPIC_OFFSETS);
        return;
    }
    const struct cluster_partition_item *p =
        &t->partitions[group_partition(group, t->partition_count)];
    const struct broker_meta *b = brokers_meta_find(s->metadata.brokers, p->leader);
    if (b != NULL && b->alive) {
        to->error_code = ERROR_NONE;
        to->node_id = b->member.broker;
        to->host = view_of(b->host);
        to->port = b->port;
    }
}

static void find_one(struct shard *s, struct view key, int8_t type,
                     struct find_coordinator_response_coordinator *to)
{
    find_coordinator_response_coordinator_init(to);
    to->key = key;
    to->node_id = -1;
    to->port = -1;
    if (type == COORDINATOR_GROUP) {
        find_group(s, key, to);
    } else if (type == COORDINATOR_TRANSACTION) {
        to->error_code = ERROR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        to->error_message = VIEW_LITERAL("Transactions are not available on this cluster");
    } else {
        to->error_code = ERROR_INVALID_REQUEST;
    }
}

void api_find_coordinator_serve(struct shard *s, struct request *r)
{
    struct find_coordinator_request q;
    struct find_coordinator_response a;
    struct wire_writer w;
    int16_t version = r->header.api_version;
    if (!find_coordinator_request_decode(&r->body, version, &r->arena, &q)) {
        request_hang_up(r, "a FindCoordinator request that cannot be read");
        return;
    }
    find_coordinator_response_init(&a);
    if (version < 4) {
        struct find_coordinator_response_coordinator one;
        find_one(s, q.key, q.key_type, &one);
        a.error_code = one.error_code;
        a.error_message = one.error_message;
        a.node_id = one.node_id;
        a.host = one.host;
        a.port = one.port;
    } else {
        a.coordinators_count = q.coordinator_keys_count;
        a.coordinators = arena_array(&r->arena, q.coordinator_keys_count, sizeof *a.coordinators);
        for (uint32_t i = 0; i < q.coordinator_keys_count; i++)
            find_one(s, q.coordinator_keys[i], q.key_type, &a.coordinators[i]);
    }
    request_begin_answer(r, &w);
    find_coordinator_response_encode(&w, version, &a);
    request_answer(r, &w, NULL, 0);
}

/* ---- InitProducerId: shard 0 hands out the ids ---- */
struct init {
    struct call call;
    struct control_producer_id ask;
    struct request *request;
    struct shard *there;
};

static void answer_init(struct request *r, int16_t error, int64_t id)
{
    struct init_producer_id_response a;
    struct wire_writer w;
    init_producer_id_response_init(&a);
    a.error_code = error;
    a.producer_id = error == ERROR_NONE ? id : -1;
    a.producer_epoch = error == ERROR_NONE ? 0 : -1;
    request_begin_answer(r, &w);
    init_producer_id_response_encode(&w, r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}

static void init_done(struct control_producer_id *ask)
{
    struct init *i = CONTAINER_OF(ask, struct init, ask);
    call_return(i->there, &i->call);
}

static void init_there(struct call *call, struct shard *there)
{
    struct init *i = CONTAINER_OF(call, struct init, call);
    i->there = there;
    control_producer_id(there->control, &i->ask);
}

static void init_back(struct call *call, struct shard *home)
{
    struct init *i = CONTAINER_OF(call, struct init, call);
    (void)home;
    answer_init(i->request, i->ask.error, i->ask.producer_id);
    request_unref(i->request);
}

void api_init_producer_id_serve(struct shard *s, struct request *r)
{
    struct init_producer_id_request q;
    if (!init_producer_id_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        request_hang_up(r, "an InitProducerId request that cannot be read");
        return;
    }
    if (q.transactional_id.base != NULL) {
        answer_init(r,
                    q.transactional_id.size == 0 ? ERROR_INVALID_REQUEST
                                                 : ERROR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    -1);
        return;
    }
    if ((q.producer_id == -1) != (q.producer_epoch == -1)) { /* both or none (KIP-360) */
        answer_init(r, ERROR_INVALID_REQUEST, -1);
        return;
    }
    struct init *i = arena_alloc(&r->arena, sizeof *i);
    i->request = request_ref(r);
    i->ask.done = init_done;
    i->call.there = init_there;
    i->call.back = init_back;
    call_make(s, 0, &i->call);
}

/* ---- DescribeCluster ---- */
/* Endpoints of brokers are 1, of controllers 2 (KIP-919): only a KRaft cluster has those. */
static bool endpoint_served(const struct request *r, const struct describe_cluster_request *q,
                            struct describe_cluster_response *a)
{
    if (r->header.api_version < 1 || q->endpoint_type == 1)
        return true;
    a->error_code =
        q->endpoint_type == 2 ? ERROR_MISMATCHED_ENDPOINT_TYPE : ERROR_UNSUPPORTED_ENDPOINT_TYPE;
    a->error_message = VIEW_LITERAL("Only brokers can be described here");
    return false;
}

static void put_cluster(struct shard *s, struct request *r, bool operations,
                        struct describe_cluster_response *a)
{
    const struct brokers_meta *all = s->metadata.brokers;
    a->cluster_id = broker_cluster_id(s->broker);
    a->controller_id = all->controller;
    if (operations)
        a->cluster_authorized_operations = API_CLUSTER_OPERATIONS;
    a->brokers = arena_array(&r->arena, all->count, sizeof *a->brokers);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct broker_meta *b = &all->items[i];
        if (b->alive) {
            a->brokers[a->brokers_count++] = (struct describe_cluster_response_broker){
                b->member.broker, view_of(b->host), b->port, view_of(b->rack)};
        }
    }
}

void api_describe_cluster_serve(struct shard *s, struct request *r)
{
    struct describe_cluster_request q;
    struct describe_cluster_response a;
    struct wire_writer w;
    if (!describe_cluster_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        request_hang_up(r, "a DescribeCluster request that cannot be read");
        return;
    }
    describe_cluster_response_init(&a);
    if (endpoint_served(r, &q, &a))
        put_cluster(s, r, q.include_cluster_authorized_operations, &a);
    request_begin_answer(r, &w);
    describe_cluster_response_encode(&w, r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}
