/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_REPLICA_PAIR_H
#define CORDUROY_TESTS_LIB_REPLICA_PAIR_H

#include "broker/replica/replica_internal.h"
#include "tests/sim/sim_world.h"

/* The replica hosts of two brokers, 1 and 2, in the simulated world, with real logs and real
 * streams between them; the pair is their controller. There is one partition, of the topic
 * "orders", with both brokers in its ISR. The brokers' shards run only while the test waits. */

#define REPLICA_PAIR 2
#define REPLICA_PAIR_BATCH_SIZE 100000u
#define REPLICA_PAIR_ID ((struct partition_id){{{5}}, 0})

struct replica_pair_node;
struct replica_pair {
    struct sim_world *world;
    struct sim_host *hosts[REPLICA_PAIR];
    struct sim_process *processes[REPLICA_PAIR];
    struct replica_pair_node *nodes[REPLICA_PAIR];
    struct cluster_partition_item state; /* the partition's, as ZooKeeper would have it */
    uint64_t generation;                 /* of state and brokers: one more with each change */
    uint64_t incarnation_last;
    struct cluster_isr_reply replies[64];
    uint32_t reply_count;
    int32_t untold; /* the broker that hears nothing new of state; 0: none */
    /* Batches of one record, produced with acks -1 by whoever leads. */
    uint32_t to_produce, produced, acknowledged, failed;
    int64_t last_base;
    /* What to do on a broker's shard; see replica_pair_do. */
    void (*call)(void *context, struct replica_host *host);
    void *call_context;
    unsigned call_node;
    /* How often a feed was seen in these modes. */
    uint64_t leaving_seen, behind_seen, joining_seen;
};

/* Both brokers start. */
struct replica_pair *replica_pair_new(uint64_t seed, const struct sim_weather *weather);
void replica_pair_free(struct replica_pair *pair);

/* Once both have made their logs, this broker (1 or 2) is elected for the first epoch, 1. */
void replica_pair_lead_first(struct replica_pair *pair, int32_t broker);
/* The next epoch is this broker's. */
void replica_pair_elect(struct replica_pair *pair, int32_t broker);
/* Kills the process of nodes[node]; starts it again. */
void replica_pair_kill(struct replica_pair *pair, unsigned node);
void replica_pair_start(struct replica_pair *pair, unsigned node);
/* NULL while it is starting. */
struct replica_host *replica_pair_host(struct replica_pair *pair, unsigned node);

/* Calls call(context, host) on the shard of nodes[node] and returns when that was done. */
void replica_pair_do(struct replica_pair *pair, unsigned node,
                     void (*call)(void *context, struct replica_host *host), void *context);
/* Runs until done(context) is true; the test fails when that takes two minutes of the world. */
void replica_pair_wait(struct replica_pair *pair, bool (*done)(void *context), void *context);
/* Produces so many batches and waits until each was answered. */
void replica_pair_produce(struct replica_pair *pair, uint32_t count);
/* Waits until this broker leads, and the other has heard that it does not. */
void replica_pair_wait_for_leader(struct replica_pair *pair, int32_t broker);
/* Waits until both are in the ISR, hold the same, and know that it is committed. */
void replica_pair_wait_in_step(struct replica_pair *pair);
/* Both logs end at the same offset and epoch and have the same size. */
void replica_pair_check_same(struct replica_pair *pair);

#endif
