/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_damage.h"

#include <stdlib.h>

#include "broker/log/journal_format.h"
#include "common/assert.h"
#include "common/bytes.h"
#include "common/memory.h"

#define ROUNDS_MAX 4096

struct found_round {
    const char *path;
    uint64_t pos;
    struct journal_round round;
};
struct found {
    struct found_round rounds[ROUNDS_MAX];
    size_t count;
    uint64_t last, durable, floor;
};

static void file_read(struct found *found, void *fs, const char *path)
{
    struct file *file = NULL;
    if (file_mem_ops.open(fs, path, FILE_READ, &file) != 0)
        return;
    int64_t size = file_mem_ops.size(file);
    uint8_t *bytes = xmalloc((size_t)size + 1);
    POST(file_mem_ops.pread(file, bytes, (uint64_t)size, 0) == size);
    for (uint64_t pos = 0; pos + JOURNAL_BLOCK_SIZE <= (uint64_t)size; pos += JOURNAL_BLOCK_SIZE) {
        struct view rest = {bytes + pos, (uint32_t)((uint64_t)size - pos)};
        struct journal_round round;
        struct uuid id;
        memcpy(id.bytes, bytes + pos + 8, sizeof id.bytes);
        if (journal_round_check(rest, id, &round) != JOURNAL_ROUND_VALID ||
            found->count == ROUNDS_MAX)
            continue;
        found->rounds[found->count++] = (struct found_round){path, pos, round};
        if (round.number > found->last)
            found->last = round.number;
        if (round.durable > found->durable)
            found->durable = round.durable;
        if (round.floor > found->floor)
            found->floor = round.floor;
    }
    free(bytes);
    file_unref(file);
}

bool sim_damage_journal(struct file_mem *disk, struct sim_random *random, struct sim_damage *ret)
{
    struct found *found = xcalloc(1, sizeof *found);
    void *fs = file_mem_mount(disk, "");
    bool done = false;
    POST(fs);
    file_read(found, fs, "corduroy-journal-0");
    file_read(found, fs, "corduroy-journal-1");
    for (int tries = 0; tries < 50 && found->count > 0 && !done; tries++) {
        const struct found_round *r = &found->rounds[sim_random_below(random, found->count)];
        if (r->round.number < found->floor || r->round.number >= found->durable ||
            r->round.size <= JOURNAL_ROUND_HEADER_SIZE)
            continue;
        uint64_t pos =
            r->pos + sim_random_range(random, JOURNAL_ROUND_HEADER_SIZE, r->round.size - 1);
        uint8_t mask = (uint8_t)(1u << sim_random_below(random, 8));
        done = file_mem_flip(disk, r->path, pos, mask) == 0;
        if (done && ret)
            *ret = (struct sim_damage){r->path, pos, mask};
    }
    file_mem_kill(fs);
    free(found);
    return done;
}
