/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_rot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/record_batch.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_damage.h"

#define HITS_MAX 256
#define LOOK_INTERVAL_NS (500 * SIM_MS)
#define NAMES_MAX 512

struct hit {
    bool open, noticed;
    unsigned broker, dir;
    uint32_t partition; /* ALL_COPIES: every copy of the broker */
    char path[96];
    uint64_t pos;
    uint8_t value, mask; /* the byte as it is since, and what changed in it */
};
#define ALL_COPIES UINT32_MAX
struct sim_rot {
    struct sim_cluster *cluster;
    struct hit hits[HITS_MAX];
    unsigned count;
    uint64_t flipped;
};

/* ---- files of a broker's disks, as they stand ---- */
struct names {
    char name[NAMES_MAX][48];
    unsigned count;
    const char *suffix;
};

static void gather(void *context, const char *name, bool is_dir)
{
    struct names *n = context;
    size_t size = strlen(name), end = strlen(n->suffix);
    if (!is_dir && n->count < NAMES_MAX && size > end && size < sizeof n->name[0] &&
        strcmp(name + size - end, n->suffix) == 0)
        snprintf(n->name[n->count++], sizeof n->name[0], "%s", name);
}

/* The whole file, xmalloc'd; -1: it is not there. */
static int64_t read_all(void *fs, const char *path, uint8_t **ret)
{
    struct file *file;
    int error = file_mem_ops.open(fs, path, FILE_READ, &file);
    if (error)
        return error;
    int64_t size = file_mem_ops.size(file);
    *ret = xmalloc((size_t)size + 1);
    if (file_mem_ops.pread(file, *ret, (uint64_t)size, 0) != size) {
        free(*ret);
        size = -EIO;
    }
    file_unref(file);
    return size;
}

static uint8_t byte_at(struct file_mem *disk, const char *path, uint64_t pos)
{
    uint8_t *bytes, value;
    void *fs = file_mem_mount(disk, "");
    POST(fs && read_all(fs, path, &bytes) > (int64_t)pos);
    value = bytes[pos];
    free(bytes);
    file_mem_kill(fs);
    return value;
}

/* ---- whom it may hit ---- */
bool sim_rot_is_hit(const struct sim_rot *rot, uint32_t partition)
{
    for (unsigned i = 0; i < rot->count; i++) {
        const struct hit *h = &rot->hits[i];
        if (h->open && (h->partition == partition || h->partition == ALL_COPIES))
            return true;
    }
    return false;
}

static bool may_hit(const struct sim_rot *rot, uint32_t partition)
{
    return rot->count < HITS_MAX && !sim_rot_is_hit(rot, partition) &&
           !rot->cluster->history->partitions[partition].lost &&
           sim_checker_is_in_sync(rot->cluster->checker, partition,
                                  (unsigned)rot->cluster->options.replication_factor);
}

bool sim_rot_all_sound(const struct sim_rot *rot)
{
    for (uint32_t p = 0; p < rot->cluster->history->partition_count; p++)
        if (!may_hit(rot, p))
            return false;
    return true;
}

/* A file of a partition that may be hit, with its bytes. */
static bool choose_file(struct sim_rot *rot, struct hit *h, const char *suffix, uint8_t **ret_bytes,
                        int64_t *ret_size)
{
    struct sim_cluster *c = rot->cluster;
    struct sim_random *random = sim_world_random(c->world);
    h->partition = (uint32_t)sim_random_below(random, c->history->partition_count);
    int32_t leader = sim_checker_leader(c->checker, h->partition);
    if (leader > 0 && sim_random_once_in(random, 2)) /* its bytes are read more often */
        h->broker = (unsigned)leader - 1;
    h->dir = (unsigned)sim_random_below(random, c->options.dir_count);
    const struct sim_partition_history *p = &c->history->partitions[h->partition];
    if (!may_hit(rot, h->partition))
        return false;
    void *fs = file_mem_mount(sim_host_disk(c->brokers[h->broker].host, h->dir), "");
    if (!fs)
        return false;
    struct names *names = xcalloc(1, sizeof *names);
    char dir[48];
    snprintf(dir, sizeof dir, "%s-%d", c->history->topics[p->topic].name, p->number);
    names->suffix = suffix;
    *ret_size = -1;
    if (file_mem_ops.list(fs, dir, gather, names) == 0 && names->count > 0) {
        snprintf(h->path, sizeof h->path, "%s/%s", dir,
                 names->name[sim_random_below(random, names->count)]);
        *ret_size = read_all(fs, h->path, ret_bytes);
    }
    free(names);
    file_mem_kill(fs);
    return *ret_size >= 0;
}

