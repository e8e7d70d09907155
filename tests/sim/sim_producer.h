/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_PRODUCER_H
#define CORDUROY_TESTS_SIM_SIM_PRODUCER_H

#include "tests/sim/sim_client.h"

/* A producer with acks=all that writes to every partition of its history, in batches, several in
 * flight, and tries again as clients do: after an error or a lost connection it waits until nothing
 * of that partition is in flight and sends again from the first that is not acknowledged. An
 * idempotent one never gives up; another does after a while, which leaves the outcome unknown. */
struct sim_producer_options {
    struct sim_client_options client;
    uint32_t number; /* of the producer, in the history */
    bool idempotent;
    int16_t version;                           /* of Produce: 9 to 11 */
    uint32_t interval_min_ms, interval_max_ms; /* between two new batches */
    uint32_t records_max, size_max;            /* per batch; of a value, at least 8 */
    uint32_t in_flight_max;                    /* batches per partition */
    int32_t timeout_ms;                        /* in the request */
    uint32_t give_up_ms;
};
struct sim_producer;
/* options are copied. */
struct sim_process *sim_producer_start(struct sim_host *host,
                                       const struct sim_producer_options *options);
struct sim_producer *sim_producer_of(struct sim_process *process);
/* Makes no more records. */
void sim_producer_stop(struct sim_producer *p);
/* Nothing is left to be acknowledged. */
bool sim_producer_is_idle(const struct sim_producer *p);

#endif
