/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_TIMERS_H
#define CORDUROY_COMMON_WORLD_TIMERS_H

#include "common/env.h"
#include "common/token_map.h"

/* The timers of one shard: one a token, ordered by time, then by the order in which they were set.
 * One thread. Setting, replacing and cancelling cost the logarithm of how many there are. */
struct world_timer;
struct world_timers {
    struct token_map by_token;
    struct world_timer **heap;
    size_t count, capacity;
    uint64_t next_order;
    struct world_timer *spare; /* kept for reuse */
};

void world_timers_set(struct world_timers *t, token name, uint64_t at_ns); /* 0 cancels */
uint64_t world_timers_next_ns(const struct world_timers *t);               /* 0: none */
/* Takes out the first timer whose time has come; 0: none has. */
token world_timers_pop(struct world_timers *t, uint64_t now_ns);
void world_timers_deinit(struct world_timers *t);

#endif
