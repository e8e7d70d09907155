/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_DIR_H
#define CORDUROY_BROKER_LOG_LOG_DIR_H

#include "broker/log/log.h"

/* One data directory of a broker (an entry of log.dirs): the commit journal, the write-back to
 * segments, recovery, the checkpoints and the lock. Made before the shards start; its lanes' state
 * is touched by its disk threads only. */
struct log_dir_config {
    unsigned index;             /* into log.dirs: the `dir` of its disk jobs */
    const char *path;           /* for messages only: file operations are rooted there */
    int unusable;               /* -errno: it could not even be opened; no file is touched */
    int32_t broker_id;          /* -1: take what meta.properties says */
    uint32_t journal_file_size; /* 32 MiB; smaller in tests */
    uint64_t space_reserve;     /* bytes kept free on the file system */
    int64_t idle_round_ms;      /* 50 */
    unsigned files_max; /* descriptors kept for writing, and so many for each shard for reading; 0:
                           as many as there is use for */
    struct log_config defaults;
    unsigned mutation; /* common/mutation.h; heard only with -DCORDUROY_MUTATIONS */
    struct uuid fresh_directory_id, fresh_storage_id,
        fresh_journal_id; /* random: used where the directory has none yet */
};
struct log_dir *log_dir_new(const struct log_dir_config *config);
void log_dir_free(struct log_dir *dir); /* after its last job is home */

/* Another directory of the broker that could not be used, and the incarnation under which the
 * broker was known when that began. Noted in the directories that are left: when it comes back as
 * it was left then, it is trusted. */
struct log_dir_offline {
    const char *path;
    uint64_t since;
};

/* What a start finds. */
struct log_found {
    struct partition_id id;
    char *topic;
    struct log *log; /* not attached to a shard yet */
    bool suspect;
    char *why; /* suspect: which offsets, for people */
};
struct log_dir_load {
    struct disk_job job; /* used by the load */
    void (*done)(struct log_dir_load *load);
    void *context; /* the caller's */
    struct log_dir *dir;
    int error;     /* 0, or -errno with message: the directory cannot be used */
    bool refused;  /* with error: it is another's, or not understood: a person has to decide. Else
                      the disk or file system is broken */
    char *message; /* for people: what is wrong and what to do */
    bool clean;    /* the last stop was clean */
    bool has_data; /* any log was found */
    char *cluster_id; /* of meta.properties without our mark; NULL when there is none yet */
    int32_t broker_id;
    struct uuid directory_id, storage_id;
    uint64_t incarnation_last,
        incarnation_next;            /* of the marker: last registered, about to be; 0: none */
    int32_t controller_epoch;        /* the highest that was noted; 0: none */
    struct log_dir_offline *offline; /* as noted */
    uint32_t offline_count;
    struct log_found *found;
    uint32_t found_count;
};
/* Takes the lock, checks the marks, recovers from the journal when the last stop was not clean,
 * opens every log. Shard 0. */
void log_dir_load(struct log_dir *dir, struct reactor *reactor, struct log_dir_load *load);
/* Frees the arrays and strings of a finished load (not the logs). */
void log_dir_load_deinit(struct log_dir_load *load);

/* Writes and syncs meta.properties: cluster id, broker id, storage id, the incarnations and what is
 * noted. After the load; shard 0. */
struct log_dir_mark {
    struct disk_job job;
    void (*done)(struct log_dir_mark *mark);
    void *context;          /* the caller's */
    const char *cluster_id; /* NULL: as it is */
    int32_t broker_id;
    struct uuid storage_id; /* zero: as it is */
    uint64_t incarnation_last, incarnation_next;
    int32_t controller_epoch;              /* 0: as it is */
    const struct log_dir_offline *offline; /* all of them; copied, but not the paths */
    uint32_t offline_count;
    struct log_dir_offline *offline_copy; /* used by the mark */
    /* When set, before the marker is written: every log found is marked as suspect, for this
     * reason, durably (a later start finds it so too). Only before the logs were attached. */
    const char *distrust;
    struct log_found *found;
    uint32_t found_count;
    int error;
};
void log_dir_mark(struct log_dir *dir, struct reactor *reactor, struct log_dir_mark *mark);

/* Nothing that the logs of this shard did in the directory is under way: every append, cut,
 * creation and removal is in place. True of a directory that failed: nothing will be. The shard's
 * thread. */
bool log_dir_rests(const struct log_dir *dir, const struct reactor *reactor);

/* Clean stop: called on shard 0 once the directory rests on every shard, and nothing new is begun.
 * Drains the write-back, writes indexes, snapshots, checkpoints and the clean mark. */
struct log_dir_stop {
    struct disk_job job;
    void (*done)(struct log_dir_stop *stop);
    void *context;           /* the caller's */
    struct reactor *reactor; /* used by the stop */
    int error;
};
void log_dir_stop(struct log_dir *dir, struct reactor *reactor, struct log_dir_stop *stop);

/* It is used no more: as if a write of it had failed. Every shard's logs hear it, from events. The
 * reactor's thread. */
void log_dir_give_up(struct log_dir *dir, struct reactor *reactor);
/* Any thread. */
bool log_dir_is_failed(const struct log_dir *dir);
/* The logs that lie in it, of all shards: those that the load found and those made since, less the
 * ones deleted. Any thread. */
uint32_t log_dir_log_count(const struct log_dir *dir);
/* Where a new log goes: the index of the directory with the fewest logs, as in Kafka, of those that
 * did not fail; the first of several. count: there is none. Any thread. */
unsigned log_dir_choose(struct log_dir *const *dirs, unsigned count);
/* Appended bytes that are not in place yet: while over, producers and producing streams are not
 * read (back-pressure). */
struct account *log_dir_tail(struct log_dir *dir);

#endif
