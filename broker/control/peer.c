/* SPDX-License-Identifier: Apache-2.0 */
/* States: an opener connects, sends OPEN, awaits CHALLENGE, sends PROOF, awaits READY; an acceptor
 * has OPEN, sends CHALLENGE, awaits PROOF, sends READY. Then both are up. Whatever does not fit
 * ends the connection, with the reason for the log. */
#include "broker/control/peer.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

#define READ_SIZE 65536u
#define UNSENT_MAX (64u << 20)
#define PING_AFTER_NS UINT64_C(1000000000)
#define SILENCE_NS UINT64_C(10000000000)
#define TICK_MS 1000

enum peer_state {
    PEER_CONNECTING,
    PEER_AWAITS_CHALLENGE,
    PEER_AWAITS_READY,
    PEER_AWAITS_PROOF,
    PEER_UP,
    PEER_ENDED
};

struct peer {
    struct source source;
    struct turn_task turn;
    struct timer tick;
    struct reactor *reactor;
    struct peer_owner *owner; /* NULL: closed by it */
    struct peer_identity self;
    struct peer *other; /* joined in memory */
    enum peer_state state;
    struct cluster_member member;
    struct cluster_open open;
    struct cluster_challenge challenge;
    struct cluster_writer out;
    uint8_t *in; /* bytes received and not yet a frame */
    size_t in_size, in_capacity;
    uint64_t name, heard_ns, unsent, ping;
    unsigned busy; /* it is not freed while a function of it runs */
    bool socket_open, handling;
};

static void peer_heard(struct source *source, const struct event *e);
static void peer_turn(struct turn_task *task);
static void tick_fired(struct timer *timer);

static struct peer *peer_new(struct reactor *r, const struct peer_identity *self,
                             struct peer_owner *owner)
{
    struct peer *p = xcalloc(1, sizeof *p);
    p->reactor = r;
    p->self = *self;
    p->owner = owner;
    p->source.heard = peer_heard;
    p->turn.run = peer_turn;
    p->heard_ns = r->now_ns;
    timer_init(&p->tick, r, tick_fired);
    timer_set(&p->tick, TICK_MS);
    return p;
}

static void peer_free(struct peer *p)
{
    reactor_remove(p->reactor, &p->source);
    timer_deinit(&p->tick);
    cluster_writer_deinit(&p->out);
    free(p->in);
    free(p);
}

static void peer_free_when_done(struct peer *p)
{
    if (p->state != PEER_ENDED || p->socket_open || p->busy > 0 || p->turn.queued ||
        p->owner != NULL)
        return;
    peer_free(p);
}

static void flush(struct peer *p);

/* What was said before goes out first: nothing is sent on a socket that closes. */
static void socket_close(struct peer *p, bool after_sent)
{
    const struct env *env = &p->reactor->env;
    if (p->socket_open) {
        flush(p);
        env->ops->net_close(env->world, p->source.token, after_sent);
    }
}

static void unjoin(struct peer *p)
{
    struct peer *other = p->other;
    if (other != NULL) {
        p->other = NULL;
        other->other = NULL;
        reactor_at_turn(other->reactor, &other->turn); /* it finds itself alone */
    }
}

/* Ends it and tells the owner why. */
static void fail(struct peer *p, const char *why)
{
    if (p->state == PEER_ENDED)
        return;
    p->state = PEER_ENDED;
    timer_cancel(&p->tick);
    socket_close(p, true);
    unjoin(p);
    struct peer_owner *owner = p->owner;
    if (owner != NULL) {
        owner->down(owner, p, why);
        p->owner = NULL;
    }
    peer_free_when_done(p);
}

void peer_close(struct peer *p)
{
    p->owner = NULL;
    if (p->state != PEER_ENDED) {
        p->state = PEER_ENDED;
        timer_cancel(&p->tick);
        socket_close(p, true);
        unjoin(p);
    }
    peer_free_when_done(p);
}

void peer_discard(struct peer *p)
{
    if (p->other != NULL)
        p->other->other = NULL;
    peer_free(p);
}

