/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_BROKER_H
#define CORDUROY_BROKER_BROKER_H

#include "broker/shard.h"

/* One broker: its shards and what they share, which never changes after broker_new, but for the
 * cluster id (set once) and counters. The same in the real world and in a simulated one. */
struct broker_setup {
    const struct broker_config *config; /* outlives the broker */
    const struct env *envs;             /* one a shard; copied */
    unsigned shard_count;
    struct addr listeners[CONFIG_LISTENERS_MAX]; /* where to bind, resolved */
    struct addr cluster_listener;
    const char *cluster_address; /* told to other brokers: an IP address */
    struct view
        secret; /* of the cluster listener; VIEW_NULL: peers are not authenticated. Copied */
    int dir_errors[CONFIG_DIRS_MAX]; /* -errno: this entry of log.dirs cannot be opened; 0: it can
                                      */
    unsigned mutation;               /* tests of the tests; 0 */
};
struct broker *broker_new(const struct broker_setup *setup);
/* After the world heard halt and no thread of it runs. */
void broker_free(struct broker *broker);
struct shard *broker_shard(struct broker *broker, unsigned number);
unsigned broker_shard_count(const struct broker *broker);
const struct broker_setup *broker_setup_of(const struct broker *broker);
struct log_dir *const *broker_dirs(const struct broker *broker);

/* Null until it is known. Any thread. */
struct view broker_cluster_id(const struct broker *broker);
void broker_set_cluster_id(struct broker *broker, struct view id); /* shard 0, once */

#endif
