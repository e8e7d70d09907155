/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_CLUSTER_H
#define CORDUROY_TESTS_SIM_SIM_CLUSTER_H

#include "tests/lib/file_mem.h"
#include "tests/sim/sim_admin.h"
#include "tests/sim/sim_checker.h"
#include "tests/sim/sim_consumer.h"
#include "tests/sim/sim_group_checker.h"
#include "tests/sim/sim_grower.h"
#include "tests/sim/sim_ids.h"
#include "tests/sim/sim_producer.h"
#include "tests/sim/sim_zk.h"

/* A whole cluster in the simulated world: brokers (the code that ships), a model of ZooKeeper,
 * clients, and the checker after every turn. */
#define SIM_BROKERS_MAX 5
#define SIM_DISK_SIZE (UINT64_C(256) << 20)
#define SIM_FLEETING_TOPIC "c0"
#define SIM_PRODUCERS_MAX 4
#define SIM_CONSUMERS_MAX 8
struct sim_cluster_options {
    uint64_t seed;
    unsigned broker_count;
    unsigned shard_counts[SIM_BROKERS_MAX]; /* 1 to 3 each */
    unsigned dir_count;                     /* data directories of each broker, each on a disk */
    unsigned mutation;                      /* common/mutation.h; 0: none */
    bool trace;
    struct sim_weather weather;
    uint32_t session_timeout_ms;
    uint32_t segment_bytes;                /* 0: the default */
    int64_t retention_ms, retention_bytes; /* 0: no limit */
    /* Producers are idempotent with retention, too, and may be forgotten with their batches. */
    bool forgetful;
    bool fleeting; /* one more topic, that comes and goes */
    bool unclean;  /* topics allow unclean elections, until sim_unclean_end */
    int32_t topic_count, partition_count; /* of each topic */
    int32_t grows_to; /* partitions that a topic may come to have; 0: no topic grows */
    int16_t replication_factor;
    int32_t min_isr;
    int32_t produce_timeout_ms; /* 0: drawn for each producer */
    bool groups;                /* consumer groups too */
    uint32_t offsets_segment_bytes;
    bool reshards;        /* a broker may be started again with another number of shards */
    unsigned rebalance_s; /* between two looks for preferred leaders */
};
/* What a seed stands for: three brokers, everything else drawn. */
struct sim_cluster_options sim_cluster_options_draw(uint64_t seed);

struct sim_broker {
    struct sim_host *host;
    struct sim_process *process; /* the last one */
    struct broker_config *config;
    unsigned shard_count;
    bool failed_disk; /* fails by order: the host has to lose power to be well again */
    bool full_disk;   /* that of full_dir */
    unsigned full_dir;
    bool short_of_room; /* for a recovery or a marker: such a directory is left out until a restart
                         */
};
struct sim_cluster {
    struct sim_cluster_options options;
    struct sim_world *world;
    struct zk_model *zk;
    struct sim_history *history;
    struct sim_checker *checker;
    struct sim_rot *rot;
    struct sim_broker brokers[SIM_BROKERS_MAX];
    struct sim_ids *ids;
    struct sim_groups *groups; /* NULL: none */
    struct sim_host *client_hosts[SIM_PRODUCERS_MAX + SIM_CONSUMERS_MAX + SIM_MEMBERS_MAX + 2];
    unsigned client_host_count;
    struct sim_host *admin_host;
    struct sim_process *admin, *grower, *producers[SIM_PRODUCERS_MAX],
        *consumers[SIM_CONSUMERS_MAX];
    unsigned producer_count, consumer_count;
    struct sim_totals totals;
    char *unexpected_halt;
    bool recreating;
    struct sim_random growth; /* when topics grow, and how */
    bool grows;               /* now and then, by itself */
};
struct sim_cluster *sim_cluster_new(const struct sim_cluster_options *options);
/* Brokers that ran leave what they had allocated: a process of its own for each run keeps that
 * bounded. */
void sim_cluster_free(struct sim_cluster *c);

/* ---- brokers, by index; the id is one more ---- */
void sim_cluster_start(struct sim_cluster *c, unsigned broker);
void sim_cluster_start_all(struct sim_cluster *c); /* those that do not run; power comes back */
bool sim_cluster_runs(const struct sim_cluster *c, unsigned broker);
void sim_cluster_kill(struct sim_cluster *c, unsigned broker);
void sim_cluster_power_off(struct sim_cluster *c, unsigned broker);
/* Nothing passes between this broker and the others, and ZooKeeper when asked for. */
void sim_cluster_isolate(struct sim_cluster *c, unsigned broker, bool cut, bool zk_too);
/* Only so many bytes more fit on the disk, until it has its full size again. */
void sim_cluster_fill_disk(struct sim_cluster *c, unsigned broker, unsigned dir, uint64_t left);
void sim_cluster_empty_disk(struct sim_cluster *c, unsigned broker, unsigned dir);
/* A kind of call fails on this disk, the nth from now, once or from then on. Nothing when a disk of
 * this broker fails already. */
void sim_cluster_fail_disk(struct sim_cluster *c, unsigned broker, unsigned dir,
                           enum file_mem_call call, uint64_t nth, bool always);
/* Deletes the topic that comes and goes, waits in the background until it is gone, and has it made
 * again. Nothing while that is under way. */
void sim_cluster_recreate(struct sim_cluster *c);
/* The topic shall have so many partitions: a client asks for them until they are there, or they are
 * written into ZooKeeper by hand. Nothing when it has them, or has no room. */
void sim_cluster_grow(struct sim_cluster *c, uint32_t topic, int32_t total, bool by_hand);
/* From now on topics grow now and then, if the options say so, or no more. */
void sim_cluster_let_grow(struct sim_cluster *c, bool grows);
/* The broker's id that /controller names; -1: none. */
int32_t sim_cluster_controller(struct sim_cluster *c);

/* ---- clients ---- */
/* Creates the topics of the history and waits; false when that does not come about in a minute. */
bool sim_cluster_create_topics(struct sim_cluster *c);
void sim_cluster_add_producer(struct sim_cluster *c, bool idempotent);
void sim_cluster_add_consumer(struct sim_cluster *c);

/* Consumer groups, when the options ask for them; their members start at once. */
void sim_cluster_add_groups(struct sim_cluster *c);
/* For clients of other kinds: a machine of their own, and how they find the cluster. */
struct sim_host *sim_cluster_client_host(struct sim_cluster *c);
struct sim_client_options sim_cluster_client_options(struct sim_cluster *c);

/* ---- running ---- */
/* Ends every fault that stands, and repairs disks. */
void sim_cluster_heal(struct sim_cluster *c);
/* Starts who has ended, until it is done; false: it is not within the time, or there is a
 * violation. */
bool sim_cluster_wait(struct sim_cluster *c, uint64_t ns,
                      bool (*done)(struct sim_cluster *c, void *context));
bool sim_cluster_in_sync(struct sim_cluster *c, void *context);
/* True while there is no violation. */
bool sim_cluster_run(struct sim_cluster *c, uint64_t ns);
bool sim_cluster_run_until(struct sim_cluster *c, uint64_t ns,
                           bool (*done)(struct sim_cluster *c, void *context), void *context);
/* Faults are over: everything is healed and started, producers finish, every replica comes in sync,
 * a fresh consumer and those that ran read everything, the history is closed. A violation when any
 * of that does not come about within the time. */
void sim_cluster_finish(struct sim_cluster *c, uint64_t ns);
struct sim_totals sim_cluster_totals(const struct sim_cluster *c);
const char *sim_cluster_violation(const struct sim_cluster *c); /* NULL: none */

#endif
