/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_MEM_BYTES_H
#define CORDUROY_TESTS_LIB_MEM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of one file on the disk of file_mem.h: what readers see, what is durable, and the
 * changes between the two. Sectors are shared between versions and between copies. */

#define MEM_SECTOR_SIZE 512u

struct mem_sector; /* counted, never changed once shared; NULL stands for zeros */

/* One unsynced change: what the sector held after it. */
struct mem_change {
    uint64_t index;
    struct mem_sector *content;
    bool clean; /* a failed sync passed over it: no later sync writes it */
};

struct mem_bytes {
    struct mem_sector **current, **durable;
    uint8_t *marks;         /* per sector: has a change below */
    size_t sector_capacity; /* of these three arrays */
    uint64_t size, durable_size;
    struct mem_change *changes; /* oldest first */
    size_t change_count, change_capacity;
    uint64_t *sizes; /* that the file had since its last sync */
    size_t size_count, size_capacity;
};

/* A small generator (splitmix64), so that runs repeat. */
struct mem_random {
    uint64_t state;
};
uint64_t mem_random_next(struct mem_random *random);
/* True in so many of 100 cases. */
bool mem_random_percent(struct mem_random *random, unsigned percent);

/* How a loss of power treats what is unsynced. */
struct mem_loss {
    struct mem_random random;
    unsigned keep;    /* percent of changes that were written back */
    uint64_t torn_at; /* number of the change, over all files, that is torn */
    uint64_t passed;  /* changes passed so far */
};

void mem_bytes_deinit(struct mem_bytes *b);
void mem_bytes_copy(struct mem_bytes *to, const struct mem_bytes *from);
uint64_t mem_bytes_read(const struct mem_bytes *b, void *to, uint64_t size, uint64_t pos);
void mem_bytes_write(struct mem_bytes *b, const uint8_t *from, uint64_t size, uint64_t pos);
void mem_bytes_truncate(struct mem_bytes *b, uint64_t size);
void mem_bytes_sync(struct mem_bytes *b);
void mem_bytes_sync_failed(struct mem_bytes *b);
void mem_bytes_flip(struct mem_bytes *b, uint64_t pos, uint8_t mask);
uint64_t mem_bytes_unsynced(const struct mem_bytes *b);
void mem_bytes_lose_power(struct mem_bytes *b, struct mem_loss *loss);

#endif
