/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/zk_adapter_internal.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/memory.h"

/* The thread of the adapter: whatever may block, resolving names, opening and closing library
 * handles, happens here. It sleeps until it is woken, or, while there is no connection, until it is
 * time to say so and to look the names up again. */

#define RETRY_MS 1000
/* No answer for so long is worth a line; then at most one in each such time. */
#define SAY_AFTER_MS 3000
#define SAY_EVERY_MS 30000
#define RESOLVE_EVERY_MS 10000

/* ---- the library's callbacks ---- */

/* One watcher with one context for all paths, so that the library keeps one watch where several
 * reads asked for it. Session events are for the handle's own watcher. */
void zk_adapter_watcher(zhandle_t *zh, int type, int state, const char *path, void *session)
{
    struct zk_session *s = session;

    (void)zh;
    (void)state;
    if (type == ZOO_SESSION_EVENT)
        return;
    pthread_mutex_lock(&s->adapter->lock);
    zk_adapter_watch_event(s, type, path);
    pthread_mutex_unlock(&s->adapter->lock);
}

static void watch_session(zhandle_t *zh, int type, int state, const char *path, void *session)
{
    struct zk_session *s = session;
    struct zk_adapter *a = s->adapter;

    (void)path;
    if (type != ZOO_SESSION_EVENT)
        return;
    pthread_mutex_lock(&a->lock);
    s->zh = zh;
    zk_adapter_session_event(s, state);
    pthread_mutex_unlock(&a->lock);
}

/* The library gives its log callback nothing to know its owner by, so its lines go nowhere: what
 * an operator must know of them, the adapter says itself. */
static void drop_log_line(const char *message)
{
    (void)message;
}

/* ---- names ---- */

struct text {
    char *bytes;
    size_t size;
};

static void text_add(struct text *t, const char *more)
{
    size_t size = strlen(more);

    t->bytes = xrealloc(t->bytes, t->size + size + 1);
    memcpy(t->bytes + t->size, more, size + 1);
    t->size += size;
}

static void add_addresses(struct text *t, const struct addrinfo *found, uint16_t port)
{
    for (; found; found = found->ai_next) {
        char host[NI_MAXHOST], server[NI_MAXHOST + 16];

        if (getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, NULL, 0,
                        NI_NUMERICHOST) != 0)
            continue;
        snprintf(server, sizeof server, found->ai_family == AF_INET6 ? "%s[%s]:%u" : "%s%s:%u",
                 t->size ? "," : "", host, port);
        text_add(t, server);
    }
}

/* Numeric addresses for the library, or NULL when no name is known. Blocks. */
static char *resolve(const struct zk_connect *connect)
{
    struct text t = {NULL, 0};

    for (unsigned i = 0; i < connect->server_count; i++) {
        struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;

        if (getaddrinfo(connect->servers[i].host, NULL, &hints, &found) != 0)
            continue;
        add_addresses(&t, found, connect->servers[i].port);
        freeaddrinfo(found);
    }
    return t.bytes;
}

/* ---- opening and closing ---- */

static zhandle_t *init_handle(struct zk_adapter *a, struct zk_session *s, const char *servers)
{
    zhandle_t *zh = zookeeper_init2(servers, watch_session, (int)a->session_timeout_ms, NULL, s, 0,
                                    drop_log_line);

    if (!zh)
        return NULL;
    zoo_set_servers_resolution_delay(zh, -1);
    if (a->digest)
        zoo_add_auth(zh, "digest", a->digest, (int)strlen(a->digest), NULL, NULL);
    return zh;
}

/* Called with the lock, which is let go meanwhile. */
static void open_session(struct zk_adapter *a)
{
    struct zk_session *s = xcalloc(1, sizeof *s);
    char *servers;
    zhandle_t *zh = NULL;

    s->adapter = a;
    a->session = s;
    a->wanted = false;
    pthread_mutex_unlock(&a->lock);
    servers = resolve(&a->connect);
    if (servers)
        zh = init_handle(a, s, servers);
    free(servers);
    pthread_mutex_lock(&a->lock);
    s->zh = zh;
    if (zh)
        return;
    /* No name is known, or the process is out of descriptors: again in a while. */
    if (a->session == s) {
        a->session = NULL;
        a->wanted = a->state == ZK_ADAPTER_OPENING;
        free(s);
    }
}

