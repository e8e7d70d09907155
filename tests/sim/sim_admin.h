/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_ADMIN_H
#define CORDUROY_TESTS_SIM_SIM_ADMIN_H

#include "tests/sim/sim_client.h"

/* A client that creates the topics of its history, asking again until each is there and every
 * partition has a leader. */
struct sim_admin_options {
    struct sim_client_options client;
    int16_t replication_factor;
    int32_t min_isr;
    uint32_t segment_bytes;                /* 0: the default */
    int64_t retention_ms, retention_bytes; /* 0: no limit */
    bool unclean;                          /* unclean.leader.election.enable */
};
struct sim_admin;
/* options are copied. */
struct sim_process *sim_admin_start(struct sim_host *host, const struct sim_admin_options *options);
/* Every topic is there, every partition has a leader. */
bool sim_admin_is_done(struct sim_process *process);
/* Makes what is not there once more. */
void sim_admin_again(struct sim_process *process);

#endif
