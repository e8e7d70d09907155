/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/replica/link.h"

#include "common/assert.h"
#include "common/bytes.h"

#define READ_SIZE 65536u

static void link_heard(struct source *source, const struct event *event);

static void read_more(struct link *l)
{
    const struct env *env = &l->reactor->env;
    if (l->reading || !link_is_open(l) || l->state == LINK_CONNECTING)
        return;
    if (l->state == LINK_READY && l->calls->full(l)) {
        l->held = true;
        return;
    }
    l->held = false;
    l->reading = true;
    if (l->partial) {
        uint32_t rest = l->partial->size - l->partial->used;
        env->ops->net_read(env->world, l->source.token, l->partial, l->partial->used, 1, rest,
                           l->account);
    } else {
        env->ops->net_read(env->world, l->source.token, NULL, 0, 1, READ_SIZE, l->account);
    }
}

void link_resume(struct link *l)
{
    if (l->held)
        read_more(l);
}

void link_close(struct link *l, const char *why)
{
    if (!link_is_open(l))
        return;
    l->state = LINK_CLOSING;
    l->why = why;
    l->reactor->env.ops->net_close(l->reactor->env.world, l->source.token, false);
}

static void send_bytes(struct link *l, const void *bytes, uint32_t size)
{
    const struct env *env = &l->reactor->env;
    struct buf *buf = buf_copy(NULL, bytes, size);
    struct piece piece = {.buf = buf, .size = size};
    l->bytes_left += size;
    env->ops->net_send(env->world, l->source.token, &piece, 1);
    buf_unref(buf);
}

static void init(struct link *l, struct reactor *r, const struct link_calls *calls,
                 const struct link_identity *self, struct account *account)
{
    PRE(l->state == LINK_CLOSED);
    l->reactor = r;
    l->calls = calls;
    l->self = self;
    l->account = account;
    l->source.heard = link_heard;
    l->heard_ns = r->now_ns;
    l->bytes_left = 0;
    l->why = NULL;
    l->reading = l->held = false;
}

static void fill_nonce(struct link *l, uint8_t nonce[CLUSTER_NONCE_SIZE])
{
    store_u64(nonce, l->reactor->env.ops->random(l->reactor->env.world));
    store_u64(nonce + 8, l->reactor->env.ops->random(l->reactor->env.world));
}

void link_connect(struct link *l, struct reactor *r, const struct link_calls *calls,
                  const struct link_identity *self, struct account *account, const struct addr *to)
{
    init(l, r, calls, self, account);
    l->opener = true;
    l->state = LINK_CONNECTING;
    l->open.version_min = CLUSTER_VERSION_MIN;
    l->open.version_max = CLUSTER_VERSION_MAX;
    l->open.from = self->self;
    l->open.shard_count = self->shard_count;
    memcpy(l->open.cluster, self->cluster, sizeof l->open.cluster);
    fill_nonce(l, l->open.nonce);
    cluster_open_encode(&l->open);
    reactor_add(r, &l->source);
    r->env.ops->net_open(r->env.world, l->source.token, to);
}

static void say_refused(struct link *l, const char *why)
{
    struct cluster_message m = {.kind = CLUSTER_KIND_REFUSED, .u.refused = view_of(why)};
    cluster_frame_encode(&l->writer, &m);
    send_bytes(l, l->writer.data, (uint32_t)l->writer.size);
    l->writer.size = 0;
    l->state = LINK_CLOSING;
    l->why = why;
    l->reactor->env.ops->net_close(l->reactor->env.world, l->source.token, true);
}

