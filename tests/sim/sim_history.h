/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_HISTORY_H
#define CORDUROY_TESTS_SIM_SIM_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/map.h"
#include "common/uuid.h"
#include "common/view.h"
#include "tests/sim/sim_world.h"

/* What clients sent, what was acknowledged, and what anybody saw below a high watermark. Each
 * record has a number that its value spells, so every sighting names one record. The first sighting
 * or acknowledgement of an offset binds it for good: from then on everybody must find that record
 * there. The first contradiction stops the world; its text stands in `violation`. */
enum sim_outcome {
    SIM_SENT,
    SIM_ACKNOWLEDGED,
    SIM_UNKNOWN, /* given up: it may be there, once or more often, or not */
    SIM_REFUSED, /* surely not there: it never left, or was refused before the append */
};
struct sim_record {
    uint32_t partition; /* index into sim_history.partitions */
    uint32_t producer;
    uint32_t size;   /* of its value */
    bool idempotent; /* never at two offsets; but see may_repeat */
    bool again;      /* it was removed before its acknowledgement was heard, and came once more */
    uint64_t made_ns;
    enum sim_outcome outcome;
    int64_t offset; /* where it was acknowledged or first seen; -1: nowhere yet */
};
#define SIM_NO_RECORD UINT32_MAX
struct sim_partition_history {
    uint32_t topic;
    int32_t number;
    uint32_t *bound; /* [offset] -> record */
    size_t count, capacity;
    int64_t acked_end;   /* after the largest acknowledged offset */
    int64_t seen_end;    /* after the largest offset that a reader saw */
    int64_t removed_end; /* retention has removed what lies below it */
    /* The only copy in sync is damaged: the partition stays offline and says so. Nothing is asked
     * of it any more but that nothing false is told. */
    bool lost;
    /* A leader was elected uncleanly: nothing is bound to its offset until it begins anew. */
    bool unclean;
    struct map matched; /* (leader epoch, offset) -> record + 1; sim_history_matched */
};
struct sim_topic_history {
    char name[32];
    struct uuid id;           /* zero until a client has learnt it */
    int32_t partition_count;  /* places: those that it may grow to are counted */
    int32_t made;             /* so many it has, or was asked to have */
    int32_t standing;         /* so many stand in its node, by ZooKeeper's truth */
    uint32_t first_partition; /* index of its partition 0 */
    /* It comes and goes: what is in it is nobody's to rely on, and nobody reads it. */
    bool fleeting;
};
#define SIM_TOPICS_MAX 8
struct sim_history {
    struct sim_world *world;
    struct sim_record *records;
    size_t record_count, record_capacity;
    struct sim_topic_history topics[SIM_TOPICS_MAX];
    uint32_t topic_count;
    struct sim_partition_history *partitions;
    size_t partition_count, partition_capacity;
    uint64_t acknowledged, unknown, refused, duplicates;
    /* A replica that lacks what retention has removed may lead, and take a batch that was removed
     * before its acknowledgement was heard once more. */
    bool may_repeat;
    bool ids_are_told; /* by ZooKeeper's truth: what a client has learnt may be old */
    char *violation;
};

struct sim_history *sim_history_new(struct sim_world *w);
void sim_history_free(struct sim_history *h);
/* Returns the topic's index. */
uint32_t sim_history_topic(struct sim_history *h, const char *name, int32_t partition_count);
/* Whether anybody has asked for it: the topic may grow to it yet. */
bool sim_history_is_made(const struct sim_history *h, uint32_t partition);
/* The index of the partition; SIM_NO_RECORD when the topic is not one of the history's. */
uint32_t sim_history_find(const struct sim_history *h, struct view topic, int32_t number);
uint32_t sim_history_find_id(const struct sim_history *h, struct uuid topic, int32_t number);

/* Partitions before those of a topic that comes and goes, which is the last one. */
uint32_t sim_history_kept(const struct sim_history *h);
bool sim_history_is_fleeting(const struct sim_history *h, uint32_t partition);

/* A new record, about to be sent. */
uint32_t sim_history_add(struct sim_history *h, uint32_t partition, uint32_t producer,
                         uint32_t size, bool idempotent);
/* Its value: at least 8 bytes; `to` has room for its size. */
void sim_history_value(const struct sim_history *h, uint32_t record, uint8_t *to);
/* offset -1: acknowledged as a duplicate whose offset is not told. */
void sim_history_acked(struct sim_history *h, uint32_t record, int64_t offset);
void sim_history_gave_up(struct sim_history *h, uint32_t record, bool surely_not_there);
/* Somebody (`who`, for the message) found this value at that offset, below a high watermark. */
void sim_history_seen(struct sim_history *h, uint32_t partition, int64_t offset, struct view value,
                      const char *who);
/* A copy, committed or not, holds this value at that offset in a batch of that leader epoch: so do
 * all that have anything there of that epoch. */
void sim_history_matched(struct sim_history *h, uint32_t partition, int32_t leader_epoch,
                         int64_t offset, struct view value, const char *who);
/* Forgets what the partition's records were bound to, after an unclean election: they may be there
 * or not, and its log starts at removed_end. */
void sim_history_begin_anew(struct sim_history *h, uint32_t partition, int64_t removed_end);
/* A reader moved past that offset. */
void sim_history_read_to(struct sim_history *h, uint32_t partition, int64_t end);
/* The last look: every acknowledged record is bound where it was acknowledged and lies below the
 * final ends (one per partition, as a reader of the healed cluster found them); the records of an
 * idempotent producer are in the order of sending. */
void sim_history_finish(struct sim_history *h, const int64_t *ends);

/* Notes a violation (the first counts) and stops the world. */
void sim_violation(struct sim_history *h, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
