/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_RANDOM_H
#define CORDUROY_TESTS_SIM_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* The only source of chance in a simulated run: xoshiro256** (Blackman and Vigna, public domain
 * algorithm), seeded through splitmix64. One thread. */
struct sim_random {
    uint64_t s[4];
};

void sim_random_init(struct sim_random *r, uint64_t seed);
uint64_t sim_random_next(struct sim_random *r);
/* A number in [0, bound); bound 0 gives 0. The bias of a plain remainder is of no concern here. */
uint64_t sim_random_below(struct sim_random *r, uint64_t bound);
/* A number in [min, max]. */
uint64_t sim_random_range(struct sim_random *r, uint64_t min, uint64_t max);
/* True once in so many times; 0: never. */
bool sim_random_once_in(struct sim_random *r, uint64_t times);

#endif