/* ---- bytes out ---- */
static void put_raw(struct peer *p, const uint8_t *bytes, size_t size)
{
    p->out.data = xgrow(p->out.data, &p->out.capacity, p->out.size + size, 1);
    memcpy(p->out.data + p->out.size, bytes, size);
    p->out.size += size;
    reactor_at_turn(p->reactor, &p->turn);
}

void peer_send(struct peer *p, const struct cluster_message *m)
{
    if (p->state != PEER_UP)
        return;
    cluster_frame_encode(&p->out, m);
    reactor_at_turn(p->reactor, &p->turn);
}

static void flush(struct peer *p)
{
    const struct env *env = &p->reactor->env;
    if (p->out.size == 0)
        return;
    if (p->other != NULL) {
        struct peer *to = p->other;
        to->in = xgrow(to->in, &to->in_capacity, to->in_size + p->out.size, 1);
        memcpy(to->in + to->in_size, p->out.data, p->out.size);
        to->in_size += p->out.size;
        reactor_at_turn(to->reactor, &to->turn);
    } else if (p->socket_open) {
        struct piece piece = {.buf = buf_copy(NULL, p->out.data, (uint32_t)p->out.size),
                              .size = (uint32_t)p->out.size};
        env->ops->net_send(env->world, p->source.token, &piece, 1);
        buf_unref(piece.buf);
        p->unsent += piece.size;
    }
    p->out.size = 0;
    if (p->out.capacity > READ_SIZE) {
        cluster_writer_deinit(&p->out);
        p->out = (struct cluster_writer){0};
    }
}

/* ---- the handshake ---- */
static void go_up(struct peer *p)
{
    p->state = PEER_UP;
    p->heard_ns = p->reactor->now_ns;
    p->owner->up(p->owner, p);
}

static void draw_nonce(struct peer *p, uint8_t nonce[CLUSTER_NONCE_SIZE])
{
    const struct env *env = &p->reactor->env;
    for (unsigned i = 0; i < CLUSTER_NONCE_SIZE; i += 8) {
        uint64_t word = env->ops->random(env->world);
        memcpy(nonce + i, &word, sizeof word);
    }
}

static bool take_challenge(struct peer *p, struct view frame)
{
    uint8_t proof[CLUSTER_PROOF_FRAME_SIZE];
    if (!cluster_challenge_decode(frame, &p->challenge))
        return false;
    if (p->challenge.from.broker != p->open.target_broker) {
        fail(p, "another broker answers at that address");
        return true;
    }
    p->member = p->challenge.from;
    cluster_proof_encode(CLUSTER_OPENER, p->self.secret, &p->open, &p->challenge, proof);
    put_raw(p, proof, sizeof proof);
    p->state = PEER_AWAITS_READY;
    return true;
}

static bool take_proof(struct peer *p, struct view frame)
{
    uint8_t ready[CLUSTER_PROOF_FRAME_SIZE];
    if (!cluster_proof_check(CLUSTER_OPENER, p->self.secret, &p->open, &p->challenge, frame))
        return false;
    cluster_proof_encode(CLUSTER_ACCEPTOR, p->self.secret, &p->open, &p->challenge, ready);
    put_raw(p, ready, sizeof ready);
    go_up(p);
    return true;
}

static void take_handshake(struct peer *p, struct view frame)
{
    if (frame.size > 4 && frame.base[4] == CLUSTER_KIND_REFUSED) {
        struct arena arena = ARENA_INIT;
        struct cluster_message m;
        char *why = NULL;
        if (cluster_frame_decode(frame, &arena, &m) == 0) {
            why = arena_printf(&arena, "it refused us: %.*s", (int)m.u.refused.size,
                               (const char *)m.u.refused.base);
        }
        fail(p, why != NULL ? why : "it refused us");
        arena_reset(&arena);
        return;
    }
    bool good = true;
    if (p->state == PEER_AWAITS_CHALLENGE)
        good = take_challenge(p, frame);
    else if (p->state == PEER_AWAITS_PROOF)
        good = take_proof(p, frame);
    else if (cluster_proof_check(CLUSTER_ACCEPTOR, p->self.secret, &p->open, &p->challenge, frame))
        go_up(p);
    else
        good = false;
    if (!good) {
        fail(p,
             "its handshake does not fit (is corduroy.cluster.secret.file the same everywhere?)");
    }
}

