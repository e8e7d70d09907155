/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/api/api.h"

#include "broker/control/control.h"
#include "common/assert.h"

/* What tells clients whom to turn to is answered as of the moment when the answer leaves. Two
 * answers that leave together and contradict each other, the first of them old, leave librdkafka
 * before 2.4 with the old leader until there is another one: it takes the second for no news while
 * it still carries out the first. */
struct api_handler {
    int16_t key;
    void (*serve)(struct shard *s, struct request *r);
    bool when_first;
};
static const struct api_handler handlers[] = {
    {API_PRODUCE, api_produce_serve},
    {API_FETCH, api_fetch_serve},
    {API_LIST_OFFSETS, api_list_offsets_serve},
    {API_METADATA, api_metadata_serve, .when_first = true},
    {API_OFFSET_COMMIT, api_group_serve},
    {API_OFFSET_FETCH, api_group_serve},
    {API_FIND_COORDINATOR, api_find_coordinator_serve, .when_first = true},
    {API_JOIN_GROUP, api_group_serve},
    {API_HEARTBEAT, api_group_serve},
    {API_LEAVE_GROUP, api_group_serve},
    {API_SYNC_GROUP, api_group_serve},
    {API_DESCRIBE_GROUPS, api_group_serve},
    {API_LIST_GROUPS, api_group_serve},
    {API_API_VERSIONS, api_versions_serve},
    {API_CREATE_TOPICS, api_admin_serve},
    {API_DELETE_TOPICS, api_admin_serve},
    {API_INIT_PRODUCER_ID, api_init_producer_id_serve},
    {API_OFFSET_FOR_LEADER_EPOCH, api_offset_for_leader_epoch_serve},
    {API_CREATE_PARTITIONS, api_admin_serve},
    {API_DESCRIBE_CLUSTER, api_describe_cluster_serve, .when_first = true},
};

static const struct api_handler *handler_of(const struct request *r)
{
    for (unsigned i = 0; i < COUNT_OF(handlers); i++)
        if (handlers[i].key == r->header.api_key)
            return &handlers[i];
    return NULL;
}

static void serve_first(void *shard, struct request *r)
{
    handler_of(r)->serve(shard, r);
}

void api_serve(void *shard, struct request *r)
{
    const struct api_handler *handler = handler_of(r);
    if (handler == NULL)
        request_hang_up(r, "a request of an api that is not served");
    else if (handler->when_first)
        request_serve_when_first(r, serve_first);
    else
        handler->serve(shard, r);
}

enum error_code api_error_of(const struct shard *s, struct partition_id id,
                             enum replica_result result)
{
    switch (result) {
    case REPLICA_OK:
        return ERROR_NONE;
    case REPLICA_UNKNOWN:
        return metadata_partition(&s->metadata, id) != NULL ? ERROR_NOT_LEADER_OR_FOLLOWER
                                                            : ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    case REPLICA_NOT_LEADER:
        return ERROR_NOT_LEADER_OR_FOLLOWER;
    case REPLICA_NOT_ENOUGH:
    case REPLICA_TOO_MANY:
        return ERROR_NOT_ENOUGH_REPLICAS;
    case REPLICA_STORAGE:
        return ERROR_KAFKA_STORAGE_ERROR;
    case REPLICA_FENCED_EPOCH:
        return ERROR_FENCED_LEADER_EPOCH;
    case REPLICA_UNKNOWN_EPOCH:
        return ERROR_UNKNOWN_LEADER_EPOCH;
    case REPLICA_OUT_OF_RANGE:
        return ERROR_OFFSET_OUT_OF_RANGE;
    case REPLICA_NOT_AVAILABLE:
        return ERROR_OFFSET_NOT_AVAILABLE;
    case REPLICA_DUPLICATE:
        return ERROR_DUPLICATE_SEQUENCE_NUMBER;
    case REPLICA_OUT_OF_ORDER:
        return ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    case REPLICA_STALE_PRODUCER:
        return ERROR_INVALID_PRODUCER_EPOCH;
    case REPLICA_NOT_IN_TXN:
        return ERROR_INVALID_TXN_STATE;
    case REPLICA_CORRUPT:
        return ERROR_CORRUPT_MESSAGE;
    }
    IMPOSSIBLE("a replica result without an error code");
}

const struct broker_meta *api_leader(const struct shard *s, struct partition_id id,
                                     const struct cluster_partition_item **ret_item)
{
    *ret_item = metadata_partition(&s->metadata, id);
    const struct broker_meta *b =
        *ret_item != NULL ? brokers_meta_find(s->metadata.brokers, (*ret_item)->leader) : NULL;
    return b != NULL && b->alive ? b : NULL;
}

void api_refused(struct shard *s, const struct request *r, struct partition_id id)
{
    const struct cluster_partition_item *item;
    const struct broker_meta *b = api_leader(s, id, &item);
    if (b != NULL && item->leader != s->config->broker_id)
        misled_refused(&s->misled, request_connection(r), id, s->reactor.now_ns);
}

bool api_topic_name_valid(struct view name)
{
    if (name.size < 1 || name.size > 249 || view_equal(name, VIEW_LITERAL(".")) ||
        view_equal(name, VIEW_LITERAL("..")))
        return false;
    for (uint32_t i = 0; i < name.size; i++) {
        uint8_t c = name.base[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}
