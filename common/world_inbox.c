/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_inbox.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int world_inbox_init(struct world_inbox *inbox)
{
    for (int i = 0; i < INBOX_LISTS; i++)
        atomic_init(&inbox->lists[i], NULL);
    atomic_init(&inbox->asleep, false);
    inbox->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return inbox->wake_fd < 0 ? -errno : 0;
}

void world_inbox_deinit(struct world_inbox *inbox)
{
    if (inbox->wake_fd >= 0)
        close(inbox->wake_fd);
    inbox->wake_fd = -1;
}

void world_inbox_put(struct world_inbox *inbox, enum inbox_list list, void *item)
{
    struct inbox_item *new = item, *first = atomic_load(&inbox->lists[list]);
    do
        new->next = first;
    while (!atomic_compare_exchange_weak(&inbox->lists[list], &first, new));
    world_inbox_wake(inbox);
}

/* Sequentially consistent on both sides: either this sees `asleep`, or the owner, who looks at the
 * lists after setting it, sees the item. */
void world_inbox_wake(struct world_inbox *inbox)
{
    if (!atomic_load(&inbox->asleep) || !atomic_exchange(&inbox->asleep, false))
        return;
    int error = errno;
    uint64_t one = 1;
    ssize_t written = write(inbox->wake_fd, &one, sizeof one);
    (void)written; /* it fails only where the descriptor is readable already */
    errno = error;
}

void *world_inbox_take(struct world_inbox *inbox, enum inbox_list list)
{
    if (!atomic_load_explicit(&inbox->lists[list], memory_order_relaxed))
        return NULL;
    struct inbox_item *newest = atomic_exchange(&inbox->lists[list], NULL), *oldest = NULL;
    while (newest) {
        struct inbox_item *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

bool world_inbox_may_sleep(struct world_inbox *inbox)
{
    atomic_store(&inbox->asleep, true);
    for (int i = 0; i < INBOX_LISTS; i++) {
        if (atomic_load(&inbox->lists[i])) {
            atomic_store(&inbox->asleep, false);
            return false;
        }
    }
    return true;
}

void world_inbox_awake(struct world_inbox *inbox)
{
    atomic_store(&inbox->asleep, false);
}

void world_inbox_drain(struct world_inbox *inbox)
{
    uint64_t count;
    ssize_t got = read(inbox->wake_fd, &count, sizeof count);
    (void)got; /* how many times does not matter */
}
