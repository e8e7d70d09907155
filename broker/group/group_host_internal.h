/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_GROUP_GROUP_HOST_INTERNAL_H
#define CORDUROY_BROKER_GROUP_GROUP_HOST_INTERNAL_H

#include "broker/group/group_host.h"
#include "broker/shard.h"

/* Shared by the files of the host (group_host*.c); for nobody else. */

struct group_load;

struct group_host {
    struct shard *shard;
    struct group_config config;
    struct group_space space;
    struct map partitions; /* by partition_id: struct hosted */
    uint32_t group_count;
    struct timer expiry;   /* offsets.retention.check.interval.ms */
    struct timer timeouts; /* of the oldest append that may still time out */
    struct hosted_append *appends, **appends_last; /* by age */
    struct group_load *loads;                      /* with a read under way */
    bool freeing;                                  /* requests are dropped instead of answered */
};

/* One partition of __consumer_offsets that this broker leads. */
struct hosted {
    struct group_host *host;
    struct partition_id id;
    int32_t leader_epoch;
    struct map groups;       /* by group id: struct hosted_group */
    struct group_load *load; /* NULL: loaded */
    struct map gone;         /* topics deleted while loading */
};

struct hosted_group {
    struct hosted *hosted;
    struct group *group;
    struct timer timer;
    int64_t timer_ms; /* set for; 0: not set */
};

/* A batch on its way to the partition and below its high watermark. */
struct hosted_append {
    struct produce_waiter waiter;
    struct hosted_group *group;
    struct group_append *append;
    struct hosted_append *next, **previous;
    int64_t deadline_ms; /* 0: the group was told that it timed out */
};

/* ---- group_host.c ---- */
struct group_now group_host_now(const struct group_host *host);
struct hosted_group *hosted_group_new(struct hosted *h, struct view id);
void hosted_group_free(struct hosted_group *hg);
/* Answers what a step answered. */
void group_host_hand_out(struct group_host *host, struct group_actions *actions);
/* After each step of a group: appends begin, answers go out, its timer is set, and a group that is
 * over is freed. */
void hosted_group_carry_out(struct hosted_group *hg, struct group_actions *actions);

/* ---- group_host_append.c ---- */
void hosted_append_begin(struct hosted_group *hg, struct group_append *append,
                         struct group_actions *actions);
/* Forgets every append of the partition; the groups hear that it failed. */
void hosted_append_drop_all(struct hosted *h);
void group_host_time_out(struct timer *timer);

/* ---- group_host_load.c ---- */
void hosted_load_begin(struct hosted *h);
/* The partition goes: its read ends by itself. */
void hosted_load_abandon(struct hosted *h);
void group_host_free_loads(struct group_host *host);

#endif