static bool flip(struct sim_rot *rot, struct hit *h, uint8_t old)
{
    struct sim_cluster *c = rot->cluster;
    h->mask = (uint8_t)(1u << sim_random_below(sim_world_random(c->world), 8));
    h->value = old ^ h->mask;
    if (file_mem_flip(sim_host_disk(c->brokers[h->broker].host, h->dir), h->path, h->pos,
                      h->mask) != 0)
        return false;
    sim_trace(c->world, "rot: broker %u: byte %llu of %s", h->broker + 1,
              (unsigned long long)h->pos, h->path);
    rot->flipped++;
    return true;
}

/* ---- hits ---- */
/* A place in the records, or in the checksum, of one of the batches; false: there is none. */
static bool choose_place(struct sim_random *random, const uint8_t *bytes, int64_t size,
                         uint64_t *ret_pos)
{
    struct view rest = {bytes, (uint32_t)size};
    struct record_batch batch;
    uint32_t count = 0;
    while (record_batch_next(&rest, &batch) == 0) {
        uint64_t at = (uint64_t)(batch.bytes.base - bytes);
        if (!sim_random_once_in(random, ++count))
            continue; /* each batch with the same chance */
        *ret_pos = sim_random_once_in(random, 8)
                       ? at + 17 + sim_random_below(random, 4)
                       : at + sim_random_range(random, RECORD_BATCH_HEADER_SIZE, batch.size - 1);
    }
    return count > 0;
}

bool sim_rot_segment(struct sim_rot *rot, unsigned *broker)
{
    struct hit h = {.open = true, .broker = *broker};
    uint8_t *bytes;
    int64_t size;
    if (!choose_file(rot, &h, ".log", &bytes, &size))
        return false;
    bool done = choose_place(sim_world_random(rot->cluster->world), bytes, size, &h.pos) &&
                flip(rot, &h, bytes[h.pos]);
    free(bytes);
    if (done) {
        rot->hits[rot->count++] = h;
        sim_checker_hit(rot->cluster->checker, h.partition, h.broker, true);
        *broker = h.broker;
    }
    return done;
}

bool sim_rot_index(struct sim_rot *rot, unsigned broker)
{
    struct hit h = {.broker = broker};
    uint8_t *bytes;
    int64_t size;
    if (!choose_file(rot, &h, ".index", &bytes, &size))
        return false;
    bool done = size > 0;
    if (done) {
        h.pos = sim_random_below(sim_world_random(rot->cluster->world), (uint64_t)size);
        done = flip(rot, &h, bytes[h.pos]);
    }
    free(bytes);
    return done;
}

bool sim_rot_journal(struct sim_rot *rot, unsigned broker)
{
    struct sim_cluster *c = rot->cluster;
    struct hit h = {.open = true, .broker = broker, .partition = ALL_COPIES};
    struct sim_random *random = sim_world_random(c->world);
    h.dir = (unsigned)sim_random_below(random, c->options.dir_count);
    struct sim_damage damage;
    struct file_mem *disk = sim_host_disk(c->brokers[broker].host, h.dir);
    if (rot->count == HITS_MAX || !sim_damage_journal(disk, random, &damage))
        return false;
    snprintf(h.path, sizeof h.path, "%s", damage.path);
    h.pos = damage.pos;
    h.mask = damage.mask;
    h.value = byte_at(disk, h.path, h.pos);
    sim_trace(c->world, "rot: the journal %u of broker %u", h.dir, broker + 1);
    rot->hits[rot->count++] = h;
    rot->flipped++;
    sim_checker_excuse(c->checker, broker);
    return true;
}

/* ---- what becomes of them ---- */
static bool is_still_there(struct sim_rot *rot, const struct hit *h)
{
    uint8_t *bytes;
    bool there = true;
    void *fs = file_mem_mount(sim_host_disk(rot->cluster->brokers[h->broker].host, h->dir), "");
    if (!fs)
        return true;
    int64_t size = read_all(fs, h->path, &bytes);
    if (size >= 0) {
        there = size > (int64_t)h->pos && bytes[h->pos] == h->value;
        free(bytes);
    } else {
        there = size != -ENOENT; /* a disk that fails just now may answer later */
    }
    file_mem_kill(fs);
    return there;
}

