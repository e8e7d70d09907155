/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_ZK_MODEL_INTERNAL_H
#define CORDUROY_TESTS_SIM_ZK_MODEL_INTERNAL_H

#include "common/arena.h"
#include "tests/sim/zk_model.h"
#include "tests/sim/zk_tree.h"

/* Shared by zk_model.c (the ensemble), zk_conn.c (a connection, both ways, and what the server does
 * for it) and zk_client.c (the C client). Objects are freed by zk_model_free only, but for
 * requests, which are counted: a simulated run makes few of the others. */

struct zk_conn;

/* A request, known to the client (outstanding) and to the server (being executed). */
struct zk_request {
    struct zk_request *next;        /* the client's queue */
    struct zk_request *server_next; /* the connection's queue at the server */
    unsigned refs;
    token token;
    bool set_watches;  /* the client's own first request after a reconnect */
    bool drop_reply;   /* ZK_BREAK_REPLY */
    bool make_chroot;  /* the parents too */
    bool decided;      /* by the leader: results and zxid stand */
    enum zk_error own; /* refused by the client itself; ZK_OK otherwise */
    int64_t zxid;      /* what the server must have applied before the reply */
    uint32_t count;
    struct zk_op *ops; /* full paths */
    struct zk_result *results;
    struct arena arena;
};
struct zk_request *zk_request_ref(struct zk_request *q);
void zk_request_unref(struct zk_request *q);

/* One way of a connection, or of the link between a server and the leader. */
enum zk_message_kind {
    ZK_MESSAGE_REQUEST, /* client to server, server to leader */
    ZK_MESSAGE_REPLY,
    ZK_MESSAGE_WATCH,
    ZK_MESSAGE_END, /* the other side has closed */
};
struct zk_message {
    struct zk_message *next;
    enum zk_message_kind kind;
    uint64_t due_ns;
    struct zk_request *request;
    int64_t zxid;
    enum zk_watch_kind what;
    char *path;
};
struct zk_pipe {
    struct zk_message *first, **last;
    uint64_t due_ns; /* of the last message */
};
void zk_pipe_init(struct zk_pipe *p);
void zk_pipe_clear(struct zk_pipe *p);
void zk_message_free(struct zk_message *message);

/* A set of watched paths; the value is a mask of enum zk_watch_table. */
enum zk_watch_table {
    ZK_TABLE_DATA = 1,
    ZK_TABLE_EXISTS = 2, /* on a node that was not there */
    ZK_TABLE_CHILD = 4,
};

struct zk_server {
    struct zk_model *model;
    unsigned index;
    struct zk_tree tree; /* of server 0: the leader's */
    uint64_t lag_ns, due_ns;
    uint64_t applied; /* transactions of the log, counted from the first ever */
    bool down;
};

struct zk_logged {
    struct zk_txn txn;
    uint64_t due_ns[ZK_MODEL_SERVERS_MAX];
};

struct zk_session {
    struct zk_session *next;
    struct zk_model *model;
    int64_t id;
    bool alive;
    struct zk_conn *owner; /* the connection that may write for it */
    uint64_t watchdog;     /* counts what keeps it alive; an expiry check that finds another number
                              is void */
    uint64_t timeout_ns;
};

struct zk_conn {
    struct zk_conn *next;
    struct zk_client *client;
    struct zk_server *server;
    struct zk_session *session;
    bool client_gone, server_gone;
    bool broken;         /* by zk_client_break_at: nothing more is sent */
    bool opening;        /* waits for the server to know the new session */
    int64_t opened_zxid; /* of that session */
    struct zk_pipe to_server, to_leader, to_client;
    struct zk_request *queue, **queue_last; /* at the server, answered in order */
    struct map watches;                     /* at the server */
};