/* The same. What the library still holds completes in here. */
static void close_sessions(struct zk_adapter *a)
{
    while (a->closing) {
        struct zk_session *s = a->closing;

        a->closing = s->next;
        pthread_mutex_unlock(&a->lock);
        if (s->zh)
            zookeeper_close(s->zh);
        free(s);
        pthread_mutex_lock(&a->lock);
    }
}

void zk_session_drop_connection(struct zk_session *s)
{
    struct sockaddr_storage peer, other;
    socklen_t size = sizeof peer;
    DIR *descriptors;
    struct dirent *entry;

    if (!zookeeper_get_connected_host(s->zh, (struct sockaddr *)&peer, &size))
        return;
    descriptors = opendir("/proc/self/fd");
    while (descriptors && (entry = readdir(descriptors)) != NULL) {
        socklen_t other_size = sizeof other;
        int descriptor = atoi(entry->d_name);

        if (getpeername(descriptor, (struct sockaddr *)&other, &other_size) == 0 &&
            other_size == size && memcmp(&peer, &other, size) == 0)
            shutdown(descriptor, SHUT_RDWR);
    }
    if (descriptors)
        closedir(descriptors);
}

/* ---- while there is no connection ---- */

struct patience {
    uint64_t say_at_ms, resolve_at_ms;
};

static void resolve_again(struct zk_adapter *a)
{
    struct zk_session *s = a->session;
    char *servers;

    if (!s || !s->zh)
        return;
    pthread_mutex_unlock(&a->lock);
    servers = resolve(&a->connect);
    if (servers)
        zoo_set_servers(s->zh, servers);
    free(servers);
    pthread_mutex_lock(&a->lock);
}

static void be_patient(struct zk_adapter *a, struct patience *p)
{
    uint64_t now = zk_adapter_now_ms();

    if (a->state != ZK_ADAPTER_OPENING && a->state != ZK_ADAPTER_AWAY) {
        *p = (struct patience){0};
        return;
    }
    if (p->say_at_ms == 0) {
        p->say_at_ms = now + SAY_AFTER_MS;
        p->resolve_at_ms = now + RESOLVE_EVERY_MS;
    }
    if (now >= p->say_at_ms) {
        p->say_at_ms = now + SAY_EVERY_MS;
        zk_adapter_say(a, SAY_WARN,
                       "no server answers for %llu s (%s:%u%s), waiting: start ZooKeeper, or "
                       "correct zookeeper.connect",
                       (unsigned long long)(now - a->away_since_ms) / 1000,
                       a->connect.servers[0].host, a->connect.servers[0].port,
                       a->connect.server_count > 1 ? " and others" : "");
    }
    if (now >= p->resolve_at_ms) {
        p->resolve_at_ms = now + RESOLVE_EVERY_MS;
        resolve_again(a);
    }
}

static void sleep_until_woken(struct zk_adapter *a)
{
    bool alone = a->state == ZK_ADAPTER_UP || a->state == ZK_ADAPTER_CLOSED ||
                 a->state == ZK_ADAPTER_REFUSED;
    struct timespec until;

    if (alone) {
        pthread_cond_wait(&a->wake, &a->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_MS / 1000;
    pthread_cond_timedwait(&a->wake, &a->lock, &until);
}

void *zk_adapter_thread(void *adapter)
{
    struct zk_adapter *a = adapter;
    struct patience patience = {0};

    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    pthread_mutex_lock(&a->lock);
    for (;;) {
        close_sessions(a);
        if (a->ending)
            break;
        if (a->wanted && !a->session)
            open_session(a);
        be_patient(a, &patience);
        if (!a->closing && !a->ending)
            sleep_until_woken(a);
    }
    a->ended = true;
    pthread_cond_broadcast(&a->wake);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}
