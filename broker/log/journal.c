/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/journal.h"

#include <errno.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/mutation.h"

#define ROUND_SIZE_MAX (UINT64_C(4) << 20)
/* One write makes one piece of the page cache, as large as itself; in larger ones the kernel takes
 * longer to find the pages of a small round. */
#define ZERO_STEP (UINT64_C(256) << 10)
#define BUFFER_KEPT (UINT64_C(1) << 20)
/* Bytes of an append below this are copied into the round; larger ones are written from where they
 * are: an element more of a vector costs less than the copy. */
#define APART_MIN 4096u

const char *journal_file_name(unsigned file)
{
    return file == 0 ? "corduroy-journal-0" : "corduroy-journal-1";
}

void journal_init(struct journal *j, struct uuid id, uint64_t file_size, unsigned mutation)
{
    PRE(file_size % JOURNAL_BLOCK_SIZE == 0 && file_size >= 16 * JOURNAL_BLOCK_SIZE);
    *j = (struct journal){.id = id, .file_size = file_size, .mutation = mutation};
    j->round_size_max = file_size / 8 < ROUND_SIZE_MAX ? file_size / 8 : ROUND_SIZE_MAX;
    /* A file takes rounds until it is filled to `usable`; the last of them may go beyond it by one
     * round at its largest (its ends, then as many entries as fit or a single large one). So what
     * was promised room always finds a place, whatever the cuts between rounds. */
    uint64_t round_max =
        journal_padded(journal_entry_size_max(j) + j->round_size_max * 3 / 2) + JOURNAL_BLOCK_SIZE;
    j->usable = file_size - 2 * JOURNAL_BLOCK_SIZE - round_max;
    atomic_init(&j->room, (int64_t)(2 * j->usable));
    j->open_last = &j->open_first;
    journal_start(j, 1, 1, 1);
}

void journal_deinit(struct journal *j)
{
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        file_unref(j->files[i]);
    free(j->buffer);
    free(j->parts);
    *j = (struct journal){0};
}

void journal_start(struct journal *j, uint64_t next_round, uint64_t floor, unsigned floor_file)
{
    j->next_round = next_round;
    atomic_store(&j->floor, floor);
    j->current = 1 - floor_file;
    j->last_round[j->current] = 0;
    j->last_round[floor_file] = next_round - 1;
    j->reusable[j->current] = false;
    j->reusable[floor_file] = false;
    atomic_store(&j->round_released, next_round - 1);
}

static bool file_fits(struct journal *j, struct file *file)
{
    return file->ops->size(file) == (int64_t)j->file_size;
}

static int zero_file(struct journal *j, struct file *file)
{
    uint8_t *zeros = xcalloc(1, ZERO_STEP);
    int error = 0;
    for (uint64_t pos = 0; pos < j->file_size && !error; pos += ZERO_STEP) {
        uint64_t size = j->file_size - pos < ZERO_STEP ? j->file_size - pos : ZERO_STEP;
        error = file->ops->pwritev(file, &(struct iovec){zeros, (size_t)size}, 1, pos);
    }
    free(zeros);
    return error ? error : file->ops->datasync(file);
}

int journal_open_files(struct journal *j, const struct file_ops *files, void *fs)
{
    bool made = false;
    for (unsigned i = 0; i < JOURNAL_FILES; i++) {
        if (j->files[i])
            continue;
        struct file *file;
        int error = files->open(fs, journal_file_name(i), FILE_WRITE | FILE_CREATE, &file);
        if (error)
            return error;
        if (!file_fits(j, file)) {
            made = true;
            error = files->truncate(file, 0);
            if (!error)
                error = zero_file(j, file);
            if (error) {
                file_unref(file);
                return error;
            }
        }
        j->files[i] = file;
    }
    int error = made ? files->sync_dir(fs, "") : 0;
    if (!error)
        atomic_store(&j->made, true);
    return error;
}

