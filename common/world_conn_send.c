/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "common/memory.h"
#include "common/world_socket.h"

#define SEND_IOV 64
#define FILE_STEP ((uint32_t)1024 * 1024)
/* What one connection may send before others get their turn. */
#define FLUSH_MOST ((uint64_t)4 * 1024 * 1024)

static struct piece *piece_at(struct net_conn *c, uint32_t i)
{
    return &c->pieces[(c->piece_first + i) % c->piece_capacity];
}

static void ring_grow(struct net_conn *c)
{
    uint32_t capacity = c->piece_capacity ? c->piece_capacity * 2 : 8;
    struct piece *pieces = xcalloc(capacity, sizeof *pieces);
    for (uint32_t i = 0; i < c->piece_count; i++)
        pieces[i] = *piece_at(c, i);
    free(c->pieces);
    c->pieces = pieces;
    c->piece_capacity = capacity;
    c->piece_first = 0;
}

void net_conn_queue(struct net_conn *c, const struct piece *pieces, unsigned count)
{
    if (count && c->state != CONN_OPEN && c->state != CONN_OPENING)
        return; /* it closes after what was queued before */
    for (unsigned i = 0; i < count; i++) {
        if (pieces[i].size == 0)
            continue;
        if (c->piece_count == c->piece_capacity)
            ring_grow(c);
        struct piece *p = piece_at(c, c->piece_count++);
        *p = pieces[i];
        if (p->buf)
            buf_ref(p->buf);
        else
            file_ref(p->file);
        c->queued += p->size;
        c->sent_before = true;
    }
    if (c->state == CONN_OPENING || c->blocked || c->socket.in_sending)
        return;
    c->socket.in_sending = true;
    TAILQ_INSERT_TAIL(&c->socket.net->sending, &c->socket, sending_link);
}

static void piece_release(struct piece *p)
{
    if (p->buf)
        buf_unref(p->buf);
    else
        file_unref(p->file);
    *p = (struct piece){0};
}

void net_conn_drop_queue(struct net_conn *c)
{
    for (uint32_t i = 0; i < c->piece_count; i++)
        piece_release(piece_at(c, i));
    free(c->pieces);
    c->pieces = NULL;
    c->piece_capacity = c->piece_first = c->piece_count = 0;
    c->queued = 0;
}

/* Takes sent bytes off the front of the queue. */
static void consume(struct net_conn *c, uint64_t size)
{
    c->queued -= size;
    while (size) {
        struct piece *p = piece_at(c, 0);
        if (size < p->size) {
            p->pos += size;
            p->size -= (uint32_t)size;
            return;
        }
        size -= p->size;
        piece_release(p);
        c->piece_first = (c->piece_first + 1) % c->piece_capacity;
        c->piece_count--;
        c->tell_sent = true;
    }
}

/* Bytes taken by the kernel, or -errno. */
static int64_t send_bufs(struct net_conn *c)
{
    struct iovec iov[SEND_IOV];
    uint32_t n = 0;
    while (n < SEND_IOV && n < c->piece_count && piece_at(c, n)->buf) {
        struct piece *p = piece_at(c, n);
        iov[n++] = (struct iovec){p->buf->data + p->pos, p->size};
    }
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = n};
    /* A head goes out with what follows it, not in a packet of its own. */
    int more = n < c->piece_count ? MSG_MORE : 0;
    ssize_t sent = sendmsg(c->socket.fd, &message, MSG_NOSIGNAL | more);
    return sent < 0 ? -errno : sent;
}

/* A file that is not the kernel's goes through memory. */
static int64_t send_copied(struct net_conn *c, struct piece *p)
{
    uint8_t *scratch = c->socket.net->scratch;
    uint32_t size = p->size < NET_SCRATCH_SIZE ? p->size : NET_SCRATCH_SIZE;
    int64_t n = p->file->ops->pread(p->file, scratch, size, p->pos);
    if (n <= 0)
        return n < 0 ? n : -EIO;
    ssize_t sent = send(c->socket.fd, scratch, (size_t)n, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

/* A file that ends before its piece does ends the connection: its head has promised more. */
static int64_t send_file(struct net_conn *c)
{
    struct piece *p = piece_at(c, 0);
    int fd = file_posix_descriptor(p->file);
    if (fd < 0)
        return send_copied(c, p);
    off_t pos = (off_t)p->pos;
    ssize_t sent = sendfile(c->socket.fd, fd, &pos, p->size < FILE_STEP ? p->size : FILE_STEP);
    if (sent == 0)
        return -EIO;
    return sent < 0 ? -errno : sent;
}

void net_conn_flush(struct net_conn *c)
{
    if (c->socket.closed || c->state == CONN_DRAINING)
        return;
    for (uint64_t done = 0; c->piece_count && done < FLUSH_MOST;) {
        int64_t n = piece_at(c, 0)->buf ? send_bufs(c) : send_file(c);
        if (n == -EINTR)
            continue;
        if (n == -EAGAIN) {
            c->blocked = true;
            world_watch_start(&c->writable, 0);
            break;
        }
        if (n < 0) {
            net_conn_end(c, (int)n);
            return;
        }
        consume(c, (uint64_t)n);
        done += (uint64_t)n;
    }
    if (c->tell_sent)
        net_socket_schedule(&c->socket);
    if (c->piece_count == 0 && c->state == CONN_CLOSING && !c->tell_sent)
        net_conn_all_sent(c);
    else if (c->piece_count && !c->blocked)
        net_conn_queue(c, NULL, 0);
}
