/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_INBOX_H
#define CORDUROY_COMMON_WORLD_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>

/* What other threads give to a shard: a list a kind, without locks, in the order in which it came.
 * The shard is woken, through a descriptor, only when it has said that it sleeps. */
enum inbox_list {
    INBOX_MAIL,
    INBOX_DISK, /* jobs that come home */
    INBOX_ZK,
    INBOX_CONN, /* connections that move here */
    INBOX_LISTS,
};
/* Every struct that goes through an inbox begins with such a link of its own type. */
struct inbox_item {
    struct inbox_item *next;
};
struct world_inbox {
    _Atomic(struct inbox_item *) lists[INBOX_LISTS]; /* newest first */
    atomic_bool asleep;
    int wake_fd; /* readable when the shard was woken */
};

int world_inbox_init(struct world_inbox *inbox); /* 0 or -errno */
void world_inbox_deinit(struct world_inbox *inbox);

/* Any thread. The item is the shard's from here on. */
void world_inbox_put(struct world_inbox *inbox, enum inbox_list list, void *item);
/* Any thread, also a signal handler: the shard does not sleep over what was stored before. */
void world_inbox_wake(struct world_inbox *inbox);

/* The owner only, these four. All items of a list, oldest first; NULL: none. */
void *world_inbox_take(struct world_inbox *inbox, enum inbox_list list);
/* Announces sleep; false (and awake) when something is there already. To be followed by
 * world_inbox_awake. */
bool world_inbox_may_sleep(struct world_inbox *inbox);
void world_inbox_awake(struct world_inbox *inbox);
/* To be called whenever wake_fd is readable. */
void world_inbox_drain(struct world_inbox *inbox);

#endif