void link_accept(struct link *l, struct reactor *r, const struct link_calls *calls,
                 const struct link_identity *self, struct account *account, token connection,
                 const struct cluster_open *open)
{
    init(l, r, calls, self, account);
    l->opener = false;
    l->state = LINK_GREETING;
    l->open = *open;
    l->peer = open->from;
    l->peer_shard_count = open->shard_count;
    reactor_add_as(r, &l->source, connection);
    const char *why = cluster_open_check(open, self->self, self->shard_count, self->cluster);
    if (!why && open->target_shard != r->env.shard)
        why = "the connection was moved to another shard";
    if (why) {
        say_refused(l, why);
        return;
    }
    l->challenge.version = cluster_open_version(open);
    l->challenge.from = self->self;
    l->challenge.shard_count = self->shard_count;
    fill_nonce(l, l->challenge.nonce);
    cluster_challenge_encode(&l->challenge);
    send_bytes(l, l->challenge.frame, sizeof l->challenge.frame);
    read_more(l);
}

/* ---- the handshake ---- */

static void become_ready(struct link *l)
{
    l->state = LINK_READY;
    l->calls->ready(l);
}

static void greet_opener(struct link *l, struct view frame)
{
    if (cluster_challenge_decode(frame, &l->challenge)) {
        uint8_t proof[CLUSTER_PROOF_FRAME_SIZE];
        if (l->challenge.from.broker != l->open.target_broker) {
            link_close(l, "another broker answers at that address");
            return;
        }
        l->peer = l->challenge.from;
        l->peer_shard_count = l->challenge.shard_count;
        cluster_proof_encode(CLUSTER_OPENER, l->self->secret, &l->open, &l->challenge, proof);
        send_bytes(l, proof, sizeof proof);
    } else if (l->challenge.version != 0 && cluster_proof_check(CLUSTER_ACCEPTOR, l->self->secret,
                                                                &l->open, &l->challenge, frame)) {
        become_ready(l);
    } else {
        link_close(l, "refused by the other broker, or not authentic");
    }
}

static void greet_acceptor(struct link *l, struct view frame)
{
    if (!cluster_proof_check(CLUSTER_OPENER, l->self->secret, &l->open, &l->challenge, frame)) {
        say_refused(l, "the broker does not prove that it knows the cluster's secret");
        return;
    }
    uint8_t ready[CLUSTER_PROOF_FRAME_SIZE];
    cluster_proof_encode(CLUSTER_ACCEPTOR, l->self->secret, &l->open, &l->challenge, ready);
    send_bytes(l, ready, sizeof ready);
    become_ready(l);
}

/* ---- frames in ---- */

static void answer_ping(struct link *l, const struct cluster_message *m)
{
    struct cluster_message pong = {.kind = CLUSTER_KIND_PONG, .u.pong = m->u.ping};
    if (l->calls->before_pong)
        l->calls->before_pong(l);
    link_say(l, &pong);
    link_flush(l, NULL, 0);
}

static void hear_pong(struct link *l, uint64_t number)
{
    if (number <= l->pong_number || number > l->ping_number)
        return;
    l->pong_number = number;
    if (l->calls->ponged)
        l->calls->ponged(l);
}

static void take_frame(struct link *l, struct buf *buf, uint32_t pos, uint32_t size)
{
    struct view frame = {buf->data + pos, size};
    if (l->state == LINK_GREETING) {
        if (l->opener)
            greet_opener(l, frame);
        else
            greet_acceptor(l, frame);
        return;
    }
    struct arena arena = ARENA_INIT;
    struct cluster_message m;
    int error = cluster_frame_decode(frame, &arena, &m);
    if (error)
        link_close(l, cluster_frame_error_text(error));
    else if (m.kind == CLUSTER_KIND_PING)
        answer_ping(l, &m);
    else if (m.kind == CLUSTER_KIND_PONG)
        hear_pong(l, m.u.pong.number);
    else
        l->calls->heard(l, &m, buf, pos);
    arena_reset(&arena);
}

/* A frame of which only a part came: into a buffer of its own, read to its end at once. Before its
 * length is known that buffer holds four bytes. */
