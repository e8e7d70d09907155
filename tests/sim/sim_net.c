/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/sim_internal.h"

/* What shards ask of the network, and what they hear of it. */

#define READ_SIZE_MAX 65536

static struct sim_end *end_of(struct sim_shard *s, token name)
{
    struct sim_end *end = map_get(&s->ends, MAP_KEY(name));
    PRE(end); /* a token of a connection that is not closed yet */
    return end;
}

static void end_own(struct sim_end *end, struct sim_shard *s, token name)
{
    end->shard = s;
    end->token = name;
    map_put(&s->ends, MAP_KEY(name), sim_conn_ref(end));
}

static void end_disown(struct sim_end *end)
{
    map_remove(&end->shard->ends, MAP_KEY(end->token));
    end->shard = NULL;
    sim_conn_unref(end);
}

/* ---- listening ---- */
static bool addr_is_any(const struct addr *a)
{
    return a->ip[12] == 0 && a->ip[13] == 0 && a->ip[14] == 0 && a->ip[15] == 0;
}

/* Of the listening socket of the process on that host and port. */
static struct sim_listener *listener_find(const struct sim_host *h, uint16_t port)
{
    for (struct sim_listener *l = h->world->listeners; l; l = l->next)
        if (l->shard->process == h->process && l->addr.port == port)
            return l;
    return NULL;
}

void sim_env_net_listen(void *world, token name, const struct addr *addr, unsigned listener)
{
    struct sim_shard *s = world;
    struct sim_host *h = s->process->host;
    struct sim_world *w = h->world;
    struct event event = {.kind = EV_NET_LISTENING, .token = name};
    struct addr own = sim_host_addr(h, 0);
    if (!s->process->running)
        return;
    event.u.net.listener = listener;
    event.u.net.peer = *addr;
    if (event.u.net.peer.port == 0)
        event.u.net.peer.port = ++w->next_port;
    if (!addr_is_any(addr) && memcmp(addr->ip, own.ip, sizeof own.ip) != 0) {
        event.error = -EADDRNOTAVAIL;
    } else if (listener_find(h, event.u.net.peer.port)) {
        event.error = -EADDRINUSE;
    } else {
        struct sim_listener *l = xcalloc(1, sizeof *l);
        *l = (struct sim_listener){.next = w->listeners,
                                   .shard = s,
                                   .token = name,
                                   .addr = event.u.net.peer,
                                   .listener = listener};
        l->last = &l->first;
        w->listeners = l;
    }
    sim_shard_post_event(s, &event);
}

static void listener_give(struct sim_listener *l)
{
    while (l->credit > 0 && l->first) {
        struct sim_end *end = l->first;
        l->first = end->backlog_next;
        if (!l->first)
            l->last = &l->first;
        end->listener = NULL;
        if (end->state == END_OPEN) {
            l->credit--;
            end_own(end, l->shard, TOKEN_OF_WORLD | ++l->shard->process->world->next_token);
            sim_end_post(end, SIM_NET_ACCEPTED);
        }
        sim_conn_unref(end);
    }
}

static struct sim_listener *listener_of(struct sim_shard *s, token name)
{
    for (struct sim_listener *l = s->process->world->listeners; l; l = l->next)
        if (l->shard == s && l->token == name)
            return l;
    return NULL;
}

void sim_env_net_accept(void *world, token name, unsigned more)
{
    struct sim_shard *s = world;
    if (!s->process->running)
        return;
    struct sim_listener *l = listener_of(s, name);
    PRE(l);
    l->credit += more;
    listener_give(l);
}

static void listener_close(struct sim_listener *l)
{
    struct sim_listener **link = &l->shard->process->world->listeners;
    while (*link != l)
        link = &(*link)->next;
    *link = l->next;
    while (l->first) {
        struct sim_end *end = l->first;
        l->first = end->backlog_next;
        end->listener = NULL;
        if (end->state != END_DEAD) {
            end->state = END_DEAD;
            sim_end_drop_buffers(end);
            sim_end_send_reset(end);
        }
        sim_conn_unref(end);
    }
    free(l);
}

void sim_env_net_move(void *world, token name, unsigned shard)
{
    struct sim_shard *s = world;
    struct sim_end *end = end_of(s, name);
    if (!s->process->running)
        return;
    PRE(shard < s->process->shard_count);
    PRE(!end->read_pending && end->out_size == 0 && !end->sent_posted);
    if (end->state == END_DEAD)
        return; /* CLOSED is heard here */
    sim_conn_ref(end);
    end_disown(end);
    end_own(end, &s->process->shards[shard], name);
    sim_end_post(end, SIM_NET_ACCEPTED);
    sim_conn_unref(end);
}

