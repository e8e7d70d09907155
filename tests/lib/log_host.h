/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_LOG_HOST_H
#define CORDUROY_TESTS_LIB_LOG_HOST_H

#include "broker/log/log.h"
#include "broker/log/log_dir.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/step_world.h"

/* One broker process's view of one data directory on a disk in memory, for tests of logs: started,
 * stopped in good order, or thrown away. */
struct log_host {
    struct file_mem *disk;
    struct step_world world;
    struct log_dir *dir;
    struct log_dir_load load;
    bool loaded;
};
struct log_host_config {
    uint32_t journal_file_size;
    unsigned shard_count; /* 0: one */
    unsigned mutation;
    uint64_t seed; /* of the ids that a new directory takes */
};
#define LOG_HOST_SEGMENT_BYTES 4096u

/* Small segments and indexes, an entry for nearly every batch, nothing retained away. */
struct log_config log_host_log_config(void);
/* Mounts the disk and loads the directory; false when it cannot be used (load.message). */
bool log_host_start(struct log_host *h, struct file_mem *disk, const struct log_host_config *c);
/* A clean stop. 0 or -errno; the host is gone. */
int log_host_stop(struct log_host *h);
/* The process is killed, or its power is gone. */
void log_host_kill(struct log_host *h);
/* A log that the load found, attached to a shard; NULL: none. */
struct log *log_host_find(struct log_host *h, struct partition_id id, unsigned shard);

/* A batch of `count` records with this timestamp; its bytes follow from tag. Three of four tags are
 * of an idempotent producer, number tag % 4. */
struct buf *log_host_batch(uint64_t tag, uint32_t count, uint32_t value_size, int64_t timestamp_ms);
enum log_outcome log_host_append(struct log *log, struct buf *batch, int32_t epoch,
                                 struct log_place *ret);

/* All records from an offset to the end, read step by step; a new buf with the batches. NULL when a
 * read failed (*ret_outcome). */
struct buf *log_host_read(struct log_host *h, struct log *log, int64_t from, uint32_t step,
                          enum log_outcome *ret_outcome);

/* The first partition of the topic with this number. */
struct partition_id log_host_id(uint8_t topic);
/* A new log for it, on shard 0. Its directory is topicN-0. */
struct log *log_host_make(struct log_host *h, uint8_t topic);
/* Appends so many batches of three records; a record's timestamp is 1000 + its batch's offset. */
void log_host_fill(struct log *log, unsigned count, int32_t epoch);
/* What the load said of it; NULL: it found none. */
const struct log_found *log_host_found(const struct log_host *h, uint8_t topic);
/* A file of the directory; the test fails when there is none. */
uint64_t log_host_file_size(struct file_mem *disk, const char *path);

#endif
