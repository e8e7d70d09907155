/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_BROKER_H
#define CORDUROY_BROKER_BROKER_H

#include "broker/shard.h"

/* One broker: its shards and what they share. What is shared never changes after broker_new, except
 * the cluster id, which is set once, and counters. The same code runs in the real world (main.c)
 * and in the simulated one (tests/sim). */
struct broker_setup {
    const struct broker_config *config; /* outlives the broker */
    const struct env *envs;             /* one for each shard; copied */
    unsigned shard_count;
    struct addr listeners[CONFIG_LISTENERS_MAX]; /* where to bind, resolved */
    struct addr cluster_listener;
    const char *cluster_address; /* an IP address, for other brokers; copied */
    /* The shared secret of the cluster listener; VIEW_NULL: peers are not authenticated. Copied. */
    struct view secret;
    /* For each entry of log.dirs: 0, or the negative errno of opening it. */
    int dir_errors[CONFIG_DIRS_MAX];
    unsigned files_max; /* descriptors kept in one cache of segment files; 0: no limit of its own */
    unsigned
        mutation; /* enum mutation: a rule that this run leaves out, in mutation builds; else 0 */
};
/* Never fails. The shards do nothing before their first event. */
struct broker *broker_new(const struct broker_setup *setup);
/* Only after the world was told to halt and none of its threads runs any more. */
void broker_free(struct broker *broker);
struct shard *broker_shard(struct broker *broker, unsigned number);
unsigned broker_shard_count(const struct broker *broker);
const struct broker_setup *broker_setup_of(const struct broker *broker);
struct log_dir *const *broker_dirs(const struct broker *broker);

/* VIEW_NULL until it is known. Any thread. */
struct view broker_cluster_id(const struct broker *broker);
void broker_set_cluster_id(struct broker *broker, struct view id); /* shard 0, once */

#endif