static void keep_partial(struct link *l, const uint8_t *bytes, uint32_t size, uint32_t whole)
{
    l->partial = buf_new(l->account, whole);
    memcpy(l->partial->data, bytes, size);
    l->partial->used = size;
}

static void take_bytes(struct link *l, struct buf *buf, uint32_t at, uint32_t size)
{
    while (size > 0 && link_is_open(l)) {
        uint32_t whole = 0;
        int error = cluster_frame_size((struct view){buf->data + at, size}, &whole);
        if (error == CLUSTER_FRAME_BAD_SIZE ||
            (!error && l->state == LINK_GREETING && whole > CLUSTER_HANDSHAKE_FRAME_SIZE_MAX)) {
            link_close(l, cluster_frame_error_text(CLUSTER_FRAME_BAD_SIZE));
            return;
        }
        if (error || whole > size) {
            keep_partial(l, buf->data + at, size, error ? 4 : whole);
            return;
        }
        take_frame(l, buf, at, whole);
        at += whole;
        size -= whole;
    }
}

/* The kept frame has grown to so many bytes. */
static void take_rest(struct link *l, uint32_t used)
{
    struct buf *buf = l->partial;
    buf->used = used;
    if (used < buf->size)
        return;
    l->partial = NULL;
    take_bytes(l, buf, 0, used);
    buf_unref(buf);
}

static void on_data(struct link *l, const struct event *event)
{
    struct buf *buf = event->u.data.buf;
    l->reading = false;
    l->heard_ns = event->now_ns;
    if (event->u.data.eof && !link_is_open(l)) {
        buf_unref(buf);
        return;
    }
    if (l->partial && event->u.data.size > 0)
        take_rest(l, event->u.data.at + event->u.data.size);
    else if (event->u.data.size > 0)
        take_bytes(l, buf, event->u.data.at, event->u.data.size);
    buf_unref(buf);
    if (event->u.data.eof)
        link_close(l, NULL);
    else
        read_more(l);
}

static void on_closed(struct link *l)
{
    l->state = LINK_CLOSED;
    l->reading = l->held = false;
    reactor_remove(l->reactor, &l->source);
    buf_unref(l->partial);
    l->partial = NULL;
    cluster_writer_deinit(&l->writer);
    l->calls->closed(l);
}

static void link_heard(struct source *source, const struct event *event)
{
    struct link *l = CONTAINER_OF(source, struct link, source);
    switch ((unsigned)event->kind) {
    case EV_NET_OPENED:
        if (event->error || l->state != LINK_CONNECTING)
            break; /* CLOSED follows */
        l->state = LINK_GREETING;
        l->heard_ns = event->now_ns;
        send_bytes(l, l->open.frame, sizeof l->open.frame);
        read_more(l);
        break;
    case EV_NET_DATA:
        on_data(l, event);
        break;
    case EV_NET_SENT:
        l->bytes_left = event->u.sent.bytes_left;
        break;
    case EV_NET_CLOSED:
        on_closed(l);
        break;
    default:
        break;
    }
}

/* ---- frames out ---- */

void link_say(struct link *l, const struct cluster_message *m)
{
    if (l->state == LINK_READY)
        cluster_frame_encode(&l->writer, m);
}

void link_flush(struct link *l, const struct piece *pieces, unsigned count)
{
    const struct env *env = &l->reactor->env;
    if (l->state != LINK_READY || l->writer.size == 0)
        return;
    send_bytes(l, l->writer.data, (uint32_t)l->writer.size);
    l->writer.size = 0;
    if (count > 0) {
        for (unsigned i = 0; i < count; i++)
            l->bytes_left += pieces[i].size;
        env->ops->net_send(env->world, l->source.token, pieces, count);
    }
}

void link_ping(struct link *l)
{
    struct cluster_message m = {.kind = CLUSTER_KIND_PING, .u.ping.number = ++l->ping_number};
    link_say(l, &m);
    link_flush(l, NULL, 0);
}
