/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/mem_bytes.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct mem_sector {
    _Atomic uint32_t refs;
    uint8_t bytes[MEM_SECTOR_SIZE];
};

static const uint8_t zeros[MEM_SECTOR_SIZE];

enum mark {
    MARK_NONE,
    MARK_CHANGED,
    MARK_SETTLED, /* only while syncing: its last change became durable */
    MARK_KEPT,    /* only while syncing: its last change is clean */
};

uint64_t mem_random_next(struct mem_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

bool mem_random_percent(struct mem_random *random, unsigned percent)
{
    return mem_random_next(random) % 100 < percent;
}

static const uint8_t *bytes_of(const struct mem_sector *sector)
{
    return sector ? sector->bytes : zeros;
}

static struct mem_sector *sector_ref(struct mem_sector *sector)
{
    if (sector)
        atomic_fetch_add(&sector->refs, 1);
    return sector;
}

static void sector_unref(struct mem_sector *sector)
{
    if (sector && atomic_fetch_sub(&sector->refs, 1) == 1)
        free(sector);
}

/* Zeros are always NULL, so that equal content of untouched sectors costs nothing. */
static struct mem_sector *sector_new(const uint8_t bytes[MEM_SECTOR_SIZE])
{
    if (memcmp(bytes, zeros, MEM_SECTOR_SIZE) == 0)
        return NULL;
    struct mem_sector *sector = xmalloc(sizeof *sector);
    atomic_init(&sector->refs, 1);
    memcpy(sector->bytes, bytes, MEM_SECTOR_SIZE);
    return sector;
}

static void sector_set(struct mem_sector **slot, struct mem_sector *content)
{
    sector_ref(content);
    sector_unref(*slot);
    *slot = content;
}

static uint64_t sectors_of(uint64_t size)
{
    return (size + MEM_SECTOR_SIZE - 1) / MEM_SECTOR_SIZE;
}

static void reserve(struct mem_bytes *b, uint64_t sectors)
{
    if (sectors <= b->sector_capacity)
        return;
    size_t old = b->sector_capacity, new = old ? old * 2 : 8;
    if (new < sectors)
        new = (size_t)sectors;
    b->current = xrealloc(b->current, new * sizeof b->current[0]);
    b->durable = xrealloc(b->durable, new * sizeof b->durable[0]);
    b->marks = xrealloc(b->marks, new);
    memset(b->current + old, 0, (new - old) * sizeof b->current[0]);
    memset(b->durable + old, 0, (new - old) * sizeof b->durable[0]);
    memset(b->marks + old, 0, new - old);
    b->sector_capacity = new;
}

void mem_bytes_deinit(struct mem_bytes *b)
{
    for (size_t i = 0; i < b->sector_capacity; i++) {
        sector_unref(b->current[i]);
        sector_unref(b->durable[i]);
    }
    for (size_t i = 0; i < b->change_count; i++)
        sector_unref(b->changes[i].content);
    free(b->current);
    free(b->durable);
    free(b->marks);
    free(b->changes);
    free(b->sizes);
    *b = (struct mem_bytes){0};
}

void mem_bytes_copy(struct mem_bytes *to, const struct mem_bytes *from)
{
    *to = (struct mem_bytes){.size = from->size, .durable_size = from->durable_size};
    reserve(to, from->sector_capacity);
    for (size_t i = 0; i < from->sector_capacity; i++) {
        to->current[i] = sector_ref(from->current[i]);
        to->durable[i] = sector_ref(from->durable[i]);
        to->marks[i] = from->marks[i];
    }
    to->changes = xgrow(NULL, &to->change_capacity, from->change_count, sizeof to->changes[0]);
    for (size_t i = 0; i < from->change_count; i++) {
        to->changes[i] = from->changes[i];
        sector_ref(to->changes[i].content);
    }
    to->change_count = from->change_count;
    to->sizes = xgrow(NULL, &to->size_capacity, from->size_count, sizeof to->sizes[0]);
    if (from->size_count > 0)
        memcpy(to->sizes, from->sizes, from->size_count * sizeof to->sizes[0]);
    to->size_count = from->size_count;
}

uint64_t mem_bytes_read(const struct mem_bytes *b, void *to, uint64_t size, uint64_t pos)
{
    if (pos >= b->size)
        return 0;
    if (size > b->size - pos)
        size = b->size - pos;
    for (uint64_t done = 0; done < size;) {
        uint64_t index = (pos + done) / MEM_SECTOR_SIZE, at = (pos + done) % MEM_SECTOR_SIZE;
        uint64_t part = MEM_SECTOR_SIZE - at;
        if (part > size - done)
            part = size - done;
        const struct mem_sector *sector = index < b->sector_capacity ? b->current[index] : NULL;
        memcpy((uint8_t *)to + done, bytes_of(sector) + at, part);
        done += part;
    }
    return size;
}

/* The page cache now holds this in the sector. A write of what is durable anyway, with no change
 * before it, puts nothing at stake. */
static void change_sector(struct mem_bytes *b, uint64_t index, const uint8_t *bytes)
{
    const struct mem_sector *durable = b->durable[index];
    if (b->marks[index] == MARK_NONE && memcmp(bytes_of(durable), bytes, MEM_SECTOR_SIZE) == 0)
        return;
    struct mem_sector *content = sector_new(bytes);
    b->changes = xgrow(b->changes, &b->change_capacity, b->change_count + 1, sizeof b->changes[0]);
    b->changes[b->change_count++] = (struct mem_change){.index = index, .content = content};
    b->marks[index] = MARK_CHANGED;
    sector_set(&b->current[index], content);
}

static void set_size(struct mem_bytes *b, uint64_t size)
{
    if (size == b->size)
        return;
    b->sizes = xgrow(b->sizes, &b->size_capacity, b->size_count + 1, sizeof b->sizes[0]);
    b->sizes[b->size_count++] = size;
    b->size = size;
}

void mem_bytes_write(struct mem_bytes *b, const uint8_t *from, uint64_t size, uint64_t pos)
{
    if (size == 0)
        return;
    reserve(b, sectors_of(pos + size));
    for (uint64_t done = 0; done < size;) {
        uint64_t index = (pos + done) / MEM_SECTOR_SIZE, at = (pos + done) % MEM_SECTOR_SIZE;
        uint64_t part = MEM_SECTOR_SIZE - at;
        if (part > size - done)
            part = size - done;
        uint8_t bytes[MEM_SECTOR_SIZE];
        if (part == MEM_SECTOR_SIZE) {
            change_sector(b, index, from + done);
        } else {
            memcpy(bytes, bytes_of(b->current[index]), sizeof bytes);
            memcpy(bytes + at, from + done, part);
            change_sector(b, index, bytes);
        }
        done += part;
    }
    if (pos + size > b->size)
        set_size(b, pos + size);
}

void mem_bytes_truncate(struct mem_bytes *b, uint64_t size)
{
    uint64_t used = sectors_of(b->size);
    if (used > b->sector_capacity)
        used = b->sector_capacity;
    for (uint64_t index = size / MEM_SECTOR_SIZE; index < used; index++) {
        if (!b->current[index])
            continue;
        uint64_t kept = index == size / MEM_SECTOR_SIZE ? size % MEM_SECTOR_SIZE : 0;
        uint8_t bytes[MEM_SECTOR_SIZE] = {0};
        memcpy(bytes, bytes_of(b->current[index]), kept);
        change_sector(b, index, bytes);
    }
    set_size(b, size);
}

void mem_bytes_sync(struct mem_bytes *b)
{
    /* Newest first: the last change of a sector decides what becomes of all its changes. */
    for (size_t i = b->change_count; i-- > 0;) {
        struct mem_change *change = &b->changes[i];
        if (b->marks[change->index] != MARK_CHANGED)
            continue;
        if (!change->clean)
            sector_set(&b->durable[change->index], change->content);
        b->marks[change->index] = change->clean ? MARK_KEPT : MARK_SETTLED;
    }
    size_t kept = 0;
    for (size_t i = 0; i < b->change_count; i++)
        if (b->marks[b->changes[i].index] == MARK_KEPT)
            b->changes[kept++] = b->changes[i];
        else
            sector_unref(b->changes[i].content);
    if (b->sector_capacity > 0)
        memset(b->marks, MARK_NONE, b->sector_capacity);
    for (size_t i = 0; i < kept; i++)
        b->marks[b->changes[i].index] = MARK_CHANGED;
    b->change_count = kept;
    b->size_count = 0;
    b->durable_size = b->size;
}

void mem_bytes_sync_failed(struct mem_bytes *b)
{
    for (size_t i = 0; i < b->change_count; i++)
        b->changes[i].clean = true;
}

static void flip(struct mem_sector **slot, uint64_t at, uint8_t mask)
{
    uint8_t bytes[MEM_SECTOR_SIZE];
    memcpy(bytes, bytes_of(*slot), sizeof bytes);
    bytes[at] ^= mask;
    sector_unref(*slot);
    *slot = sector_new(bytes);
}

void mem_bytes_flip(struct mem_bytes *b, uint64_t pos, uint8_t mask)
{
    uint64_t index = pos / MEM_SECTOR_SIZE, at = pos % MEM_SECTOR_SIZE;
    reserve(b, index + 1);
    flip(&b->current[index], at, mask);
    flip(&b->durable[index], at, mask);
    for (size_t i = 0; i < b->change_count; i++)
        if (b->changes[i].index == index)
            flip(&b->changes[i].content, at, mask);
}

uint64_t mem_bytes_unsynced(const struct mem_bytes *b)
{
    return b->change_count + b->size_count;
}

/* The sector as the head left it: of the bytes that the change alters the first are new and the
 * rest old, or all are noise. The others are as before. */
static struct mem_sector *tear(struct mem_bytes *b, size_t change, struct mem_random *random)
{
    uint64_t index = b->changes[change].index;
    const struct mem_sector *before = b->durable[index];
    for (size_t i = 0; i < change; i++)
        if (b->changes[i].index == index)
            before = b->changes[i].content;
    uint8_t bytes[MEM_SECTOR_SIZE];
    memcpy(bytes, bytes_of(before), sizeof bytes);
    const uint8_t *after = bytes_of(b->changes[change].content);
    bool noise = mem_random_percent(random, 50);
    uint64_t new = mem_random_next(random) % MEM_SECTOR_SIZE;
    for (size_t at = 0; at < MEM_SECTOR_SIZE; at++) {
        if (bytes[at] == after[at])
            continue;
        if (noise)
            bytes[at] = (uint8_t)mem_random_next(random);
        else if (at < new)
            bytes[at] = after[at];
    }
    return sector_new(bytes);
}

/* Chooses for every changed sector, in `current`, what the medium holds. */
static void choose_sectors(struct mem_bytes *b, struct mem_loss *loss)
{
    uint64_t torn_index = UINT64_MAX;
    for (size_t i = 0; i < b->change_count; i++)
        sector_set(&b->current[b->changes[i].index], b->durable[b->changes[i].index]);
    for (size_t i = 0; i < b->change_count; i++) {
        const struct mem_change *change = &b->changes[i];
        bool keep = mem_random_percent(&loss->random, loss->keep);
        if (loss->passed++ == loss->torn_at) {
            struct mem_sector *torn = tear(b, i, &loss->random);
            sector_unref(b->current[change->index]);
            b->current[change->index] = torn;
            torn_index = change->index;
        } else if (keep && change->index != torn_index) {
            sector_set(&b->current[change->index], change->content);
        }
    }
}

void mem_bytes_lose_power(struct mem_bytes *b, struct mem_loss *loss)
{
    choose_sectors(b, loss);
    uint64_t size = b->durable_size;
    for (size_t i = 0; i < b->size_count; i++)
        if (mem_random_percent(&loss->random, loss->keep))
            size = b->sizes[i];
    for (size_t i = 0; i < b->change_count; i++) {
        uint64_t index = b->changes[i].index;
        sector_set(&b->durable[index], b->current[index]);
        b->marks[index] = MARK_NONE;
        sector_unref(b->changes[i].content);
    }
    b->change_count = 0;
    b->size_count = 0;
    /* What lies beyond the end is gone for good. */
    for (uint64_t index = size / MEM_SECTOR_SIZE; index < b->sector_capacity; index++) {
        uint64_t kept = index == size / MEM_SECTOR_SIZE ? size % MEM_SECTOR_SIZE : 0;
        uint8_t bytes[MEM_SECTOR_SIZE] = {0};
        memcpy(bytes, bytes_of(b->durable[index]), kept);
        struct mem_sector *content = sector_new(bytes);
        sector_set(&b->current[index], content);
        sector_set(&b->durable[index], content);
        sector_unref(content);
    }
    b->size = b->durable_size = size;
}
