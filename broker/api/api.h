/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_API_API_H
#define CORDUROY_BROKER_API_API_H

#include "broker/shard.h"
#include "proto/error_code.h"

/* Kafka's APIs: one handler each, on the shard of the connection. A handler takes the request over
 * and answers it, at once or later, on the same shard. */
void api_serve(void *shard, struct request *request);

void api_versions_serve(struct shard *s, struct request *r);
void api_metadata_serve(struct shard *s, struct request *r);
void api_produce_serve(struct shard *s, struct request *r);
void api_fetch_serve(struct shard *s, struct request *r);
void api_list_offsets_serve(struct shard *s, struct request *r);
void api_offset_for_leader_epoch_serve(struct shard *s, struct request *r);
void api_find_coordinator_serve(struct shard *s, struct request *r);
void api_init_producer_id_serve(struct shard *s, struct request *r);
void api_describe_cluster_serve(struct shard *s, struct request *r);
/* CreateTopics, DeleteTopics, CreatePartitions: done by the controller. */
void api_admin_serve(struct shard *s, struct request *r);
/* JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch, DescribeGroups,
 * ListGroups. */
void api_group_serve(struct shard *s, struct request *r);

/* The Kafka error of what a replica said. A partition that this broker was never told to hold and
 * that the metadata know is led elsewhere: NOT_LEADER_OR_FOLLOWER. */
enum error_code api_error_of(const struct shard *s, struct partition_id id,
                             enum replica_result result);
/* What an asker may do (KIP-430), a bit an operation: without access control everything that there
 * is to do with such a thing. */
#define API_CLUSTER_OPERATIONS 0x1fa0
#define API_TOPIC_OPERATIONS 0x0df8
#define API_OPERATIONS_NOT_ASKED INT32_MIN
/* Kafka's rule for topic names: 1 to 249 of [A-Za-z0-9._-], not "." or "..". */
bool api_topic_name_valid(struct view name);
/* Creates a topic with the defaults of its kind: __consumer_offsets has its own. Whether that is
 * allowed is the caller's to know; nothing is heard: metadata will show it. */
void api_auto_create(struct shard *s, struct view name);

#endif
