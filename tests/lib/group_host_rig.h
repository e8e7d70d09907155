/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_GROUP_HOST_RIG_H
#define CORDUROY_TESTS_LIB_GROUP_HOST_RIG_H

#include "broker/group/group_host.h"
#include "broker/shard.h"

/* The coordinators of one shard over a replica that the test plays. */

#define PARTITION_BATCHES 32u

/* The world: a clock and timers. */
struct host_rig_clocks {
    token tokens[64];
    uint64_t at_ns[64];
    unsigned count;
};

/* The replica: batches, what is committed of them, who waits. */
struct host_rig {
    struct shard shard;
    struct broker_config config;
    struct topic_meta *topic;
    struct partition_id id;
    struct host_rig_clocks clocks;
    bool leads;
    int32_t epoch;
    struct buf *batches[PARTITION_BATCHES];
    int64_t ends[PARTITION_BATCHES];
    unsigned count, committed; /* batches */
    int64_t start;
    struct produce_waiter *producing[PARTITION_BATCHES];
    unsigned producing_count, cancelled;
    struct fetch_waiter *fetching;
    unsigned fetches;
    enum replica_result fetch_result;
};
extern struct host_rig host_rig;

/* The requests that were made. */
struct host_rig_asked {
    struct group_request requests[64];
    int answered[64]; /* 1 answered, 2 dropped */
    unsigned count;
};
extern struct host_rig_asked host_rig_asked;

/* Lets time pass, timer by timer. */
void host_rig_pass(uint64_t ms);
int64_t host_rig_log_end_of(unsigned batches);
void host_rig_append(struct buf *buf);
/* What the replica host does. */
bool host_rig_look(struct partition_id id, struct replica_view *ret);
void host_rig_take_produce(struct produce_waiter *w);
void host_rig_cancel_produce(struct produce_waiter *w);
void host_rig_take_fetch(struct fetch_waiter *w);
void host_rig_cancel_fetch(struct fetch_waiter *w);
/* What is below the high watermark is told, a batch at a time. False: nobody reads. */
bool host_rig_feed(void);
void host_rig_feed_all(void);
/* Everything appended is committed, or failed. */
void host_rig_settle(enum replica_result result);
int host_rig_outcome(const struct group_request *r);
struct group_request *host_rig_request(enum group_request_kind kind, int16_t version);
struct group_request *host_rig_commit(const char *group, const char *topic, int64_t offset);
int host_rig_commit_error(const struct group_request *r);
struct group_request *host_rig_fetch(const char *group, const char *topic);
int host_rig_fetch_error(void);
int64_t host_rig_fetched(const char *group, const char *topic);
struct group_request *host_rig_join(const char *group, const char *member_id);
struct group_request *host_rig_sync_group(const char *group, struct view member_id,
                                          int32_t generation);
void host_rig_lead(int32_t epoch);
void host_rig_init(void);
void host_rig_deinit(void);
/* A batch of an earlier coordinator's: one offset. */
void host_rig_put_offset(const char *group, const char *topic, int64_t offset);

/* A test links these in place of the replica host's own. */
#define HOST_RIG_REPLICAS                                                                          \
    bool replica_host_look(const struct replica_host *host, struct partition_id id,                \
                           struct replica_view *ret)                                               \
    {                                                                                              \
        (void)host;                                                                                \
        return host_rig_look(id, ret);                                                             \
    }                                                                                              \
    void replica_host_produce(struct replica_host *host, struct produce_waiter *w)                 \
    {                                                                                              \
        (void)host;                                                                                \
        host_rig_take_produce(w);                                                                  \
    }                                                                                              \
    void replica_host_produce_cancel(struct replica_host *host, struct produce_waiter *w)          \
    {                                                                                              \
        (void)host;                                                                                \
        host_rig_cancel_produce(w);                                                                \
    }                                                                                              \
    void replica_host_fetch(struct replica_host *host, struct fetch_waiter *w)                     \
    {                                                                                              \
        (void)host;                                                                                \
        host_rig_take_fetch(w);                                                                    \
    }                                                                                              \
    void replica_host_fetch_cancel(struct replica_host *host, struct fetch_waiter *w)              \
    {                                                                                              \
        (void)host;                                                                                \
        host_rig_cancel_fetch(w);                                                                  \
    }

#endif
