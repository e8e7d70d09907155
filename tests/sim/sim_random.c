/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_random.h"

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

void sim_random_init(struct sim_random *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        r->s[i] = z ^ (z >> 31);
    }
}

uint64_t sim_random_next(struct sim_random *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t sim_random_below(struct sim_random *r, uint64_t bound)
{
    return bound ? sim_random_next(r) % bound : 0;
}

uint64_t sim_random_range(struct sim_random *r, uint64_t min, uint64_t max)
{
    return max <= min ? min : min + sim_random_below(r, max - min + 1);
}

bool sim_random_once_in(struct sim_random *r, uint64_t times)
{
    return times && sim_random_below(r, times) == 0;
}
