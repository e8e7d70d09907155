/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_JOURNAL_FORMAT_H
#define CORDUROY_BROKER_LOG_JOURNAL_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/assert.h"
#include "common/uuid.h"
#include "common/view.h"

/* The bytes of the commit journal; broker/log/README.md draws them. A journal file is a row of
 * blocks; a round starts on a block, is padded with zeros, and never shares a block with another.
 * All integers are big-endian. Pure functions, any thread. */

#define JOURNAL_BLOCK_SIZE 4096u
#define JOURNAL_ROUND_HEADER_SIZE 56u
#define JOURNAL_ENTRY_HEADER_SIZE 32u
#define JOURNAL_ENDS_SIZE (JOURNAL_ENTRY_HEADER_SIZE + 16u)

enum journal_kind {
    JOURNAL_NOTHING = 0, /* never written: asks for a round without an entry */
    JOURNAL_APPEND = 1,  /* base i64, end i64, segment i64, pos u32, size u32, bytes */
    /* 2 is kept free for a note of a large batch that went into its segment directly. */
    JOURNAL_START = 3, /* start i64: the log starts here now */
    JOURNAL_TRUNC = 4, /* end i64, segment i64, pos u32, epoch i32 of the last record left */
    JOURNAL_OPEN = 5,  /* start i64, topic name: an empty log is made */
    JOURNAL_DROP = 6,  /* the replica is removed */
    JOURNAL_ENDS = 7,  /* confirmed end i64, high watermark i64 */
    JOURNAL_RESET = 8, /* start i64: all is dropped, the empty log starts here */
};

struct journal_round {
    uint64_t number;
    uint64_t durable; /* the last round that was durable when this one was written */
    uint64_t floor;   /* rounds below it need no replay */
    uint32_t size;    /* bytes without the padding */
    uint32_t entry_count;
};

/* Fields that a kind does not have are 0. */
struct journal_entry {
    enum journal_kind kind;
    struct partition_id id;
    int64_t base;           /* APPEND */
    int64_t end;            /* APPEND, TRUNC, ENDS: the offset after the last record */
    int64_t segment;        /* APPEND, TRUNC: base offset of the segment */
    uint32_t pos;           /* APPEND, TRUNC: place in it */
    int32_t epoch;          /* TRUNC */
    int64_t start;          /* START, OPEN, RESET */
    int64_t high_watermark; /* ENDS */
    struct view bytes;      /* APPEND: the batches */
    struct view topic;      /* OPEN */
};

static inline uint64_t journal_padded(uint64_t size)
{
    return (size + JOURNAL_BLOCK_SIZE - 1) & ~(uint64_t)(JOURNAL_BLOCK_SIZE - 1);
}

/* Bytes that the entry takes in a round. */
uint32_t journal_entry_size(const struct journal_entry *entry);
/* Writes the entry at `to`, which has room for journal_entry_size bytes; returns that size. */
uint32_t journal_entry_encode(const struct journal_entry *entry, uint8_t *to);
/* The same without the bytes of an APPEND, which end it and stay where they are; returns the size
 * of what it wrote. */
uint32_t journal_entry_encode_head(const struct journal_entry *entry, uint8_t *to);
/* Takes the next entry off *rest; its views point into the bytes. False when the bytes are none. */
MUST_CHECK bool journal_entry_decode(struct view *rest, struct journal_entry *ret);

/* Writes header and checksum of a round whose entries stand at to + JOURNAL_ROUND_HEADER_SIZE. */
void journal_round_seal(uint8_t *to, struct uuid journal_id, const struct journal_round *round);
/* The same for a round that lies in several parts, of round->size bytes together and without the
 * padding. The first one begins at `to` with the header. */
void journal_round_seal_parts(uint8_t *to, struct uuid journal_id,
                              const struct journal_round *round, const struct iovec *parts,
                              int count);

enum journal_round_verdict {
    JOURNAL_ROUND_VALID = 0,
    JOURNAL_ROUND_NONE = 1,    /* no round of this journal starts here */
    JOURNAL_ROUND_DAMAGED = 2, /* one starts here, but its checksum or size is wrong */
};
/* Judges the bytes from the start of a block to the end of the file. When a round starts there
 * (VALID or DAMAGED) *ret is its header as it stands. */
enum journal_round_verdict journal_round_check(struct view bytes, struct uuid journal_id,
                                               struct journal_round *ret);

#endif