enum zk_client_state {
    ZK_CLIENT_CLOSED,
    ZK_CLIENT_CONNECTING, /* no session yet */
    ZK_CLIENT_UP,
    ZK_CLIENT_AWAY, /* the session may live */
    ZK_CLIENT_DEAD,
};
struct zk_client {
    struct zk_client *next;
    struct zk_model *model;
    char *chroot;
    uint64_t timeout_ns;
    void (*deliver)(void *owner, const struct event *event);
    void *owner;
    enum zk_client_state state;
    uint64_t attempt; /* counts changes of state; what was begun under another number is void */
    uint32_t generation;
    int64_t last_zxid;
    struct zk_session *session;
    struct zk_conn *conn;
    struct zk_request *outstanding, **outstanding_last; /* sent, or refused here, in order */
    struct zk_request *waiting, **waiting_last;         /* given while away */
    struct map watches;
    int preferred;
    bool cut;
    uint64_t cut_count;
    bool break_set;
    uint32_t break_at;
    enum zk_break break_how;
};

struct zk_model {
    struct zk_scheduler scheduler;
    struct zk_model_options options;
    struct zk_server servers[ZK_MODEL_SERVERS_MAX];
    struct zk_logged *log; /* from number log_first on */
    size_t log_capacity, log_count;
    uint64_t log_first;
    struct zk_session *sessions;
    struct zk_conn *conns;
    struct zk_client *clients;
    int64_t next_session;
    struct zk_task *tasks;
    struct zk_model_counts counts;
    struct {
        void (*wrote)(void *context, enum zk_watch_kind kind, const struct zk_model_node *node);
        void *context;
    } listeners[ZK_MODEL_LISTENERS_MAX];
    unsigned listener_count;
};

/* ---- time ---- */
uint64_t zk_model_now(struct zk_model *m);
/* A number in min..max. */
uint64_t zk_model_draw(struct zk_model *m, uint64_t min, uint64_t max);
uint64_t zk_model_link(struct zk_model *m);
/* Runs run(object, number) later. */
void zk_model_later(struct zk_model *m, uint64_t delay_ns,
                    void (*run)(void *object, uint64_t number), void *object, uint64_t number);

/* ---- the ensemble (zk_model.c) ---- */
bool zk_model_quorum(const struct zk_model *m);
struct zk_session *zk_session_new(struct zk_model *m, uint64_t timeout_ns, int64_t *ret_zxid);
/* Somebody speaks for it (again), or nobody does from now on. */
void zk_session_kept(struct zk_session *s);
void zk_session_left(struct zk_model *m, struct zk_session *s);
void zk_session_end(struct zk_model *m, struct zk_session *s);
/* Decides a request at the leader. */
void zk_leader_decide(struct zk_model *m, struct zk_session *s, struct zk_request *q);

/* ---- a connection (zk_conn.c) ---- */
struct zk_conn *zk_conn_new(struct zk_client *c, struct zk_server *server, struct zk_session *s);
void zk_conn_send(struct zk_conn *conn, struct zk_request *q);
/* The client's side is closed: a prefix of what is on its way arrives. */
void zk_conn_close_client(struct zk_conn *conn);
void zk_conn_close_server(struct zk_conn *conn);
/* The link works again. */
void zk_conn_uncut(struct zk_conn *conn);
/* The server has applied more. */
void zk_conn_applied(struct zk_conn *conn);
void zk_conn_fire(struct zk_conn *conn, const struct zk_change *change);
void zk_conn_free(struct zk_conn *conn);

/* ---- the client (zk_client.c) ---- */
void zk_client_connected_now(struct zk_client *c);
void zk_client_lost(struct zk_client *c);
void zk_client_replied(struct zk_client *c, struct zk_request *q, int64_t zxid);
void zk_client_watched(struct zk_client *c, enum zk_watch_kind what, const char *path);
void zk_client_free(struct zk_client *c);

/* ---- watch tables ---- */
unsigned zk_watches_get(const struct map *watches, struct view path);
void zk_watches_set(struct map *watches, struct view path, unsigned mask);
struct view zk_parent_path(struct view path);

#endif