int journal_write_floor(struct journal *j, const struct file_ops *files, void *fs)
{
    int error = journal_open_files(j, files, fs);
    if (error)
        return error;
    /* The largest floor stands in the round written last, so in the current file, unless none was
     * written since the start. */
    unsigned holder = j->last_round[j->current] ? j->current : 1 - j->current;
    struct file *file = j->files[1 - holder];
    struct journal_round round = {.number = j->next_round,
                                  .durable = j->next_round - 1,
                                  .floor = j->next_round,
                                  .size = JOURNAL_ROUND_HEADER_SIZE};
    uint8_t block[JOURNAL_BLOCK_SIZE] = {0};
    journal_round_seal(block, j->id, &round);
    error = files->pwritev(file, &(struct iovec){block, sizeof block}, 1,
                           j->file_size - JOURNAL_BLOCK_SIZE);
    if (!error)
        error = files->datasync(file);
    if (!error)
        journal_start(j, round.number + 1, round.number, 1 - holder);
    return error;
}

void journal_log_init(struct journal_log *log, struct partition_id id, int64_t end,
                      int64_t high_watermark)
{
    *log = (struct journal_log){.id = id, .end = end};
    atomic_init(&log->high_watermark, high_watermark);
}

void journal_item_init(struct journal_item *item, struct journal *j, unsigned dir)
{
    item->job.run = journal_run;
    item->job.context = j;
    item->job.lane = LANE_COMMIT;
    item->job.dir = dir;
    item->job.error = 0;
    item->entry.kind = JOURNAL_NOTHING;
    item->log = NULL;
    item->reserved = 0;
}

uint64_t journal_entry_size_max(const struct journal *j)
{
    return j->file_size / 4 + 2 * JOURNAL_ENTRY_HEADER_SIZE;
}

/* ---- room ---- */

bool journal_reserve(struct journal *j, struct journal_item *item)
{
    /* A round of its own, and another for stating its end. */
    uint64_t need = journal_padded(JOURNAL_ROUND_HEADER_SIZE + journal_entry_size(&item->entry)) +
                    JOURNAL_ENDS_SIZE + JOURNAL_BLOCK_SIZE;
    int64_t room = atomic_load(&j->room);
    do {
        if (room < (int64_t)need)
            return false;
    } while (!atomic_compare_exchange_weak(&j->room, &room, room - (int64_t)need));
    item->reserved = need;
    return true;
}

bool journal_owes_floor(struct journal *j)
{
    return atomic_load(&j->round_released) + 1 > atomic_load(&j->floor);
}

/* ---- a round ---- */

struct gather {
    struct disk_job *first, *rest; /* items [first, rest) make the round */
    uint64_t size, apart;          /* apart: of it, what is written from where it is */
    uint32_t entry_count, apart_count;
    uint64_t reserved;
    bool asked; /* an item without an entry wants the ends stated */
};

static struct journal_item *item_of(struct disk_job *job)
{
    return CONTAINER_OF(job, struct journal_item, job);
}

static bool is_apart(const struct journal_entry *entry)
{
    return entry->kind == JOURNAL_APPEND && entry->bytes.size >= APART_MIN;
}

static void gather_items(const struct journal *j, struct disk_job *batch, struct gather *g)
{
    uint64_t ends = j->open_count * JOURNAL_ENDS_SIZE, entries = 0;
    *g = (struct gather){.first = batch, .rest = batch, .entry_count = (uint32_t)j->open_count};
    for (; g->rest; g->rest = g->rest->next) {
        struct journal_item *item = item_of(g->rest);
        if (item->entry.kind == JOURNAL_NOTHING) {
            g->asked = true;
            continue;
        }
        uint64_t size = journal_entry_size(&item->entry);
        if (entries > 0 && entries + size > j->round_size_max)
            break;
        entries += size;
        g->entry_count++;
        if (is_apart(&item->entry)) {
            g->apart += item->entry.bytes.size;
            g->apart_count++;
        }
        g->reserved += item->reserved;
    }
    g->size = JOURNAL_ROUND_HEADER_SIZE + ends + entries;
}

