/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_METADATA_H
#define CORDUROY_BROKER_METADATA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/config.h"
#include "common/map.h"
#include "proto/cluster/messages.h"

/* What a broker knows of the cluster, as the controller says it. There is one object for each
 * topic, immutable and reference-counted, which all shards share. Each shard has its own maps of
 * references (struct metadata); shard 0 turns what the controller says into deltas and mails them
 * to all. */
struct topic_meta {
    _Atomic uint32_t refs;
    struct uuid id;
    char *name;
    char *overrides; /* key=value lines */
    struct topic_config config;
    bool internal; /* __consumer_offsets, __transaction_state */
    bool gone;     /* in a delta: the topic was deleted, and its replicas remove their logs */
    bool vanished; /* in a delta: a snapshot does not name the topic; its logs are kept */
    uint32_t partition_count;
    /* By partition number. One that was not heard of yet has replica_count 0 and leader -1. */
    struct cluster_partition_item partitions[];
};
/* The topics of the group and the transaction coordinators. */
#define TOPIC_OFFSETS VIEW_LITERAL("__consumer_offsets")
#define TOPIC_TRANSACTIONS VIEW_LITERAL("__transaction_state")
/* Whether this is the name of one of them. */
bool metadata_name_internal(struct view name);
struct topic_meta *topic_meta_ref(struct topic_meta *topic);
void topic_meta_unref(struct topic_meta *topic); /* any thread */

struct broker_meta {
    struct cluster_member member;
    bool alive;
    char *host, *rack, *cluster_host;
    int32_t port, cluster_port, shard_count;
};
struct brokers_meta {
    _Atomic uint32_t refs;
    int32_t controller; /* -1: none known */
    uint32_t count;
    struct broker_meta items[]; /* by broker number, ascending */
};
void brokers_meta_unref(struct brokers_meta *brokers);
/* NULL: not known. */
const struct broker_meta *brokers_meta_find(const struct brokers_meta *brokers, int32_t broker);

/* Changes that belong together: each shard applies them in one step. Immutable; any thread. */
struct metadata_delta {
    _Atomic uint32_t refs;
    int32_t controller_epoch;
    uint64_t number;              /* of the last item in it */
    bool snapshot;                /* holds all topics and brokers */
    struct brokers_meta *brokers; /* NULL: unchanged */
    uint32_t topic_count;
    struct topic_meta *topics[];
};
void metadata_delta_unref(struct metadata_delta *delta);

/* One shard's view of the metadata. One thread, the shard's. */
struct metadata {
    struct map by_name, by_id;    /* struct topic_meta * */
    struct brokers_meta *brokers; /* never NULL after metadata_init */
    int32_t controller_epoch;
    uint64_t number;
    bool complete; /* a whole snapshot has been applied once */
};
void metadata_init(struct metadata *m);
void metadata_deinit(struct metadata *m);
void metadata_apply(struct metadata *m, const struct metadata_delta *delta);
struct topic_meta *metadata_by_name(const struct metadata *m, struct view name);
/* Whether there is a topic whose name differs from this one only in '.' and '_', which Kafka does
 * not allow side by side. */
bool metadata_name_collides(const struct metadata *m, struct view name);
struct topic_meta *metadata_by_id(const struct metadata *m, struct uuid id);
/* NULL: no such topic or partition. */
const struct cluster_partition_item *metadata_partition(const struct metadata *m,
                                                        struct partition_id id);

/* Turns the controller's frames into deltas; shard 0's. metadata_feed_frame returns a delta that
 * the caller owns, or NULL: a snapshot is not complete yet, the frame is of an older controller
 * epoch, or there is a gap in the numbers. With a gap *ret_need_snapshot is set: the caller asks
 * for one. */
struct metadata_feed;
struct metadata_feed *metadata_feed_new(const struct broker_config *config);
void metadata_feed_free(struct metadata_feed *feed);
struct metadata_delta *metadata_feed_frame(struct metadata_feed *feed, const struct metadata *now,
                                           const struct cluster_metadata *frame,
                                           bool *ret_need_snapshot);
/* A new connection to the controller: the next frame must begin a snapshot. */
void metadata_feed_restart(struct metadata_feed *feed);

#endif
