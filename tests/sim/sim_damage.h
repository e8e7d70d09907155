/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_DAMAGE_H
#define CORDUROY_TESTS_SIM_SIM_DAMAGE_H

#include <stdbool.h>

#include "tests/lib/file_mem.h"
#include "tests/sim/sim_random.h"

/* Bit rot in the commit journal of a data directory whose broker is off: one byte of a round that a
 * later round states to be durable and that still has to be replayed. Never the last durable round:
 * that one is told from a torn one by nothing. False: there is no such round. ret (may be NULL):
 * what was flipped where. */
struct sim_damage {
    const char *path;
    uint64_t pos;
    uint8_t mask;
};
bool sim_damage_journal(struct file_mem *disk, struct sim_random *random, struct sim_damage *ret);

#endif
