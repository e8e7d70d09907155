/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_API_API_H
#define CORDUROY_BROKER_API_API_H

#include "broker/shard.h"
#include "proto/error_code.h"

/* The handlers of Kafka's APIs. Each runs on the shard of the connection, takes the request over,
 * and answers it on that shard, at once or later. A request that cannot be decoded, or whose API is
 * not served, closes its connection, as in Kafka. */
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

/* The Kafka error code for a replica's result. A partition that this broker holds no replica of is
 * NOT_LEADER_OR_FOLLOWER when the metadata know it, so that the client looks for its leader. */
enum error_code api_error_of(const struct shard *s, struct partition_id id,
                             enum replica_result result);
/* The broker that leads a partition, as far as this shard knows, and *ret_item, its metadata. NULL:
 * there is none that is alive. Answers name it to spare the client a Metadata request (KIP-951). */
const struct broker_meta *api_leader(const struct shard *s, struct partition_id id,
                                     const struct cluster_partition_item **ret_item);
/* What this request wants of a partition is refused because this broker does not lead it. */
void api_refused(struct shard *s, const struct request *r, struct partition_id id);
/* The operations that a client may do (KIP-430), one bit each: without access control, all that
 * exist for a cluster or a topic. */
#define API_CLUSTER_OPERATIONS 0x1fa0
#define API_TOPIC_OPERATIONS 0x0df8
#define API_OPERATIONS_NOT_ASKED INT32_MIN
/* Kafka's rule for topic names: 1 to 249 of [A-Za-z0-9._-], not "." or "..". */
bool api_topic_name_valid(struct view name);
/* Asks the controller to create a topic with the default settings; __consumer_offsets has its own.
 * Whether automatic creation is allowed is for the caller to check. There is no answer: the topic
 * appears in the metadata, or the client asks again. */
void api_auto_create(struct shard *s, struct view name);

#endif