/* ---- connecting ---- */
static void connect_answered(void *object, uint64_t refused)
{
    struct sim_end *end = object;
    if (end->state == END_CONNECTING && end->shard) {
        if (refused || end->reset_arrived)
            end->error = refused ? -ECONNREFUSED : -ECONNRESET;
        else
            end->state = END_OPEN;
        sim_end_post(end, SIM_NET_OPENED);
    }
    sim_conn_unref(end);
}

static struct sim_host *host_find(struct sim_world *w, const struct addr *addr)
{
    for (unsigned i = 0; i < w->host_count; i++) {
        struct addr own = sim_host_addr(w->hosts[i], 0);
        if (memcmp(own.ip, addr->ip, sizeof own.ip) == 0)
            return w->hosts[i];
    }
    return NULL;
}

static void backlog_put(struct sim_listener *l, struct sim_end *end)
{
    end->state = END_OPEN;
    end->listener = l;
    end->listener_index = l->listener;
    *l->last = sim_conn_ref(end);
    l->last = &end->backlog_next;
    listener_give(l);
}

static void connect_arrives(void *object, uint64_t give_up_ns)
{
    struct sim_end *end = object;
    struct sim_world *w = end->conn->world;
    struct sim_host *to = host_find(w, &end->peer->addr);
    if (end->state != END_CONNECTING || !end->shard) {
        sim_conn_unref(end);
        return;
    }
    if (!to || !sim_host_reaches(end->host, to) || !sim_host_reaches(to, end->host)) {
        if (w->now_ns >= give_up_ns) {
            end->error = -ETIMEDOUT;
            sim_end_post(end, SIM_NET_OPENED);
            sim_conn_unref(end);
        } else {
            sim_world_after(w, sim_random_range(&w->random, SIM_SECOND / 2, SIM_SECOND),
                            connect_arrives, end, give_up_ns);
        }
        return;
    }
    end->peer->host = to;
    struct sim_listener *l = to->process ? listener_find(to, end->peer->addr.port) : NULL;
    if (l)
        backlog_put(l, end->peer);
    sim_world_after(w, sim_delay_draw(w, &w->weather.net), connect_answered, end, !l);
}

void sim_env_net_open(void *world, token name, const struct addr *addr)
{
    struct sim_shard *s = world;
    struct sim_host *h = s->process->host;
    struct sim_world *w = h->world;
    if (!s->process->running)
        return;
    PRE(!map_get(&s->ends, MAP_KEY(name)));
    struct sim_conn *conn = sim_conn_new(w, h);
    struct sim_end *end = &conn->ends[0];
    end_own(end, s, name);
    if (++w->next_port < 32768)
        w->next_port = 32768;
    end->addr = sim_host_addr(h, w->next_port);
    end->peer->addr = *addr;
    sim_world_after(w, sim_delay_draw(w, &w->weather.net), connect_arrives, sim_conn_ref(end),
                    w->now_ns + w->weather.give_up_ns);
}

/* ---- an open connection ---- */
void sim_env_net_read(void *world, token name, struct buf *into, uint32_t at, uint32_t min,
                      uint32_t max, struct account *account)
{
    struct sim_shard *s = world;
    if (!s->process->running)
        return;
    struct sim_end *end = end_of(s, name);
    PRE(!end->read_pending);
    PRE(max > 0 && min <= max);
    PRE(!into || (uint64_t)at + max <= into->size);
    if (end->state == END_DEAD || end->state == END_CLOSING)
        return;
    end->into = into ? buf_ref(into) : NULL;
    end->at = at;
    end->min = min;
    end->max = into || max < READ_SIZE_MAX ? max : READ_SIZE_MAX;
    end->account = account;
    end->read_pending = true;
    sim_end_read(end);
}

void sim_env_net_send(void *world, token name, const struct piece *pieces, unsigned count)
{
    struct sim_shard *s = world;
    if (!s->process->running)
        return;
    struct sim_end *end = end_of(s, name);
    PRE(end->state != END_CLOSING);
    if (end->state == END_DEAD)
        return;
    for (unsigned i = 0; i < count; i++) {
        if (pieces[i].size == 0)
            continue;
        struct sim_out *out = xcalloc(1, sizeof *out);
        out->piece = pieces[i];
        if (pieces[i].buf)
            buf_ref(pieces[i].buf);
        else
            file_ref(pieces[i].file);
        *end->out_last = out;
        end->out_last = &out->next;
        end->out_size += pieces[i].size;
    }
    if (end->reset_arrived)
        sim_end_die(end, -EPIPE);
    else if (end->state == END_OPEN)
        sim_end_pump(end);
}