/* ---- bytes in ---- */
static void take_frame(struct peer *p, struct view frame)
{
    if (p->state != PEER_UP) {
        take_handshake(p, frame);
        return;
    }
    struct arena arena = ARENA_INIT;
    struct cluster_message m;
    int wrong = cluster_frame_decode(frame, &arena, &m);
    if (wrong != 0) {
        fail(p, cluster_frame_error_text(wrong));
    } else if (m.kind == CLUSTER_KIND_PING) {
        struct cluster_message pong = {.kind = CLUSTER_KIND_PONG, .u.pong = m.u.ping};
        peer_send(p, &pong);
    } else if (m.kind != CLUSTER_KIND_PONG && p->owner != NULL) {
        p->owner->heard(p->owner, p, &m);
    }
    arena_reset(&arena);
}

static void take_frames(struct peer *p)
{
    size_t at = 0;
    if (p->handling)
        return;
    p->handling = true;
    if (p->state == PEER_UP) /* until then nobody has said anything that counts */
        p->heard_ns = p->reactor->now_ns;
    while (p->state != PEER_ENDED && at < p->in_size) {
        uint32_t size;
        struct view rest = {p->in + at, (uint32_t)(p->in_size - at)};
        int wrong = cluster_frame_size(rest, &size);
        if (wrong == 0 && p->state != PEER_UP && size > CLUSTER_HANDSHAKE_FRAME_SIZE_MAX)
            wrong = CLUSTER_FRAME_BAD_SIZE; /* nobody has proved anything yet */
        if (wrong == CLUSTER_FRAME_SHORT || (wrong == 0 && size > rest.size))
            break;
        if (wrong != 0) {
            fail(p, cluster_frame_error_text(wrong));
            break;
        }
        take_frame(p, (struct view){rest.base, size});
        at += size;
    }
    if (at > 0)
        memmove(p->in, p->in + at, p->in_size - at);
    p->in_size -= at;
    p->handling = false;
}

static void read_on(struct peer *p)
{
    const struct env *env = &p->reactor->env;
    if (p->state != PEER_ENDED)
        env->ops->net_read(env->world, p->source.token, NULL, 0, 1, READ_SIZE, NULL);
}

static void heard_data(struct peer *p, const struct event *e)
{
    if (p->state != PEER_ENDED && e->u.data.size > 0) {
        p->in = xgrow(p->in, &p->in_capacity, p->in_size + e->u.data.size, 1);
        memcpy(p->in + p->in_size, e->u.data.buf->data + e->u.data.at, e->u.data.size);
        p->in_size += e->u.data.size;
        take_frames(p);
    }
    buf_unref(e->u.data.buf);
    if (e->u.data.eof)
        fail(p, "it closed the connection");
    else
        read_on(p);
}

static void heard_opened(struct peer *p, const struct event *e)
{
    if (e->error != 0 || p->state != PEER_CONNECTING)
        return; /* CLOSED follows */
    put_raw(p, p->open.frame, CLUSTER_OPEN_SIZE);
    p->state = PEER_AWAITS_CHALLENGE;
    read_on(p);
}

static void peer_heard(struct source *source, const struct event *e)
{
    struct peer *p = CONTAINER_OF(source, struct peer, source);
    p->busy++;
    switch (e->kind) {
    case EV_NET_OPENED:
        heard_opened(p, e);
        break;
    case EV_NET_DATA:
        heard_data(p, e);
        break;
    case EV_NET_SENT:
        p->unsent = e->u.sent.bytes_left;
        break;
    case EV_NET_CLOSED:
        p->socket_open = false;
        fail(p, p->state == PEER_CONNECTING ? "it cannot be reached" : "the connection was lost");
        break;
    default:
        break;
    }
    p->busy--;
    peer_free_when_done(p);
}

static void peer_turn(struct turn_task *task)
{
    struct peer *p = CONTAINER_OF(task, struct peer, turn);
    bool joined = p->source.token == 0;
    p->busy++;
    if (joined && p->other == NULL)
        fail(p, "the other end is gone");
    if (joined && p->state == PEER_CONNECTING)
        go_up(p);
    if (joined)
        take_frames(p);
    flush(p);
    if (p->unsent > UNSENT_MAX)
        fail(p, "it does not read what it is sent");
    p->busy--;
    peer_free_when_done(p);
}

