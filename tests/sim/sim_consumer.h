/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_CONSUMER_H
#define CORDUROY_TESTS_SIM_SIM_CONSUMER_H

#include "tests/sim/sim_client.h"

/* A consumer that reads every partition of its history from the start and goes on at the end. What
 * it finds goes to the history; a gap, an offset at or beyond the high watermark, or bytes that do
 * not check out are violations. */
struct sim_consumer_options {
    struct sim_client_options client;
    uint32_t number;
    int16_t version; /* of Fetch: 12 to 17 */
    int32_t max_wait_ms;
    int32_t partition_max_bytes;
};
struct sim_consumer;
/* options are copied. */
struct sim_process *sim_consumer_start(struct sim_host *host,
                                       const struct sim_consumer_options *options);
struct sim_consumer *sim_consumer_of(struct sim_process *process);
/* Begins again where the partition's log begins. */
void sim_consumer_rewind(struct sim_consumer *c, uint32_t partition);
/* The offset that it reads next; -1: not known yet. */
int64_t sim_consumer_position(const struct sim_consumer *c, uint32_t partition);
/* The high watermark that the leader told last; -1: none. */
int64_t sim_consumer_high_watermark(const struct sim_consumer *c, uint32_t partition);
/* Answers that told OFFSET_OUT_OF_RANGE. */
uint64_t sim_consumer_out_of_range(const struct sim_consumer *c);

#endif
