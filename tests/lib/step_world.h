/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_STEP_WORLD_H
#define CORDUROY_TESTS_LIB_STEP_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/env.h"
#include "common/file.h"
#include "common/reactor.h"

/* A world in one thread for tests of modules below the broker: disk jobs, timers, mail and turns,
 * by hand. No network and no ZooKeeper: a call of those ends the test. Nothing happens inside of a
 * call; step_world_run makes it happen, in a fixed order. */

#define STEP_SHARDS_MAX 4
#define STEP_DIRS_MAX 4

struct step_timer {
    token token;
    unsigned shard;
    uint64_t at_ns;
};
struct step_lane {
    struct disk_job *first, **last;
    bool blocked;
};
struct step_world;
struct step_shard {
    struct step_world *world;
    unsigned index;
    struct reactor reactor;
    struct disk_job *home_first, **home_last;
    struct mail *mail_first, **mail_last;
};
struct step_world {
    struct step_shard shards[STEP_SHARDS_MAX];
    unsigned shard_count;
    const struct file_ops *files;
    void *fs[STEP_DIRS_MAX]; /* each directory's own root */
    struct step_lane lanes[STEP_DIRS_MAX][LANE_COUNT];
    struct step_timer *timers;
    size_t timer_count, timer_capacity;
    uint64_t now_ns, random_state;
    int64_t wall_ms;
    bool cold;  /* file_peek answers -EAGAIN */
    bool quiet; /* log lines are dropped, not printed */
    unsigned jobs_run;
    char last_line[512];
};

/* Directories get fs[0..] before the first job. */
void step_world_init(struct step_world *w, unsigned shard_count, const struct file_ops *files);
/* Jobs that have not run are dropped: their owners are thrown away by the test. */
void step_world_deinit(struct step_world *w);
struct reactor *step_world_reactor(struct step_world *w, unsigned shard);
/* Runs every lane that is not blocked (what is queued together runs together), hands home what came
 * back, delivers mail, ends turns; until nothing is left. Timers do not fire. */
void step_world_run(struct step_world *w);
/* One round of that. False when there was nothing to do. */
bool step_world_step(struct step_world *w);
/* Moves the clock, firing timers in the order of their times, and runs after each. */
void step_world_advance(struct step_world *w, uint64_t ms);
void step_world_block(struct step_world *w, unsigned dir, enum disk_lane lane, bool blocked);

#endif
