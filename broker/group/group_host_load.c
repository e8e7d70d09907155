/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a partition's groups. Only what is committed is read, up to the end that the log had when
 * this broker became its leader: by then whatever an earlier coordinator answered is there, and
 * nothing is shown that could still vanish. A piece is in memory at a time. */
#include <stdlib.h>

#include "broker/group/group_host_internal.h"
#include "broker/group/group_records.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/mutation.h"
#include "proto/record_reader.h"

#define LOAD_READ_BYTES (1u << 20)
#define LOAD_RETRY_MS 1000u

struct group_load {
    struct fetch_waiter fetch;
    struct timer retry;
    struct group_host *host;
    struct hosted *hosted; /* NULL: abandoned, the read is awaited */
    struct group_load *next, **previous;
    int64_t target;
    bool reading;
    uint64_t records, skipped;
};

static void read_on(struct group_load *l);

static void load_free(struct group_load *l)
{
    *l->previous = l->next;
    if (l->next != NULL)
        l->next->previous = l->previous;
    timer_deinit(&l->retry);
    log_read_reset(&l->fetch.read);
    free(l);
}

/* ---- records ---- */
static void apply(struct hosted *h, const struct group_record *rec, int64_t offset)
{
    struct hosted_group *hg = map_get(&h->groups, rec->group);
    if (hg == NULL && rec->gone)
        return;
    if (hg == NULL)
        hg = hosted_group_new(h, rec->group);
    if (rec->kind == GROUP_RECORD_OFFSET && rec->gone)
        group_load_offset_gone(hg->group, rec->topic, rec->partition);
    else if (rec->kind == GROUP_RECORD_OFFSET)
        group_load_offset(hg->group, rec->topic, rec->partition, &rec->value.offset, offset);
    else if (rec->gone)
        group_load_metadata_gone(hg->group);
    else
        group_load_metadata(hg->group, &rec->value.metadata);
}

static void load_batch(struct group_load *l, const struct record_batch *batch)
{
    struct record_reader reader;
    struct record record;
    struct group_record parsed;
    struct arena arena = ARENA_INIT;
    if (record_batch_is_control(batch))
        return;
    /* Offsets inside of transactions and compressed batches are never written here. */
    if (record_batch_is_transactional(batch) || record_reader_init(&reader, batch) != 0) {
        l->skipped += batch->count;
        return;
    }
    while (record_reader_next(&reader, &record) == 0) {
        l->records++;
        group_record_parse(record.key, record.value, &arena, &parsed);
        if (parsed.kind == GROUP_RECORD_OFFSET || parsed.kind == GROUP_RECORD_METADATA)
            apply(l->hosted, &parsed, record.offset);
        else
            l->skipped++;
        arena_reset(&arena);
    }
}

static bool load_pieces(struct group_load *l)
{
    const struct log_read *read = &l->fetch.read;
    for (unsigned i = 0; i < read->piece_count; i++) {
        const struct piece *p = &read->pieces[i];
        struct record_batch batch;
        if (p->buf == NULL)
            return false;
        struct view rest = {piece_bytes(p), p->size};
        int error;
        while ((error = record_batch_next(&rest, &batch)) == 0)
            load_batch(l, &batch);
        if (error != RECORD_BATCH_END)
            return false;
    }
    return true;
}

/* ---- the end ---- */
static void forget_topics(struct hosted *h, struct hosted_group *hg)
{
    struct group_actions actions;
    struct map_entry e;
    group_actions_init(&actions);
    for (uint32_t at = 0; map_next(&h->gone, &at, &e);)
        group_topic_gone(hg->group, e.key, group_host_now(h->host), &actions);
    hosted_group_carry_out(hg, &actions);
}

