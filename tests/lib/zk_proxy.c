/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/zk_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/bytes.h"
#include "common/memory.h"

#define CONNS_MAX 16
#define FRAME_MAX (4u << 20)

/* One direction of a connection: bytes read that are not yet a whole frame. */
struct way {
    uint8_t *bytes;
    size_t size, capacity;
    bool begun; /* the first frame opens the session and has no number */
};
struct conn {
    int client, server;
    struct way up, down;
    bool drops; /* the reply of this request */
    int32_t xid;
};
struct zk_proxy {
    uint16_t server_port, port;
    int listener, wake;
    pthread_t thread;
    pthread_mutex_t lock;
    bool ending, cut, disconnects;
    bool holds, released; /* replies, which are passed later */
    unsigned held;
    bool fault_set;
    uint32_t fault_at;
    enum zk_fault fault;
    int32_t forged;
    struct conn conns[CONNS_MAX];
    unsigned count;
};

static void conn_close(struct zk_proxy *p, unsigned i)
{
    struct conn *c = &p->conns[i];

    close(c->client);
    close(c->server);
    free(c->up.bytes);
    free(c->down.bytes);
    p->conns[i] = p->conns[--p->count];
}

static int connect_to(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool peer_is_gone(int fd)
{
    struct pollfd f = {.fd = fd, .events = POLLRDHUP};

    return poll(&f, 1, 0) > 0 && (f.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void accept_one(struct zk_proxy *p)
{
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC), server, on = 1;

    if (client < 0)
        return;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (p->count == CONNS_MAX || peer_is_gone(client) ||
        (server = connect_to(p->server_port)) < 0) {
        close(client);
        return;
    }
    p->conns[p->count++] = (struct conn){.client = client, .server = server};
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = send(fd, bytes, size, MSG_NOSIGNAL);

        if (done <= 0)
            return false;
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

static bool read_some(int fd, struct way *w)
{
    ssize_t got;

    w->bytes = xgrow(w->bytes, &w->capacity, w->size + 65536, 1);
    got = recv(fd, w->bytes + w->size, 65536, 0);
    if (got <= 0)
        return false;
    w->size += (size_t)got;
    return true;
}

/* One whole frame of a client; false: the connection ends here. */
static bool pass_request(struct zk_proxy *p, struct conn *c, const uint8_t *frame, size_t size)
{
    int32_t xid = size >= 8 ? load_i32(frame + 4) : -1;

    if (c->up.begun && xid >= 0 && p->fault_set && p->fault_at-- == 0) {
        p->fault_set = false;
        if (p->fault == ZK_FAULT_REQUEST)
            return false;
        c->drops = true;
        c->xid = xid;
    }
    c->up.begun = true;
    return write_all(c->server, frame, size);
}

/* A reply: number, zxid, error, body. */
static bool pass_reply(struct zk_proxy *p, struct conn *c, uint8_t *frame, size_t size)
{
    int32_t xid = size >= 20 ? load_i32(frame + 4) : -1;

    if (c->down.begun && c->drops && xid == c->xid)
        return false;
    if (c->down.begun && xid >= 0 && p->forged) {
        store_u32(frame + 16, (uint32_t)p->forged);
        p->forged = 0;
    }
    c->down.begun = true;
    return write_all(c->client, frame, size);
}

/* The whole replies to requests that have gathered here. */
static unsigned count_held(const struct conn *c)
{
    unsigned count = 0;

    for (size_t at = 0; c->down.size - at >= 8;) {
        size_t size = 4 + (size_t)load_u32(c->down.bytes + at);

        if (size > FRAME_MAX || c->down.size - at < size)
            break;
        count += load_i32(c->down.bytes + at + 4) >= 0;
        at += size;
    }
    return count;
}

static bool pass_frames(struct zk_proxy *p, struct conn *c, bool up)
{
    struct way *w = up ? &c->up : &c->down;
    size_t at = 0;

    if (!up && p->holds && c->down.begun) {
        p->held = count_held(c);
        return true;
    }

    while (w->size - at >= 4) {
        size_t size = 4 + (size_t)load_u32(w->bytes + at);

        if (size > FRAME_MAX)
            return false;
        if (w->size - at < size)
            break;
        if (!(up ? pass_request(p, c, w->bytes + at, size) : pass_reply(p, c, w->bytes + at, size)))
            return false;
        at += size;
    }
    memmove(w->bytes, w->bytes + at, w->size - at);
    w->size -= at;
    return true;
}

static bool serve(struct zk_proxy *p, struct conn *c, short client, short server)
{
    /* What a client that is gone has left behind is dropped with it. */
    if (client & (POLLRDHUP | POLLHUP | POLLERR))
        return false;
    if ((client & POLLIN) && !(read_some(c->client, &c->up) && pass_frames(p, c, true)))
        return false;
    if ((server & (POLLIN | POLLHUP | POLLERR)) &&
        !(read_some(c->server, &c->down) && pass_frames(p, c, false)))
        return false;
    return true;
}

static void run_once(struct zk_proxy *p, const struct pollfd *fds, unsigned count)
{
    if (p->disconnects) {
        p->disconnects = false;
        while (p->count > 0)
            conn_close(p, 0);
        return;
    }
    if (p->cut)
        return;
    if (p->released) {
        p->released = false;
        for (unsigned i = p->count; i-- > 0;)
            if (!pass_frames(p, &p->conns[i], false))
                conn_close(p, i);
        return; /* what was polled may be of another connection now */
    }
    for (unsigned i = count; i-- > 0;)
        if (!serve(p, &p->conns[i], fds[2 + 2 * i].revents, fds[3 + 2 * i].revents))
            conn_close(p, i);
    if (fds[1].revents & POLLIN)
        accept_one(p);
}

static void *run(void *proxy)
{
    struct zk_proxy *p = proxy;

    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        struct pollfd fds[2 + 2 * CONNS_MAX] = {{p->wake, POLLIN, 0}, {p->listener, POLLIN, 0}};
        unsigned count = p->cut ? 0 : p->count;
        uint64_t woken;

        for (unsigned i = 0; i < count; i++) {
            fds[2 + 2 * i] = (struct pollfd){p->conns[i].client, POLLIN | POLLRDHUP, 0};
            fds[3 + 2 * i] = (struct pollfd){p->conns[i].server, POLLIN, 0};
        }
        if (p->cut)
            fds[1].events = 0;
        pthread_mutex_unlock(&p->lock);
        poll(fds, 2 + 2 * count, -1);
        pthread_mutex_lock(&p->lock);
        if ((fds[0].revents & POLLIN) && read(p->wake, &woken, sizeof woken) > 0)
            count = 0; /* what was asked for first; the rest is polled again */
        run_once(p, fds, count);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void change(struct zk_proxy *p)
{
    uint64_t one = 1;

    if (write(p->wake, &one, sizeof one) < 0)
        IMPOSSIBLE("an eventfd takes 8 bytes");
    pthread_mutex_unlock(&p->lock);
}

void zk_proxy_disconnect(struct zk_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->disconnects = true;
    change(p);
}

void zk_proxy_cut(struct zk_proxy *p, bool cut)
{
    pthread_mutex_lock(&p->lock);
    p->cut = cut;
    change(p);
}

void zk_proxy_hold(struct zk_proxy *p, bool hold)
{
    pthread_mutex_lock(&p->lock);
    p->released |= p->holds && !hold;
    p->holds = hold;
    p->held = 0;
    change(p);
}

unsigned zk_proxy_held(struct zk_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned held = p->held;
    pthread_mutex_unlock(&p->lock);
    return held;
}

void zk_proxy_fault_at(struct zk_proxy *p, uint32_t k, enum zk_fault how)
{
    pthread_mutex_lock(&p->lock);
    p->fault_set = true;
    p->fault_at = k;
    p->fault = how;
    change(p);
}

void zk_proxy_forge_error(struct zk_proxy *p, int32_t error)
{
    pthread_mutex_lock(&p->lock);
    p->forged = error;
    change(p);
}

uint16_t zk_proxy_port(const struct zk_proxy *p)
{
    return p->port;
}

struct zk_proxy *zk_proxy_new(uint16_t server_port)
{
    struct zk_proxy *p = xcalloc(1, sizeof *p);
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->server_port = server_port;
    p->wake = eventfd(0, EFD_CLOEXEC);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(p->listener, 16) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &size) != 0)
        IMPOSSIBLE("loopback has a free port");
    p->port = ntohs(at.sin_port);
    pthread_mutex_init(&p->lock, NULL);
    if (pthread_create(&p->thread, NULL, run, p) != 0)
        IMPOSSIBLE("a test may have a thread");
    return p;
}

void zk_proxy_free(struct zk_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    change(p);
    pthread_join(p->thread, NULL);
    while (p->count > 0)
        conn_close(p, 0);
    close(p->listener);
    close(p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