static void look_at_copy(struct sim_rot *rot, struct hit *h, uint32_t partition, bool *open)
{
    struct sim_checker *checker = rot->cluster->checker;
    h->noticed = h->noticed || sim_checker_was_suspected(checker, partition, h->broker);
    *open = *open || !sim_checker_is_sound(checker, partition, h->broker);
}

static void look_at(struct sim_rot *rot, struct hit *h)
{
    struct sim_cluster *c = rot->cluster;
    bool open = false;
    if (h->partition != ALL_COPIES) {
        look_at_copy(rot, h, h->partition, &open);
        if (open || is_still_there(rot, h))
            return;
        sim_checker_hit(c->checker, h->partition, h->broker, false);
    } else {
        for (uint32_t p = 0; p < c->history->partition_count; p++)
            look_at_copy(rot, h, p, &open);
        if (open)
            return;
        for (uint32_t p = 0; p < c->history->partition_count; p++)
            sim_checker_hit(c->checker, p, h->broker, false);
    }
    h->open = false;
}

static void look(void *object, uint64_t arg)
{
    struct sim_rot *rot = object;
    struct sim_world *w = rot->cluster->world;
    (void)arg;
    for (unsigned i = 0; i < rot->count; i++)
        if (rot->hits[i].open)
            look_at(rot, &rot->hits[i]);
    sim_world_at(w, sim_now_ns(w) + LOOK_INTERVAL_NS, look, rot, 0);
}

/* A start may have noticed it, and ended before anybody could ask its replicas. */
static bool is_marked(const struct sim_rot *rot, uint32_t partition, const struct hit *h)
{
    const struct sim_cluster *c = rot->cluster;
    const struct sim_partition_history *p = &c->history->partitions[partition];
    char path[96];
    uint8_t *text;
    void *fs = file_mem_mount(sim_host_disk(c->brokers[h->broker].host, h->dir), "");
    if (!fs)
        return false;
    snprintf(path, sizeof path, "%s-%d/" LOG_SUSPECT_FILE, c->history->topics[p->topic].name,
             p->number);
    bool marked = read_all(fs, path, &text) >= 0;
    if (marked)
        free(text);
    file_mem_kill(fs);
    return marked;
}

/* A copy that was hit is about to be the only one in sync: no rule could save what only it has, so
 * its bits turn back. When a broker has noticed them already it is too late for that. */
static void alone(void *context, uint32_t partition, unsigned broker)
{
    struct sim_rot *rot = context;
    struct sim_partition_history *history = &rot->cluster->history->partitions[partition];
    for (unsigned i = 0; i < rot->count; i++) {
        struct hit *h = &rot->hits[i];
        if (!h->open || h->broker != broker ||
            (h->partition != partition && h->partition != ALL_COPIES))
            continue;
        if (sim_checker_was_suspected(rot->cluster->checker, partition, broker) ||
            is_marked(rot, partition, h)) {
            rot->cluster->totals.lost += !history->lost;
            history->lost = true;
            continue;
        }
        if (h->noticed || !is_still_there(rot, h))
            continue;
        sim_trace(rot->cluster->world, "rot: byte %llu of %s turns back",
                  (unsigned long long)h->pos, h->path);
        POST(file_mem_flip(sim_host_disk(rot->cluster->brokers[broker].host, h->dir), h->path,
                           h->pos, h->mask) == 0);
        rot->flipped--;
    }
}

struct sim_rot *sim_rot_new(struct sim_cluster *c)
{
    struct sim_rot *rot = xcalloc(1, sizeof *rot);
    rot->cluster = c;
    sim_checker_on_alone(c->checker, alone, rot);
    look(rot, 0);
    return rot;
}

void sim_rot_free(struct sim_rot *rot)
{
    free(rot);
}

uint64_t sim_rot_flipped(const struct sim_rot *rot)
{
    return rot->flipped;
}

uint64_t sim_rot_noticed(const struct sim_rot *rot)
{
    uint64_t noticed = 0;
    for (unsigned i = 0; i < rot->count; i++)
        noticed += rot->hits[i].noticed;
    return noticed;
}
