/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/: do not edit. */
#include "proto/gen/api_table.h"

#include <stddef.h>

const struct api api_table[] = {
    /* key, name, min, max, served from, flexible from, plain response header */
    {API_PRODUCE, "Produce", 0, 11, 3, 9, false},
    {API_FETCH, "Fetch", 4, 17, 4, 12, false},
    {API_LIST_OFFSETS, "ListOffsets", 1, 9, 1, 6, false},
    {API_METADATA, "Metadata", 0, 12, 0, 9, false},
    {API_OFFSET_COMMIT, "OffsetCommit", 1, 9, 1, 8, false},
    {API_OFFSET_FETCH, "OffsetFetch", 1, 9, 1, 6, false},
    {API_FIND_COORDINATOR, "FindCoordinator", 0, 6, 0, 3, false},
    {API_JOIN_GROUP, "JoinGroup", 0, 9, 0, 6, false},
    {API_HEARTBEAT, "Heartbeat", 0, 4, 0, 4, false},
    {API_LEAVE_GROUP, "LeaveGroup", 0, 5, 0, 4, false},
    {API_SYNC_GROUP, "SyncGroup", 0, 5, 0, 4, false},
    {API_DESCRIBE_GROUPS, "DescribeGroups", 0, 5, 0, 5, false},
    {API_LIST_GROUPS, "ListGroups", 0, 5, 0, 3, false},
    {API_API_VERSIONS, "ApiVersions", 0, 4, 0, 3, true},
    {API_CREATE_TOPICS, "CreateTopics", 0, 7, 0, 5, false},
    {API_DELETE_TOPICS, "DeleteTopics", 0, 6, 0, 4, false},
    {API_INIT_PRODUCER_ID, "InitProducerId", 0, 5, 0, 2, false},
    {API_OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderEpoch", 0, 4, 0, 4, false},
    {API_CREATE_PARTITIONS, "CreatePartitions", 0, 3, 0, 2, false},
    {API_DESCRIBE_CLUSTER, "DescribeCluster", 0, 1, 0, 0, false},
};

const unsigned api_table_count = sizeof api_table / sizeof api_table[0];

const struct api *api_find(int16_t key)
{
    for (unsigned i = 0; i < api_table_count; i++) {
        if (api_table[i].key == key) {
            return &api_table[i];
        }
    }
    return NULL;
}