static void loaded(struct group_load *l)
{
    struct hosted *h = l->hosted;
    struct group_host *host = l->host;
    const struct env *env = &host->shard->reactor.env;
    struct map_entry e;
    say(env, h->groups.count > 0 ? SAY_INFO : SAY_DEBUG, "group",
        "coordinates %u groups of __consumer_offsets-%d in epoch %d", h->groups.count, h->id.number,
        h->leader_epoch);
    if (l->skipped > 0) {
        say(env, SAY_WARN, "group",
            "__consumer_offsets-%d: skipped %llu of %llu records, of versions or batches that are "
            "not known here",
            h->id.number, (unsigned long long)l->skipped,
            (unsigned long long)(l->records + l->skipped));
    }
    h->load = NULL;
    load_free(l);
    if (host->expiry.at_ns == 0)
        timer_set(&host->expiry, (uint64_t)host->shard->config->offsets_retention_check_ms);
    for (uint32_t at = 0; map_next(&h->groups, &at, &e);) {
        struct hosted_group *hg = e.value;
        struct group_actions actions;
        group_actions_init(&actions);
        if (!group_loaded(hg->group, group_host_now(host), &actions)) {
            hosted_group_free(hg);
            continue;
        }
        bool forgets = h->gone.count > 0;
        hosted_group_carry_out(hg, &actions);
        if (forgets)
            forget_topics(h, hg);
    }
    map_deinit(&h->gone);
}

/* Tries again from the start: the log has changed, or the disk may come back. */
static void fail(struct group_load *l, const char *why)
{
    struct hosted *h = l->hosted;
    struct map_entry e;
    log_read_reset(&l->fetch.read);
    say(&l->host->shard->reactor.env, SAY_WARN, "group",
        "__consumer_offsets-%d cannot be loaded (%s): trying again", h->id.number, why);
    for (uint32_t at = 0; map_next(&h->groups, &at, &e);)
        hosted_group_free(e.value);
    timer_set(&l->retry, LOAD_RETRY_MS);
}

static void read_done(struct fetch_waiter *w)
{
    struct group_load *l = CONTAINER_OF(w, struct group_load, fetch);
    l->reading = false;
    if (l->hosted == NULL) {
        load_free(l);
        return;
    }
    if (w->result == REPLICA_OUT_OF_RANGE && w->log_start > w->offset) {
        w->offset = w->log_start;
    } else if (w->result != REPLICA_OK) {
        fail(l, "it cannot be read");
        return;
    } else if (w->read.size > 0) {
        if (!load_pieces(l)) {
            fail(l, "a batch is damaged");
            return;
        }
        w->offset = w->read.end;
    }
    log_read_reset(&w->read);
    if (w->offset >= l->target)
        loaded(l);
    else
        read_on(l);
}

static void read_on(struct group_load *l)
{
    int64_t offset = l->fetch.offset;
    l->fetch = (struct fetch_waiter){.id = l->hosted->id,
                                     .offset = offset,
                                     .size_max = LOAD_READ_BYTES,
                                     .first_whole = true,
                                     .wait = true,
                                     .current_leader_epoch = l->hosted->leader_epoch,
                                     .last_fetched_epoch = -1,
                                     .done = read_done};
    l->reading = true;
    replica_host_fetch(l->host->shard->replicas, &l->fetch);
}

static void start(struct group_load *l)
{
    struct replica_view view;
    if (!replica_host_look(l->host->shard->replicas, l->hosted->id, &view) || !view.leads) {
        timer_set(&l->retry, LOAD_RETRY_MS); /* that it leads no more is about to be heard */
        return;
    }
    l->fetch.offset = view.start;
    l->target = mutated(l->host->config.mutation, MUTATION_LOAD_TO_HIGH_WATERMARK)
                    ? view.high_watermark
                    : view.end;
    l->records = l->skipped = 0;
    if (view.start >= l->target)
        loaded(l);
    else
        read_on(l);
}

static void retry(struct timer *timer)
{
    start(CONTAINER_OF(timer, struct group_load, retry));
}

void hosted_load_begin(struct hosted *h)
{
    struct group_load *l = xcalloc(1, sizeof *l);
    struct group_host *host = h->host;
    l->host = host;
    l->hosted = h;
    h->load = l;
    l->next = host->loads;
    l->previous = &host->loads;
    if (l->next != NULL)
        l->next->previous = &l->next;
    host->loads = l;
    timer_init(&l->retry, &host->shard->reactor, retry);
    start(l);
}

void hosted_load_abandon(struct hosted *h)
{
    struct group_load *l = h->load;
    h->load = NULL;
    l->hosted = NULL;
    timer_cancel(&l->retry);
    if (l->reading)
        replica_host_fetch_cancel(l->host->shard->replicas, &l->fetch);
    else
        load_free(l);
}

void group_host_free_loads(struct group_host *host)
{
    while (host->loads != NULL)
        load_free(host->loads);
}