static uint8_t *round_buffer(struct journal *j, uint64_t size)
{
    if (j->buffer_size < size) {
        free(j->buffer);
        j->buffer = xmalloc((size_t)size);
        j->buffer_size = (size_t)size;
    }
    return j->buffer;
}

static uint32_t encode_ends(struct journal_log *log, uint8_t *to)
{
    int64_t high_watermark = atomic_load_explicit(&log->high_watermark, memory_order_relaxed);
    struct journal_entry ends = {
        .kind = JOURNAL_ENDS,
        .id = log->id,
        .end = log->end,
        .high_watermark = high_watermark < log->end ? high_watermark : log->end,
    };
    return journal_entry_encode(&ends, to);
}

/* The ends of what the rounds before made durable first, then the entries in their order. Large
 * appends stay where they are, all else goes into the buffer, one after the other. Returns how many
 * of j->parts make the round, with its padding. */
static int encode_round(struct journal *j, const struct gather *g,
                        const struct journal_round *round, uint64_t padded)
{
    uint8_t *to = round_buffer(j, padded - g->apart);
    uint8_t *from = to, *at = to + JOURNAL_ROUND_HEADER_SIZE;
    int count = 0;
    j->parts = xgrow(j->parts, &j->part_capacity, 2 * (size_t)g->apart_count + 1, sizeof *j->parts);
    for (struct journal_log *log = j->open_first; log; log = log->next_open)
        at += encode_ends(log, at);
    for (struct disk_job *job = g->first; job != g->rest; job = job->next) {
        const struct journal_entry *entry = &item_of(job)->entry;
        if (entry->kind == JOURNAL_NOTHING)
            continue;
        if (!is_apart(entry)) {
            at += journal_entry_encode(entry, at);
            continue;
        }
        at += journal_entry_encode_head(entry, at);
        j->parts[count++] = (struct iovec){from, (size_t)(at - from)};
        j->parts[count++] = (struct iovec){(void *)entry->bytes.base, entry->bytes.size};
        from = at;
    }
    size_t padding = (size_t)(padded - g->size);
    INVARIANT((uint64_t)(at - to) + g->apart == g->size);
    memset(at, 0, padding);
    j->parts[count++] = (struct iovec){from, (size_t)(at - from)};
    journal_round_seal_parts(to, j->id, round, j->parts, count);
    j->parts[count - 1].iov_len += padding;
    return count;
}

static void open_slot(struct journal *j)
{
    uint64_t slot = atomic_load(&j->slot_current) + 1;
    INVARIANT(slot - atomic_load(&j->slot_released) < JOURNAL_SLOTS);
    atomic_store(&j->slots[slot % JOURNAL_SLOTS].pending, 0);
    atomic_store(&j->slots[slot % JOURNAL_SLOTS].last_round, 0);
    atomic_store(&j->slot_current, slot);
}

/* Chooses the place of the next round (L3: a file is overwritten only when a durable round in the
 * other says that nothing in it needs replay). */
static uint64_t place_round(struct journal *j, uint64_t padded)
{
    unsigned other = 1 - j->current;
    if (j->used[j->current] >= j->usable && j->reusable[other]) {
        j->current = other;
        j->used[other] = 0;
        j->reusable[other] = false;
        open_slot(j);
    }
    uint64_t pos = j->used[j->current];
    if (pos < j->usable / 2 && pos + padded >= j->usable / 2)
        open_slot(j);
    INVARIANT(pos + padded <= j->file_size - JOURNAL_BLOCK_SIZE);
    return pos;
}