static void tick_fired(struct timer *timer)
{
    struct peer *p = CONTAINER_OF(timer, struct peer, tick);
    uint64_t silent = p->reactor->now_ns - p->heard_ns;
    if (p->source.token == 0)
        return; /* joined in memory: it cannot be silent */
    if (silent > SILENCE_NS) {
        fail(p, "it is silent"); /* its socket's CLOSED frees it */
        return;
    }
    if (p->state == PEER_UP && silent > PING_AFTER_NS) {
        struct cluster_message m = {.kind = CLUSTER_KIND_PING, .u.ping.number = ++p->ping};
        peer_send(p, &m);
    }
    timer_set(&p->tick, TICK_MS);
}

/* ---- making ---- */
struct peer *peer_connect(struct reactor *r, const struct peer_identity *self, int32_t broker,
                          const struct addr *to, struct peer_owner *owner)
{
    struct peer *p = peer_new(r, self, owner);
    p->open = (struct cluster_open){.version_min = CLUSTER_VERSION_MIN,
                                    .version_max = CLUSTER_VERSION_MAX,
                                    .purpose = CLUSTER_PURPOSE_CONTROL,
                                    .target_broker = broker,
                                    .from = self->self,
                                    .shard_count = self->shard_count};
    cluster_id_digest(self->cluster_id, p->open.cluster);
    draw_nonce(p, p->open.nonce);
    cluster_open_encode(&p->open);
    p->name = reactor_add(r, &p->source);
    p->socket_open = true;
    r->env.ops->net_open(r->env.world, p->source.token, to);
    return p;
}

static void refuse(struct reactor *r, token connection, const char *why)
{
    struct cluster_writer w = {0};
    struct cluster_message m = {.kind = CLUSTER_KIND_REFUSED, .u.refused = view_of(why)};
    cluster_frame_encode(&w, &m);
    struct piece piece = {.buf = buf_copy(NULL, w.data, (uint32_t)w.size),
                          .size = (uint32_t)w.size};
    r->env.ops->net_send(r->env.world, connection, &piece, 1);
    r->env.ops->net_close(r->env.world, connection, true);
    buf_unref(piece.buf);
    cluster_writer_deinit(&w);
}

struct peer *peer_accept(struct reactor *r, const struct peer_identity *self, token connection,
                         const struct cluster_open *open, struct peer_owner *owner,
                         const char **ret_why)
{
    uint8_t cluster[CLUSTER_ID_DIGEST_SIZE];
    cluster_id_digest(self->cluster_id, cluster);
    *ret_why = cluster_open_check(open, self->self, self->shard_count, cluster);
    if (*ret_why != NULL) {
        refuse(r, connection, *ret_why);
        return NULL;
    }
    struct peer *p = peer_new(r, self, owner);
    p->open = *open;
    p->member = open->from;
    p->challenge = (struct cluster_challenge){.version = cluster_open_version(open),
                                              .from = self->self,
                                              .shard_count = self->shard_count};
    draw_nonce(p, p->challenge.nonce);
    cluster_challenge_encode(&p->challenge);
    p->name = connection;
    p->socket_open = true;
    p->state = PEER_AWAITS_PROOF;
    reactor_add_as(r, &p->source, connection);
    put_raw(p, p->challenge.frame, CLUSTER_CHALLENGE_SIZE);
    read_on(p);
    return p;
}

void peer_join(struct reactor *r, const struct peer_identity *self, struct peer_owner *a_owner,
               struct peer **ret_a, struct peer_owner *b_owner, struct peer **ret_b)
{
    struct peer *a = peer_new(r, self, a_owner), *b = peer_new(r, self, b_owner);
    a->other = b;
    b->other = a;
    a->member = b->member = self->self;
    a->name = r->next_token++;
    b->name = r->next_token++;
    reactor_at_turn(r, &a->turn);
    reactor_at_turn(r, &b->turn);
    *ret_a = a;
    *ret_b = b;
}

struct cluster_member peer_member(const struct peer *p)
{
    return p->member;
}

uint64_t peer_name(const struct peer *p)
{
    return p->name;
}
