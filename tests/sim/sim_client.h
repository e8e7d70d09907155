/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_CLIENT_H
#define CORDUROY_TESTS_SIM_SIM_CLIENT_H

#include "common/reactor.h"
#include "proto/frame.h"
#include "tests/sim/sim_history.h"

/* A Kafka client as a process of the simulated world: real bytes over env_ops. This is what
 * producers, consumers and admins share: connections to brokers, requests and their answers, and
 * metadata. A client knows the topics of its history only. */
struct sim_client;

/* A request on its way. Embedded in its owner. Answers come in the order of the requests. */
struct client_call {
    struct client_call *next;
    int16_t api_key, version;
    int32_t correlation;
    uint64_t deadline_ns;
    struct buf *frame; /* not sent yet */
    /* r: the body of the answer; NULL: the connection was lost, the outcome is unknown when `sent`.
     * Called once, from an event. */
    void (*done)(struct client_call *call, struct wire_reader *r);
    bool sent;
};

struct client_node {
    struct client_node *next;
    struct sim_client *client;
    struct source source;
    int32_t id; /* -1: known by its address only */
    struct addr addr;
    bool open, closing;
    uint8_t *in;
    size_t in_size, in_capacity;
    struct client_call *first, **last;
};

struct client_partition {
    int32_t leader, leader_epoch; /* -1: not known */
};

struct sim_client_options {
    struct sim_history *history;
    struct addr bootstrap[SIM_HOSTS_MAX];
    unsigned bootstrap_count;
    int32_t request_timeout_ms;
    uint32_t tick_ms;    /* 0: 20 */
    struct sim_ids *ids; /* where producer ids that it is given are noted; may be NULL */
};

struct sim_client {
    struct sim_process *process;
    struct reactor reactor;
    struct sim_history *history;
    struct sim_client_options options;
    struct sim_random random;
    struct client_node *nodes;
    int32_t correlation_last;
    struct client_partition *partitions; /* as in the history */
    struct timer tick;
    struct client_call metadata_call;
    bool metadata_pending, metadata_wanted;
    uint64_t metadata_after_ns; /* back-off */
    /* Of what the client is for; called each tick and when metadata has changed. */
    void (*work)(struct sim_client *client);
    bool started, stopped;
};

/* options outlive the client. */
void sim_client_init(struct sim_client *c, struct sim_process *process, const struct env *env,
                     const struct sim_client_options *options, void (*work)(struct sim_client *));
void sim_client_deinit(struct sim_client *c);
/* An event of its shard. */
void sim_client_step(struct sim_client *c, const struct event *event);

/* The broker that leads the partition as far as the client knows; NULL asks for metadata. */
struct client_node *sim_client_leader(struct sim_client *c, uint32_t partition);
/* The broker of this id; NULL asks for metadata. */
struct client_node *sim_client_node(struct sim_client *c, int32_t id);
/* The id of the broker that a node is, also where only its address was known. */
int32_t sim_client_node_broker(const struct client_node *node);
/* Any broker. */
struct client_node *sim_client_any(struct sim_client *c);
void sim_client_refresh(struct sim_client *c);
/* Begins a request: write its body to *w, then send. The version is the caller's. */
void sim_call_begin(struct sim_client *c, struct client_call *call, enum api_key key,
                    int16_t version, struct wire_writer *w, uint32_t *ret_from);
void sim_call_send(struct sim_client *c, struct client_node *node, struct client_call *call,
                   struct wire_writer *w, uint32_t from);

#endif
