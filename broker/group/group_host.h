/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_GROUP_GROUP_HOST_H
#define CORDUROY_BROKER_GROUP_GROUP_HOST_H

#include "broker/group/group.h"
#include "broker/group/group_hash.h"
#include "common/uuid.h"

/* The group coordinators of one shard: one for each partition of __consumer_offsets that this shard
 * leads. Loads groups from the partition, steps them (group.h), appends their records and answers
 * when those are committed. One thread, the shard's. */
struct shard;
struct group_host;

struct group_host *group_host_new(struct shard *shard);
/* Nothing is answered any more: requests that wait are dropped. Before the replica host of the
 * shard is freed. */
void group_host_free(struct group_host *host);

/* This broker leads a partition now, under this epoch. Partitions of other topics than
 * __consumer_offsets are ignored. Groups are loaded from the committed records up to the end that
 * the log has now; meanwhile requests are answered COORDINATOR_LOAD_IN_PROGRESS. A newer epoch
 * loads anew. */
void group_host_leads(struct group_host *host, struct partition_id id, int32_t leader_epoch);
/* It leads it no more: the groups are dropped, who waits is told NOT_COORDINATOR, appends under way
 * are forgotten. */
void group_host_leads_not(struct group_host *host, struct partition_id id);
/* A topic was deleted: its offsets go from every group. */
void group_host_topic_gone(struct group_host *host, struct view name);

/* Serves one request of the group that lives in the given partition of __consumer_offsets, which
 * belongs to this shard. Its answered() is called once: inside this call, or later. */
void group_host_serve(struct group_host *host, struct partition_id id,
                      struct group_request *request);
/* The groups that are loaded here, as answers to ListGroups; views and list lie in the arena.
 * *ret_loading: some partition is not loaded yet. */
struct list_groups_response_group *group_host_list(struct group_host *host,
                                                   const struct list_groups_request *request,
                                                   struct arena *arena, uint32_t *ret_count,
                                                   bool *ret_loading);

#endif