/* The ends that were open are in a durable round now. */
static void close_stated_ends(struct journal *j)
{
    for (struct journal_log *log = j->open_first; log; log = log->next_open)
        log->open = false;
    j->open_first = NULL;
    j->open_last = &j->open_first;
    j->open_count = 0;
}

/* The entry is durable: the log's end is where it says, and open until a later round states it. */
static void open_end(struct journal *j, struct journal_item *item)
{
    struct journal_log *log = item->log;
    const struct journal_entry *e = &item->entry;
    if (e->kind == JOURNAL_APPEND || e->kind == JOURNAL_TRUNC)
        log->end = e->end;
    else if (e->kind == JOURNAL_OPEN || e->kind == JOURNAL_RESET)
        log->end = e->start;
    else if (e->kind == JOURNAL_START && e->start > log->end)
        log->end = e->start;
    if (log->open)
        return;
    log->open = true;
    log->next_open = NULL;
    *j->open_last = log;
    j->open_last = &log->next_open;
    j->open_count++;
}

/* A log that is removed has no end to state. */
static void forget_end(struct journal *j, struct journal_log *dropped)
{
    struct journal_log **at = &j->open_first;
    while (*at && *at != dropped)
        at = &(*at)->next_open;
    if (!*at)
        return;
    *at = dropped->next_open;
    if (j->open_last == &dropped->next_open)
        j->open_last = at;
    dropped->open = false;
    j->open_count--;
}

/* The round is durable: its logs' ends are open now, its items may go home. */
static void round_done(struct journal *j, const struct gather *g, uint64_t number)
{
    uint64_t slot = atomic_load(&j->slot_current);
    struct journal_slot *s = &j->slots[slot % JOURNAL_SLOTS];
    close_stated_ends(j);
    for (struct disk_job *job = g->first; job != g->rest; job = job->next) {
        struct journal_item *item = item_of(job);
        job->error = 0;
        item->slot = slot;
        item->round = number;
        if (item->entry.kind == JOURNAL_NOTHING)
            continue;
        atomic_fetch_add(&s->pending, 1);
        if (item->entry.kind == JOURNAL_DROP)
            forget_end(j, item->log);
        else
            open_end(j, item);
    }
    atomic_store(&s->last_round, number);
    atomic_store(&j->ends_open, j->open_count > 0);
}

/* A durable round with this floor stands in the current file: the other may be free now. */
static void reuse_other(struct journal *j, uint64_t floor)
{
    unsigned other = 1 - j->current;
    atomic_store(&j->floor, floor);
    if (j->reusable[other] || j->last_round[other] >= floor)
        return;
    j->reusable[other] = true;
    atomic_fetch_add(&j->room, (int64_t)j->used[other]);
    j->used[other] = 0;
}

/* Items reserved room for a round each; what they shared, and what was kept for stating ends, goes
 * back, less what the ends that are open now will need. */
static void account_round(struct journal *j, const struct gather *g, uint64_t padded)
{
    uint64_t debt = j->open_count ? j->open_count * JOURNAL_ENDS_SIZE + JOURNAL_BLOCK_SIZE : 0;
    int64_t back = (int64_t)(g->reserved + j->debt) - (int64_t)(padded + debt);
    j->debt = debt;
    atomic_fetch_add(&j->room, back);
}

static int write_round(struct journal *j, const struct gather *g, uint64_t floor)
{
    uint64_t padded = journal_padded(g->size), pos = place_round(j, padded);
    struct file *file = j->files[j->current];
    struct journal_round round = {.number = j->next_round,
                                  .durable = j->next_round - 1,
                                  .floor = floor,
                                  .size = (uint32_t)g->size,
                                  .entry_count = g->entry_count};
    int count = encode_round(j, g, &round, padded);
    int error = file->ops->pwritev(file, j->parts, count, pos);
    if (!error && !mutated(j->mutation, MUTATION_ACK_BEFORE_SYNC))
        error = file->ops->datasync(file);
    if (error)
        return error;
    j->used[j->current] = pos + padded;
    j->last_round[j->current] = round.number;
    j->next_round++;
    round_done(j, g, round.number);
    account_round(j, g, padded);
    reuse_other(j, floor);
    return 0;
}

