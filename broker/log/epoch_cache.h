/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_EPOCH_CACHE_H
#define CORDUROY_BROKER_LOG_EPOCH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/log/checkpoint.h"
#include "common/assert.h"
#include "common/file.h"

/* Which leader epoch wrote which offsets (KIP-101): entries {epoch, start offset}, both strictly
 * increasing. It follows from the batches' headers and can be rebuilt from them. On disk it is
 * Kafka's leader-epoch-checkpoint, lines "<epoch> <start offset>", replaced as a whole. */

#define EPOCH_CACHE_FILE "leader-epoch-checkpoint"

struct epoch_entry {
    int32_t epoch;
    int64_t start_offset;
};

struct epoch_cache {
    struct epoch_entry *entries;
    size_t count, capacity;
};
#define EPOCH_CACHE_INIT ((struct epoch_cache){0})

void epoch_cache_deinit(struct epoch_cache *c);
void epoch_cache_clear(struct epoch_cache *c);

/* The epoch starts at the offset. Entries that contradict it (epoch or start at or beyond) are
 * removed from the end first, as Kafka does. True when the cache changed (then store it). Neither
 * is negative. */
bool epoch_cache_assign(struct epoch_cache *c, int32_t epoch, int64_t start_offset);
/* -1 when there is none. */
int32_t epoch_cache_latest(const struct epoch_cache *c);
/* The epoch of the record at the offset; -1 below the first entry. */
int32_t epoch_cache_epoch_of(const struct epoch_cache *c, int64_t offset);

/* Where the epoch ends in this log, as OffsetForLeaderEpoch answers (KIP-279): the largest epoch
 * here at or below it and the start of the next one, log_end for the latest; {-1, -1} when the
 * cache is empty, the epoch is -1 or above all; {epoch, start of the first} when it is below
 * all. */
struct epoch_end {
    int32_t epoch;
    int64_t end_offset;
};
struct epoch_end epoch_cache_end_offset_for(const struct epoch_cache *c, int32_t epoch,
                                            int64_t log_end);

/* Drops entries that start at or beyond the offset. True when the cache changed. */
bool epoch_cache_truncate_end(struct epoch_cache *c, int64_t end_offset);
/* Drops entries that end at or before the offset; the one that covers it starts there then. */
bool epoch_cache_truncate_start(struct epoch_cache *c, int64_t start_offset);

/* dir_path is the partition's directory. */
MUST_CHECK int epoch_cache_store(const struct epoch_cache *c, const struct file_ops *ops, void *fs,
                                 const char *dir_path);
/* 0, -errno (-ENOENT: no file), or CHECKPOINT_MALFORMED with why (not increasing, too). */
MUST_CHECK int epoch_cache_load(struct epoch_cache *c, const struct file_ops *ops, void *fs,
                                const char *dir_path, char why[CHECKPOINT_WHY_SIZE]);

#endif
