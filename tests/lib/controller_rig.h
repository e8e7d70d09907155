/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_CONTROLLER_RIG_H
#define CORDUROY_TESTS_LIB_CONTROLLER_RIG_H

#include "common/map.h"
#include "controller/controller.h"
#include "tests/lib/schedule.h"
#include "tests/sim/zk_model.h"

/* Controllers of a few brokers before the model of ZooKeeper, with brokers that do what a broker
 * does for its controller and nothing else: register, connect, send an inventory, make the logs of
 * new partitions, remove those of deleted topics, keep what they are told and compare digests. A
 * message takes half a millisecond. After every step of a controller all its invariants are
 * checked. */
#define RIG_BROKERS_MAX 6

struct rig_partition {
    struct cluster_partition_item item;
};
struct rig_topic {
    struct uuid id;
    char *name, *config;
    int32_t partition_count;
};
struct rig_broker {
    struct rig *rig;
    int32_t id;
    bool up, hung; /* hung: says and hears nothing, but its session lives */
    uint64_t incarnation;
    struct controller *controller;
    struct zk_client *zk;
    bool session, registered;
    int32_t node_version; /* what the next registration expects; -1: none yet */
    uint32_t life;        /* counts its processes: what was on its way to an earlier one is lost */
    /* As a controller: the connections that it has accepted are named by the broker's life. */
    int64_t timer_ms;
    bool active, stopped;
    int32_t epoch;
    int32_t seen_epoch; /* the highest controller epoch ever heard */
    /* As a broker: what it was told. */
    int32_t follows; /* the broker that it is connected to; -1: none */
    uint64_t connection, next_number;
    bool in_snapshot, alive_said, mute; /* mute: makes no logs, sends no inventory */
    struct map topics, partitions;      /* by topic id; by struct partition_id */
    struct map snapshot_topics, snapshot_partitions;
    uint32_t snapshots, digests, digest_differences;
    /* Sent with the next inventory. */
    uint32_t exception_count;
    struct cluster_exception exceptions[16];
    int32_t highest_controller_epoch;
    uint32_t held_count;
    struct cluster_held held[4];
    bool marker_differs;
    /* The last answers that it got. */
    struct cluster_isr_reply isr_reply;
    uint32_t isr_replies;
    int32_t shutdown_remaining; /* -1: no answer yet */
};
struct rig_answer {
    bool there;
    enum controller_result result;
    char message[400];
    struct uuid id;
    int32_t partition_count, replication_factor;
};
struct rig {
    struct schedule schedule;
    struct zk_model *zk;
    struct controller_config config;
    struct rig_broker brokers[RIG_BROKERS_MAX];
    int32_t broker_count;
    const char *racks[RIG_BROKERS_MAX];
    uint64_t next_connection, next_request;
    struct rig_answer answers[64]; /* by request number, modulo */
    char *trace;                   /* lines "id: text" */
    size_t trace_size, trace_capacity;
    bool trace_on;
    char *notes;
    size_t notes_size, notes_capacity;
    uint64_t steps;
};

/* Brokers 1 .. count, none of them up. ZooKeeper has Kafka's top paths. */
struct rig *rig_new(uint64_t seed, int32_t count);
/* The same with so many ZooKeeper servers. */
struct rig *rig_new_on(uint64_t seed, int32_t count, unsigned servers);
void rig_free(struct rig *r);
struct rig_broker *rig_broker(struct rig *r, int32_t id);

/* A new process: session, registration, race. Without waiting. */
void rig_start(struct rig *r, int32_t id);
void rig_kill(struct rig *r, int32_t id);
void rig_restart(struct rig *r, int32_t id); /* kill and start at once: the session lives on */

/* Runs until the condition holds; fails the test when it does not within so much simulated time. */
void rig_until(struct rig *r, bool (*holds)(struct rig *), uint64_t limit_ms, const char *what);
void rig_run(struct rig *r, uint64_t ms);
/* The active controller's broker; NULL: none. */
struct rig_broker *rig_active(struct rig *r);
/* Starts all, and waits until all are in. */
void rig_start_all(struct rig *r);
bool rig_all_in(struct rig *r);
bool rig_out(struct rig *r, int32_t id); /* the active controller knows that it is gone */
bool rig_settled(struct rig *r); /* all that are up agree with the active controller's digest */
void rig_settle(struct rig *r);

/* Admin requests to the active controller, from its own broker. The number of the request. */
uint64_t rig_create(struct rig *r, const char *topic, int32_t partitions, int32_t replication);
uint64_t rig_create_assigned(struct rig *r, const char *topic, const int32_t *replicas,
                             uint32_t count); /* one partition */
uint64_t rig_admin(struct rig *r, struct controller_event *event);
const struct rig_answer *rig_wait_answer(struct rig *r, uint64_t request);
void rig_create_ok(struct rig *r, const char *topic, int32_t partitions, int32_t replication);

/* What stands in ZooKeeper. Fails the test when it is not there. */
struct rig_state {
    int32_t leader, leader_epoch, version, controller_epoch, min_isr;
    bool is_new, recovering;
    uint32_t isr_count;
    int32_t isr[CLUSTER_REPLICAS_MAX];
    uint64_t leader_incarnation;
};
struct rig_state rig_state(struct rig *r, const char *topic, int32_t partition);
bool rig_exists(struct rig *r, const char *path);
/* The same as "leader epoch isr" text, for comparison: "2 e1 v3 [2,3] min 2". */
const char *rig_state_text(struct rig *r, const char *topic, int32_t partition);
/* What a broker was told of a partition; NULL: nothing. */
const struct cluster_partition_item *rig_told(struct rig *r, int32_t broker, const char *topic,
                                              int32_t partition);
struct uuid rig_topic_id(struct rig *r, const char *topic);

/* The leader asks for this ISR, with the members' current incarnations. */
void rig_ask_isr(struct rig *r, int32_t from, const char *topic, int32_t partition,
                 const int32_t *isr, uint32_t count);
void rig_report(struct rig *r, int32_t from, const char *topic, int32_t partition,
                enum cluster_report_kind kind);
/* Any event to the active controller, as from this broker's connection. */
void rig_say(struct rig *r, int32_t from, struct controller_event *event);
/* The event itself, at once, to this broker's controller. */
void rig_step(struct rig_broker *b, const struct controller_event *event);

void rig_trace_clear(struct rig *r);
/* Compares the trace since the last clear with these lines; prints both when they differ. */
void rig_expect(struct rig *r, const char *lines);
bool rig_noted(const struct rig *r, const char *text);

#endif
