/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_NET_H
#define CORDUROY_COMMON_WORLD_NET_H

#include <sys/queue.h>

#include "common/env.h"
#include "common/token_map.h"
#include "common/world_loop.h"

/* The sockets of one shard. The loop only marks them ready; the work is done, and events are
 * delivered, by world_net_run and by nothing else, so that a call from a step never leads to
 * another step. One thread. */
struct net_socket;
struct net_conn;
TAILQ_HEAD(net_socket_list, net_socket);

/* What the sockets need from their shard. */
struct world_net_owner {
    void *context;
    void (*deliver)(void *context, struct event *event); /* fills in the time */
    void (*say)(void *context, enum say_level level, struct view line);
    void (*give)(void *context, unsigned shard, struct net_conn *conn); /* to world_net_adopt */
    token (*new_token)(void *context); /* unique in the process, bit 63 set */
};
struct world_net {
    struct world_net_owner owner;
    struct world_loop *loop;
    struct token_map sockets;
    struct net_socket_list ready, sending; /* with work to do; with something to send */
    unsigned ready_count;
    uint8_t *scratch; /* NET_SCRATCH_SIZE bytes */
};
#define NET_SCRATCH_SIZE ((uint32_t)64 * 1024)

void world_net_init(struct world_net *net, struct world_loop *loop,
                    const struct world_net_owner *owner);
/* Closes everything without another event. */
void world_net_deinit(struct world_net *net);

/* Handles the sockets that are ready now, at most `most` of them, each once. */
void world_net_run(struct world_net *net, unsigned most);
/* Sends what was queued; what comes of it is heard in the next run. */
void world_net_flush(struct world_net *net);
bool world_net_has_work(const struct world_net *net);
/* A connection that another shard gave. */
void world_net_adopt(struct world_net *net, struct net_conn *conn);
/* One that could not be given any more. */
void world_net_drop(struct net_conn *conn);

/* As in struct env_ops. */
void world_net_listen(struct world_net *net, token name, const struct addr *addr,
                      unsigned listener);
void world_net_accept(struct world_net *net, token listening, unsigned more);
void world_net_move(struct world_net *net, token name, unsigned shard);
void world_net_open(struct world_net *net, token name, const struct addr *addr);
void world_net_read(struct world_net *net, token name, struct buf *into, uint32_t at, uint32_t min,
                    uint32_t max, struct account *account);
void world_net_send(struct world_net *net, token name, const struct piece *pieces, unsigned count);
void world_net_close(struct world_net *net, token name, bool after_sent);

#endif
