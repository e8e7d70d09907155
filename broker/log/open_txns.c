/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/open_txns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/memory.h"

void open_txns_deinit(struct open_txns *t)
{
    free(t->items);
    *t = OPEN_TXNS_INIT;
}

void open_txns_clear(struct open_txns *t)
{
    t->count = 0;
}

void open_txns_begin(struct open_txns *t, int64_t producer_id, int64_t first_offset)
{
    /* Offsets rise, so the place is at the end; only a snapshot's entries come in another order. */
    size_t at = t->count;
    while (at > 0 && t->items[at - 1].first_offset > first_offset)
        at--;
    t->items = xgrow(t->items, &t->capacity, t->count + 1, sizeof t->items[0]);
    memmove(t->items + at + 1, t->items + at, (t->count - at) * sizeof t->items[0]);
    t->items[at] = (struct open_txn){
        .producer_id = producer_id, .first_offset = first_offset, .last_offset = -1};
    t->count++;
}

int64_t open_txns_complete(struct open_txns *t, int64_t producer_id, int64_t marker_offset)
{
    int64_t first_open = -1;
    bool found = false;
    for (size_t i = 0; i < t->count; i++) {
        struct open_txn *txn = &t->items[i];
        if (txn->last_offset >= 0)
            continue;
        if (txn->producer_id == producer_id) {
            txn->last_offset = marker_offset;
            found = true;
        } else if (first_open < 0) {
            first_open = txn->first_offset;
        }
        if (found && first_open >= 0)
            break;
    }
    PRE(found);
    return first_open >= 0 ? first_open : marker_offset + 1;
}

void open_txns_advance(struct open_txns *t, int64_t high_watermark)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].last_offset < 0 || t->items[i].last_offset >= high_watermark)
            t->items[kept++] = t->items[i];
    t->count = kept;
}

int64_t open_txns_first_unstable(const struct open_txns *t)
{
    return t->count > 0 ? t->items[0].first_offset : -1;
}