void sim_env_net_close(void *world, token name, bool after_sent)
{
    struct sim_shard *s = world;
    struct sim_listener *l = listener_of(s, name);
    if (!s->process->running)
        return;
    if (l) {
        listener_close(l);
        struct event closed = {.kind = EV_NET_CLOSED, .token = name};
        sim_shard_post_event(s, &closed);
        return;
    }
    struct sim_end *end = end_of(s, name);
    if (end->state == END_DEAD)
        return;
    if (after_sent && end->state == END_OPEN && !end->reset_arrived) {
        buf_unref(end->into);
        end->into = NULL;
        end->read_pending = false;
        end->state = END_CLOSING;
        sim_end_pump(end);
        return;
    }
    if (end->peer->host && !end->reset_arrived)
        sim_end_send_reset(end);
    sim_end_die(end, 0);
}

/* ---- hearing ---- */
static void in_take(struct sim_end *end, uint8_t *to, uint32_t size)
{
    end->in_size -= size;
    while (size > 0) {
        struct sim_segment *segment = end->in_first;
        uint32_t part = segment->size - segment->pos;
        if (part > size)
            part = size;
        memcpy(to, segment->bytes + segment->pos, part);
        segment->pos += part;
        to += part;
        size -= part;
        if (segment->pos < segment->size)
            continue;
        end->in_first = segment->next;
        if (!end->in_first)
            end->in_last = &end->in_first;
        free(segment);
    }
}

static void hear_data(struct sim_shard *s, struct sim_end *end)
{
    struct sim_world *w = s->process->world;
    uint32_t min = end->min ? end->min : 1,
             size = end->in_size < end->max ? end->in_size : end->max;
    end->read_posted = false;
    if (!end->read_pending || !sim_end_readable(end))
        return;
    if (end->reset_arrived) {
        sim_end_die(end, -ECONNRESET);
        return;
    }
    if (size > min && sim_random_once_in(&w->random, w->weather.split_once_in))
        size = (uint32_t)sim_random_range(&w->random, min, size);
    struct event event = {.kind = EV_NET_DATA, .token = end->token};
    event.u.data.at = end->at;
    event.u.data.size = size;
    event.u.data.eof = size == end->in_size && end->fin_arrived &&
                       (size < min || sim_random_once_in(&w->random, 2));
    event.u.data.buf = end->into;
    end->into = NULL;
    end->read_pending = false;
    if (size == 0) {
        buf_unref(event.u.data.buf);
        event.u.data.buf = NULL;
    } else {
        if (!event.u.data.buf) {
            event.u.data.buf = buf_new(end->account, size);
            event.u.data.at = 0;
        }
        in_take(end, event.u.data.buf->data + event.u.data.at, size);
        event.u.data.buf->used = event.u.data.at + size;
        uint32_t early = size < end->credited ? size : end->credited;
        end->credited -= early;
        if (size > early)
            sim_end_credit(end, size - early);
    }
    sim_shard_hear(s, &event);
}

static void hear_closed(struct sim_shard *s, struct sim_end *end)
{
    struct event event = {.kind = EV_NET_CLOSED, .token = end->token, .error = end->error};
    end_disown(end); /* the item still holds it */
    sim_shard_hear(s, &event);
}

static void hear_opened(struct sim_shard *s, struct sim_end *end)
{
    struct event event = {.kind = EV_NET_OPENED, .token = end->token, .error = end->error};
    sim_shard_hear(s, &event);
    if (event.error) {
        if (end->state != END_DEAD)
            sim_end_die(end, event.error);
        return;
    }
    sim_end_read(end);
    if (end->state == END_OPEN)
        sim_end_pump(end);
}

