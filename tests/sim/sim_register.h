/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_REGISTER_H
#define CORDUROY_TESTS_SIM_SIM_REGISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The history of one register whose writes all have different values, checked for linearizability
 * as it grows. The rule is that of Gibbons and Korach ("Testing Shared Memories", 1997): the write
 * of a value and its reads are a cluster; between the earliest end and the latest start in it lies
 * its zone. There is an order of all operations that fits their times if and only if no read ends
 * before its write starts, no two zones overlap that run from an end to a later start, and none of
 * the others lies inside of one of those. A write without an outcome that nobody has read says
 * nothing. Values of writes grow from 1; 0 is what the register holds at first. */
struct sim_write {
    uint64_t value;
    uint64_t start_ns; /* the latest start of the cluster */
    uint64_t end_ns;   /* its earliest end; UINT64_MAX: none yet */
    uint64_t begun_ns; /* of the write itself */
    bool acked, refused;
};
struct sim_register {
    struct sim_write *writes; /* by value */
    size_t count, capacity;
};

void sim_register_init(struct sim_register *r);
void sim_register_deinit(struct sim_register *r);
/* A write is about to be sent; its value is larger than that of any write before. */
void sim_register_begin(struct sim_register *r, uint64_t value, uint64_t now_ns);
/* What came of it. What contradicts the history is returned, as text in static storage; NULL: it
 * fits. */
const char *sim_register_acked(struct sim_register *r, uint64_t value, uint64_t now_ns);
/* It surely has no effect. */
const char *sim_register_refused(struct sim_register *r, uint64_t value);
/* Somebody read this value, between these times. */
const char *sim_register_read(struct sim_register *r, uint64_t value, uint64_t begun_ns,
                              uint64_t ended_ns);
/* NULL: no such write. */
const struct sim_write *sim_register_find(const struct sim_register *r, uint64_t value);

#endif