static void fail_items(struct disk_job *first, struct disk_job *rest)
{
    for (struct disk_job *job = first; job != rest; job = job->next)
        job->error = -EIO;
}

/* Items without an entry ask for a round only when it would say something new. */
static bool round_needed(const struct journal *j, const struct gather *g, uint64_t floor)
{
    if (j->closed)
        return false;
    if (g->entry_count > j->open_count)
        return true;
    unsigned other = 1 - j->current;
    return g->asked && (j->open_count > 0 || (!j->reusable[other] && j->used[other] > 0 &&
                                              j->last_round[other] < floor));
}

/* Only for MUTATION_CONFIRM_OWN_LOGS_ONLY: forgets the open ends of logs without an item here. */
static void forget_quiet_logs(struct journal *j, const struct disk_job *batch)
{
    struct journal_log *log = j->open_first;
    while (log) {
        struct journal_log *next = log->next_open;
        const struct disk_job *job = batch;
        while (job && CONTAINER_OF(job, struct journal_item, job)->log != log)
            job = job->next;
        if (!job)
            forget_end(j, log);
        log = next;
    }
}

static struct disk_job *run_round(struct journal *j, struct disk_job *batch,
                                  const struct file_ops *files, void *fs)
{
    if (mutated(j->mutation, MUTATION_CONFIRM_OWN_LOGS_ONLY))
        forget_quiet_logs(j, batch);
    struct gather g;
    gather_items(j, batch, &g);
    uint64_t floor = atomic_load(&j->round_released) + 1;
    if (atomic_load(&j->failed) || (j->closed && g.entry_count > j->open_count)) {
        fail_items(g.first, g.rest);
        return g.rest;
    }
    int error = 0;
    if (round_needed(j, &g, floor)) {
        error = journal_open_files(j, files, fs);
        if (!error)
            error = write_round(j, &g, floor);
    } else {
        for (struct disk_job *job = g.first; job != g.rest; job = job->next)
            job->error = 0;
    }
    if (error) {
        /* (L7) What of the round is on the disk is not known, and a later sync may answer 0 without
         * having written it: the directory is dead. */
        atomic_store(&j->failed, true);
        fail_items(g.first, g.rest);
    }
    return g.rest;
}

void journal_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    struct journal *j = batch->context;
    while (batch)
        batch = run_round(j, batch, files, fs);
    if (j->buffer_size > BUFFER_KEPT) {
        free(j->buffer);
        j->buffer = NULL;
        j->buffer_size = 0;
    }
}

/* ---- release ---- */

void journal_stored(struct journal *j, uint64_t slot)
{
    int64_t before = atomic_fetch_sub(&j->slots[slot % JOURNAL_SLOTS].pending, 1);
    INVARIANT(before > 0);
}

uint64_t journal_releasable_below(struct journal *j)
{
    uint64_t current = atomic_load(&j->slot_current), slot = atomic_load(&j->slot_released);
    while (slot < current && atomic_load(&j->slots[slot % JOURNAL_SLOTS].pending) == 0)
        slot++;
    return slot;
}

bool journal_releasable(struct journal *j)
{
    return journal_releasable_below(j) > atomic_load(&j->slot_released);
}

void journal_release(struct journal *j, uint64_t slots_below)
{
    uint64_t slot = atomic_load(&j->slot_released), round = 0;
    for (; slot < slots_below; slot++) {
        uint64_t last = atomic_load(&j->slots[slot % JOURNAL_SLOTS].last_round);
        round = last > round ? last : round;
    }
    if (round > atomic_load(&j->round_released))
        atomic_store(&j->round_released, round);
    atomic_store(&j->slot_released, slots_below);
}
