/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_ZK_ZK_ADAPTER_INTERNAL_H
#define CORDUROY_BROKER_ZK_ZK_ADAPTER_INTERNAL_H

#ifndef THREADED
#define THREADED
#endif
#include <pthread.h>
#include <zookeeper/zookeeper.h>

#include "broker/zk/zk_adapter.h"
#include "common/map.h"

/* Shared by zk_adapter.c (what the shard asks and hears), zk_adapter_call.c (one request through
 * the library) and zk_adapter_session.c (the thread that opens and closes sessions). */

enum zk_adapter_state {
    ZK_ADAPTER_CLOSED,
    ZK_ADAPTER_OPENING, /* no session yet */
    ZK_ADAPTER_UP,
    ZK_ADAPTER_AWAY,    /* the session may live */
    ZK_ADAPTER_REFUSED, /* until it is closed */
};

/* One library handle. Freed by the adapter's thread after zookeeper_close, when no callback can
 * come any more. */
struct zk_session {
    struct zk_session *next;
    struct zk_adapter *adapter;
    zhandle_t *zh; /* NULL until the library has given it */
};

/* One request. In the adapter's queue from submit until it is answered; in the library's hands
 * until its completion, which may be later. Freed when it is in neither. */
struct zk_call {
    struct zk_call *next, *previous;
    token token;
    bool queued, in_library;
    enum zk_error refused; /* here: ZK_ERR_* that was decided without the library */
    uint32_t count;
    struct zk_op *ops; /* paths with the chroot, zero-terminated */
    struct zk_session *session;
    zoo_op_result_t *results; /* of a multi */
    struct Stat *stats;
    char **paths; /* of created nodes */
    struct arena arena;
};
struct zk_call_queue {
    struct zk_call *first, *last;
};

enum zk_watch_mask {
    ZK_WATCH_ON_NODE = 1,
    ZK_WATCH_ON_CHILDREN = 2,
};

struct zk_adapter {
    struct zk_connect connect;
    uint32_t chroot_size;
    uint32_t session_timeout_ms;
    char *digest;
    bool protect;
    struct ACL protected_entries[2];
    struct ACL_vector protected_acl;
    void (*post)(void *context, struct world_zk_post *post);
    void (*say)(void *context, enum say_level level, struct view line);
    void *context;

    pthread_mutex_t lock; /* everything below */
    pthread_cond_t wake;  /* the adapter's thread; and, when it has ended, free */
    pthread_t thread;
    enum zk_adapter_state state;
    uint32_t generation, heard; /* the shard has heard of this one */
    struct zk_session *session; /* the current one */
    struct zk_session *closing; /* those that the thread is to close */
    bool wanted;                /* the thread is to open a session */
    bool ending, ended;
    uint64_t away_since_ms;       /* monotonic; while not connected */
    struct zk_call_queue calls;   /* with the library, or refused, in order */
    struct zk_call_queue waiting; /* given while away */
    struct map watches;           /* armed: path -> enum zk_watch_mask */
};

uint64_t zk_adapter_now_ms(void);
void zk_adapter_say(struct zk_adapter *a, enum say_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- zk_adapter.c; with the lock held ---- */
void zk_adapter_post(struct zk_adapter *a, struct world_zk_post *post);
/* Answers and forgets all calls of a queue: unknown, or with an error. */
void zk_adapter_answer_all(struct zk_adapter *a, struct zk_call_queue *queue, enum zk_error error);
/* The library has answered this one; those refused that stand next are answered too. */
void zk_adapter_answered(struct zk_adapter *a, struct zk_call *call, struct world_zk_post *post);
/* Session events of the library. */
void zk_adapter_session_event(struct zk_session *s, int state);
void zk_adapter_watch_event(struct zk_session *s, int type, const char *path);
struct view zk_adapter_inner_path(const struct zk_adapter *a, struct view path);

/* ---- zk_adapter_call.c ---- */
struct zk_call *zk_call_new(struct zk_adapter *a, token name, const struct zk_op *ops,
                            uint32_t count);
/* Frees it when nobody holds it. */
void zk_call_release(struct zk_call *call);
/* Gives it to the library; false: it would not take it (refused is set). With the lock held. */
bool zk_call_start(struct zk_session *s, struct zk_call *call);
struct world_zk_post *zk_call_post_unknown(const struct zk_call *call);
struct world_zk_post *zk_call_post_error(const struct zk_call *call, enum zk_error error);

/* ---- zk_adapter_session.c ---- */
void zk_adapter_watcher(zhandle_t *zh, int type, int state, const char *path, void *session);
void *zk_adapter_thread(void *adapter);
/* Ends the connection under the library, which then reconnects. */
void zk_session_drop_connection(struct zk_session *s);

#endif
