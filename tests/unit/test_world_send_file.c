/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/memory.h"
#include "tests/lib/suite.h"
#include "tests/lib/world_host.h"

#define FILE_SIZE ((uint32_t)3 * 1024 * 1024)
#define FROM ((uint32_t)1001)
#define MEMORY_SIZE ((uint32_t)200 * 1000)

static uint8_t byte_at(uint64_t pos)
{
    return (uint8_t)(pos * 37 + pos / 1000);
}

/* A file that has no descriptor. */
static int64_t pattern_pread(struct file *file, void *to, uint64_t size, uint64_t pos)
{
    (void)file;
    uint64_t n = pos < MEMORY_SIZE ? MEMORY_SIZE - pos : 0;
    n = n < size ? n : size;
    for (uint64_t i = 0; i < n; i++)
        ((uint8_t *)to)[i] = byte_at(pos + i);
    return (int64_t)n;
}

static void pattern_free(struct file *file)
{
    free(file);
}

static const struct file_ops pattern_ops = {.pread = pattern_pread, .free = pattern_free};

static struct file *pattern_file(void)
{
    struct file *file = xcalloc(1, sizeof *file);
    atomic_init(&file->refs, 1);
    file->ops = &pattern_ops;
    return file;
}

static struct file *disk_file(void)
{
    char path[] = "/tmp/corduroy-test-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    void *fs = file_posix_new(path);
    struct file *file;
    ck_assert_int_eq(file_posix_ops.open(fs, "x", FILE_WRITE | FILE_CREATE, &file), 0);
    uint8_t *bytes = xmalloc(FILE_SIZE);
    for (uint32_t i = 0; i < FILE_SIZE; i++)
        bytes[i] = byte_at(i);
    struct iovec iov = {bytes, FILE_SIZE};
    ck_assert_int_eq(file_posix_ops.pwritev(file, &iov, 1, 0), 0);
    free(bytes);
    ck_assert_int_eq(file_posix_ops.unlink(fs, "x"), 0);
    file_posix_free(fs);
    ck_assert_int_eq(rmdir(path), 0);
    return file;
}

/* The peer is a plain blocking socket on a thread of its own, which reads to the end. */
struct sender {
    struct host_node *node;
    struct source listening, conn;
    struct file *disk, *pattern;
    struct piece pieces[8];
    unsigned count;
    int closed_error;
    pthread_t reader;
    uint16_t port;
    uint8_t *got;
    size_t got_size, room;
};

static void *reader_main(void *arg)
{
    struct sender *s = arg;
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons(s->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0) {
        ssize_t n;
        while (s->got_size < s->room &&
               (n = read(fd, s->got + s->got_size, s->room - s->got_size)) > 0)
            s->got_size += (size_t)n;
    }
    close(fd);
    return NULL;
}

static void conn_heard(struct source *source, const struct event *event)
{
    struct sender *s = CONTAINER_OF(source, struct sender, conn);
    if (event->kind != EV_NET_CLOSED)
        return;
    s->closed_error = event->error;
    host_end(s->node, 0);
}

static void accepted(struct host_node *node, const struct event *event)
{
    struct sender *s = node->host->context;
    if (event->kind != EV_NET_ACCEPTED)
        return;
    s->conn.heard = conn_heard;
    reactor_add_as(&node->reactor, &s->conn, event->token);
    node->env->ops->net_send(node->env->world, event->token, s->pieces, s->count);
    node->env->ops->net_close(node->env->world, event->token, true);
}

static void listening_heard(struct source *source, const struct event *event)
{
    struct sender *s = CONTAINER_OF(source, struct sender, listening);
    s->port = event->u.net.peer.port;
    s->node->env->ops->net_accept(s->node->env->world, source->token, 1);
    pthread_create(&s->reader, NULL, reader_main, s);
}

static void sender_start(struct host_node *node)
{
    struct sender *s = node->host->context;
    s->node = node;
    s->listening.heard = listening_heard;
    struct addr addr = host_loopback(0);
    node->env->ops->net_listen(node->env->world, reactor_add(&node->reactor, &s->listening), &addr,
                               0);
}

static void add(struct sender *s, struct piece piece)
{
    s->pieces[s->count++] = piece;
}

static void send_all(struct sender *s)
{
    s->room = (size_t)2 * FILE_SIZE;
    s->got = xmalloc(s->room);
    struct host host = {.count = 1, .context = s, .start = sender_start, .other = accepted};
    ck_assert_int_eq(host_run(&host), 0);
    pthread_join(s->reader, NULL);
    ck_assert_uint_eq(s->disk->refs, 1);
    ck_assert_uint_eq(s->pattern->refs, 1);
}

static void sender_free(struct sender *s)
{
    file_unref(s->disk);
    file_unref(s->pattern);
    free(s->got);
}

START_TEST(test_buffers_and_files_arrive_in_order)
{
    struct sender s = {.disk = disk_file(), .pattern = pattern_file()};
    struct buf *head = buf_copy(NULL, "head", 4);
    add(&s, (struct piece){.buf = head, .size = 4});
    add(&s, (struct piece){.file = s.disk, .pos = FROM, .size = FILE_SIZE - FROM});
    add(&s, (struct piece){.buf = head, .pos = 2, .size = 2});
    add(&s, (struct piece){.file = s.pattern, .pos = 10, .size = MEMORY_SIZE - 10});
    add(&s, (struct piece){.buf = head, .size = 1});
    send_all(&s);
    ck_assert_uint_eq(head->refs, 1);
    buf_unref(head);
    ck_assert_int_eq(s.closed_error, 0);
    size_t middle = 4 + FILE_SIZE - FROM, end = middle + 2 + MEMORY_SIZE - 10;
    ck_assert_uint_eq(s.got_size, end + 1);
    ck_assert_mem_eq(s.got, "head", 4);
    for (size_t i = 4; i < middle; i++)
        ck_assert_uint_eq(s.got[i], byte_at(FROM + i - 4));
    ck_assert_mem_eq(s.got + middle, "ad", 2);
    for (size_t i = middle + 2; i < end; i++)
        ck_assert_uint_eq(s.got[i], byte_at(10 + i - middle - 2));
    ck_assert_int_eq(s.got[end], 'h');
    sender_free(&s);
}
END_TEST

static void check_cut(bool disk)
{
    struct sender s = {.disk = disk_file(), .pattern = pattern_file()};
    if (disk)
        add(&s, (struct piece){.file = s.disk, .pos = FILE_SIZE - 100, .size = 200});
    else
        add(&s, (struct piece){.file = s.pattern, .pos = MEMORY_SIZE - 100, .size = 200});
    send_all(&s);
    ck_assert_int_eq(s.closed_error, -EIO);
    ck_assert_uint_eq(s.got_size, 100);
    sender_free(&s);
}

START_TEST(test_a_file_cut_short_ends_the_connection)
{
    check_cut(true);
    check_cut(false);
}
END_TEST

SUITE_MAIN("world_send_file", test_buffers_and_files_arrive_in_order,
           test_a_file_cut_short_ends_the_connection)