void sim_net_hear(struct sim_shard *s, struct sim_item *item)
{
    struct sim_end *end = item->end;
    if (end->shard != s ||
        (end->state == END_DEAD && item->what != SIM_NET_CLOSED && item->what != SIM_NET_ACCEPTED))
        return;
    switch (item->what) {
    case SIM_NET_ACCEPTED: {
        struct event event = {.kind = EV_NET_ACCEPTED, .token = end->token};
        event.u.net.listener = end->listener_index;
        event.u.net.peer = end->peer->addr;
        sim_shard_hear(s, &event);
        break;
    }
    case SIM_NET_OPENED:
        hear_opened(s, end);
        break;
    case SIM_NET_READ:
        hear_data(s, end);
        break;
    case SIM_NET_SENT: {
        struct event event = {.kind = EV_NET_SENT, .token = end->token};
        event.u.sent.bytes_left = end->out_size;
        end->sent_posted = false;
        sim_shard_hear(s, &event);
        break;
    }
    case SIM_NET_CLOSED:
        hear_closed(s, end);
        break;
    }
}

/* ---- ends of processes and hosts ---- */
static void end_orphan(struct sim_end *end, enum sim_end_how how)
{
    bool known = end->state != END_DEAD && !end->reset_arrived && end->peer->host;
    bool orderly = end->state != END_CONNECTING && end->in_size == 0;
    end->state = END_DEAD;
    sim_end_drop_buffers(end);
    if (how == SIM_END_POWER) {
        if (end->stalled) /* nobody is left to send it again */
            sim_end_drop_wire(end);
    } else if (known) {
        if (orderly)
            sim_end_send_fin(end);
        else
            sim_end_send_reset(end);
    }
    end_disown(end);
}

void sim_net_end_process(struct sim_process *p, enum sim_end_how how)
{
    struct sim_world *w = p->world;
    for (struct sim_listener *l = w->listeners, *next; l; l = next) {
        next = l->next;
        if (l->shard->process == p)
            listener_close(l);
    }
    for (unsigned i = 0; i < p->shard_count; i++) {
        struct map_entry entry;
        for (uint32_t at = 0; map_next(&p->shards[i].ends, &at, &entry);)
            end_orphan(entry.value, how);
    }
}

void sim_net_host_on(struct sim_host *h)
{
    struct sim_world *w = h->world;
    for (struct sim_conn *conn = w->conns, *next; conn; conn = next) {
        next = conn->next;
        for (int i = 0; i < 2; i++)
            if (conn->ends[i].peer->host)
                sim_end_unstall(&conn->ends[i]);
    }
}

/* ---- faults ---- */
void sim_link_cut(struct sim_host *from, struct sim_host *to, bool cut)
{
    struct sim_world *w = from->world;
    if (w->cut[from->index][to->index] == cut)
        return;
    sim_trace(w, "link %s -> %s is %s", from->name, to->name, cut ? "cut" : "healed");
    w->cut[from->index][to->index] = cut;
    if (!cut)
        sim_net_host_on(to);
}

bool sim_link_is_cut(const struct sim_host *from, const struct sim_host *to)
{
    return from->world->cut[from->index][to->index];
}

void sim_links_heal(struct sim_world *w)
{
    for (unsigned a = 0; a < w->host_count; a++)
        for (unsigned b = 0; b < w->host_count; b++)
            sim_link_cut(w->hosts[a], w->hosts[b], false);
}

static bool conn_joins(const struct sim_conn *c, const struct sim_host *a, const struct sim_host *b)
{
    const struct sim_host *x = c->ends[0].host, *y = c->ends[1].host;
    return c->ends[0].state == END_OPEN && c->ends[1].state == END_OPEN && !c->broken &&
           ((x == a && y == b) || (x == b && y == a));
}

unsigned sim_link_connections(struct sim_host *a, struct sim_host *b)
{
    unsigned count = 0;
    for (struct sim_conn *c = a->world->conns; c; c = c->next)
        count += conn_joins(c, a, b);
    return count;
}

bool sim_link_break(struct sim_host *a, struct sim_host *b, bool a_hears, bool b_hears)
{
    struct sim_world *w = a->world;
    uint64_t pick = sim_random_below(&w->random, sim_link_connections(a, b));
    for (struct sim_conn *c = w->conns; c; c = c->next) {
        if (!conn_joins(c, a, b) || pick-- > 0)
            continue;
        sim_trace(w, "a connection between %s and %s breaks", a->name, b->name);
        c->broken = true;
        sim_conn_ref(&c->ends[0]);
        for (int i = 0; i < 2; i++)
            if (c->ends[i].host == a ? a_hears : b_hears)
                sim_end_reset(&c->ends[i]);
        sim_conn_unref(&c->ends[0]);
        return true;
    }
    return false;
}
