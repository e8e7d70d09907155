/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_ENV_H
#define CORDUROY_COMMON_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/view.h"

/* The seam between a shard (one thread of a broker) and the world. All that a shard asks of the
 * world goes through struct env_ops; all that it hears comes as a struct event. Two worlds
 * implement the table: common/world.c (libevent, disk threads, the ZooKeeper adapter) and
 * tests/sim/sim_world.c (a heap of pending events and a seed). Both keep these rules:
 *
 * - E1 A call starts something. Its outcome is an event, exactly once, and never comes inside of
 *   the call.
 * - E2 A token is the caller's name for a thing. It is in use until the thing's last event. Tokens
 *   that the world makes (for accepted connections) have bit 63 set and are unique in the process.
 * - E3 What an event points to lives until shard_step returns. Bufs and files are counted; jobs and
 *   mails are handed over.
 * - E4 "Taken" in a comment below: the world holds a reference of its own until it answers, and has
 *   dropped it by the time the answer is heard.
 * - E5 Reference counts are atomic (buf.h, file.h).
 * - E6 After a halt nothing more is heard. */
typedef uint64_t token;
#define TOKEN_OF_WORLD (UINT64_C(1) << 63)

/* An IP address and a port. IPv4 addresses are mapped into IPv6 (::ffff:a.b.c.d). */
struct addr {
    uint8_t ip[16];
    uint16_t port;
};

/* ---- disk ---- */
/* Each data directory has three lanes, a thread each. A lane runs one batch of jobs at a time, in
 * the order in which they were given; the lanes of a directory are not in order with each other. */
enum disk_lane {
    LANE_COMMIT,
    LANE_STORE,
    LANE_READ,
    LANE_COUNT
};
/* Blocking work for a disk thread. The job is embedded in its owner and belongs to the world from
 * env_ops.disk until EV_DISK. run() gets all queued jobs (of all shards) that have the same run and
 * context as one list, in the order in which they were given; this is how the appends of many
 * partitions become one commit round. It runs on the lane's thread, sets error (0 or -errno) of
 * each job, and touches nothing but its jobs and the context, which is the state of that lane.
 * home() is called on the job's shard (by reactor.h, on EV_DISK), which need not be the one that
 * gave it; the jobs of one list come home in order. */
struct disk_job {
    struct disk_job *next;
    void (*run)(struct disk_job *batch, const struct file_ops *files, void *fs);
    void (*home)(struct disk_job *job);
    void *context;
    unsigned shard, dir; /* dir: index into the broker's log.dirs */
    enum disk_lane lane;
    int error;
};

/* ---- mail between shards ---- */
/* Embedded in a request, so that there are never more mails than requests; the answer reuses it.
 * Mails from one shard to another arrive in the order in which they were sent. from and kind (enum
 * mail_kind of the broker) are set by the sender; the world reads neither. */
struct mail {
    struct mail *next;
    unsigned from, kind;
};

/* ---- ZooKeeper ---- */
enum zk_kind {
    ZK_CREATE, /* data may be VIEW_NULL; parents are not made */
    ZK_DELETE, /* version -1: any */
    ZK_SET,    /* version -1: any */
    ZK_CHECK,  /* in a multi only: the node's version */
    ZK_GET,
    ZK_EXISTS,
    ZK_CHILDREN,
    ZK_SYNC, /* reads after its reply see all that was written before it was sent */
};
struct zk_op {
    enum zk_kind kind;
    bool ephemeral, sequential; /* CREATE */
    bool watch;                 /* GET, EXISTS, CHILDREN: one-shot */
    int32_t version;            /* DELETE, SET, CHECK */
    struct view path, data;
};
/* Errors of ZooKeeper that a step may meet; the adapter maps the library's. Everything else is
 * ZK_ERR_OTHER. */
enum zk_error {
    ZK_OK = 0,
    ZK_ERR_NONODE,
    ZK_ERR_NODEEXISTS,
    ZK_ERR_BADVERSION,
    ZK_ERR_NOTEMPTY,
    ZK_ERR_NOCHILDRENFOREPHEMERALS,
    ZK_ERR_NOAUTH,
    ZK_ERR_ROLLED_BACK, /* this op of a failed multi would have been fine, or was not reached */
    ZK_ERR_TOO_LARGE,   /* refused here: a multi or a node past the size limit */
    ZK_ERR_NO_SESSION,  /* refused here, surely not done: not opened, expired or closed */
    ZK_ERR_OTHER,
};
struct zk_result {
    enum zk_error error;
    int32_t version;             /* of the data; after SET, GET, EXISTS, CREATE outside a multi */
    int64_t czxid, mzxid, owner; /* owner: session of an ephemeral, 0 otherwise */
    struct view data;            /* GET: VIEW_NULL for a node without data. CREATE: the path made */
    uint32_t name_count;         /* CHILDREN: in byte order */
    const struct view *names;
};
enum zk_session_state {
    ZK_UP,      /* connected; ops flow. generation grows by one with each new session */
    ZK_LOST,    /* connection lost, session may live; every op outstanding was answered `unknown`
                   before this */
    ZK_EXPIRED, /* the session is gone with its ephemerals; the world opens a new one by itself,
                   ZK_UP follows */
    ZK_REFUSED, /* authentication failed: needs an operator */
};
enum zk_watch_kind {
    ZK_WATCH_CREATED,
    ZK_WATCH_DELETED,
    ZK_WATCH_CHANGED,
    ZK_WATCH_CHILDREN
};

/* ---- events ---- */
enum event_kind {
    EV_START, /* the first */
    EV_TURN,  /* once after each batch of events: what is gathered leaves now */
    EV_STOP,  /* SIGTERM: end in good order, then halt */
    EV_TIMER,
    EV_MAIL,
    EV_DISK,
    EV_NET_LISTENING, /* error: 0 or -errno; with an error it is the last event of its token */
    EV_NET_ACCEPTED,  /* token: the new connection's; heard again where net_move sends it */
    EV_NET_OPENED,    /* error: 0 or -errno; with an error NET_CLOSED follows */
    EV_NET_DATA,
    EV_NET_SENT,
    EV_NET_CLOSED, /* the last event of a connection, always */
    EV_ZK_SESSION,
    EV_ZK_REPLY,
    EV_ZK_WATCH,
};
struct event {
    enum event_kind kind;
    token token;
    int error;
    uint64_t now_ns; /* monotonic */
    union {
        struct {
            unsigned listener;
            struct addr peer;
        } net; /* ACCEPTED; LISTENING: peer.port is the port bound (asked for with 0) */
        struct {
            struct buf *buf;   /* this reference is yours. NULL at eof without bytes */
            uint32_t at, size; /* buf->used is at least at + size now */
            bool eof; /* the peer sends no more; nothing follows but CLOSED after net_close */
        } data;
        struct {
            uint64_t bytes_left; /* still queued; pieces before them are released */
        } sent;
        struct {
            uint32_t generation;
            enum zk_session_state state;
            int64_t id; /* session id, when UP */
        } session;
        struct {
            const struct zk_result *results;
            uint32_t count;
            bool unknown; /* the connection was lost, results is NULL: it was done, or not, or may
                             still be */
        } reply;
        struct {
            struct view path;
            enum zk_watch_kind what;
        } watch;
        struct disk_job *disk;
        struct mail *mail;
    } u;
};

enum say_level {
    SAY_ERROR,
    SAY_WARN,
    SAY_INFO,
    SAY_DEBUG
};

/* What a shard asks of its world. Only on the shard's thread, from inside of shard_step. */
struct env_ops {
    /* Milliseconds since 1970: for timestamps and retention, never for anything that must be safe.
     */
    int64_t (*wall_ms)(void *world);
    uint64_t (*random)(void *world);
    /* One timer for each token: a new time (of event.now_ns's clock) replaces the old one; 0
     * cancels, and then nothing is heard. */
    void (*timer)(void *world, token, uint64_t at_ns);

    /* Heard as NET_LISTENING. `listener` comes back with each connection that is accepted. */
    void (*net_listen)(void *world, token, const struct addr *, unsigned listener);
    /* So many more connections may be accepted. */
    void (*net_accept)(void *world, token listening, unsigned more);
    /* Moves an accepted connection to another shard, which hears it as NET_ACCEPTED. Before
     * anything was sent on it, and while no read is pending. */
    void (*net_move)(void *world, token conn, unsigned shard);
    /* Heard as NET_OPENED. */
    void (*net_open)(void *world, token conn, const struct addr *);
    /* One read at a time. Into a buf (taken): min..max bytes, from `at` on. With NULL: up to max
     * bytes, 64 KiB at most, into a new buf that is charged to the account and made only once bytes
     * are there. While no read is pending nothing is received: that is the back-pressure. An end of
     * file or a reset is heard only while a read is pending, or as NET_CLOSED after a failed send.
     */
    void (*net_read)(void *world, token conn, struct buf *into, uint32_t at, uint32_t min,
                     uint32_t max, struct account *);
    /* The pieces are taken, and sent in order. Heard as NET_SENT when some were. */
    void (*net_send)(void *world, token conn, const struct piece *pieces, unsigned count);
    /* Heard as NET_CLOSED. With after_sent once all that was queued is sent; otherwise at once, as
     * a reset, also after a first call with after_sent, to cut short a peer that does not read. */
    void (*net_close)(void *world, token conn, bool after_sent);

    /* What of these bytes is in the page cache now, or -EAGAIN; see file_posix_peek. */
    int64_t (*file_peek)(void *world, struct file *, uint64_t pos, void *to, uint32_t size);
    /* The job begins after the step has returned at the earliest. */
    void (*disk)(void *world, struct disk_job *);

    /* Shard 0: opens the ZooKeeper session (heard as ZK_UP), or closes it. */
    void (*zk_open)(void *world, bool open);
    /* Shard 0: one operation, or with count > 1 one multi of writes and checks; copied. Heard as
     * ZK_REPLY. */
    void (*zk)(void *world, token, const struct zk_op *, unsigned count);

    void (*mail)(void *world, unsigned shard, struct mail *);
    /* One line for the log, without its end; copied. */
    void (*say)(void *world, enum say_level, struct view line);
    /* Ends the broker with this exit code; nothing more is heard. */
    void (*halt)(void *world, int code, struct view why);
};

/* What a module keeps to speak to its world. */
struct env {
    const struct env_ops *ops;
    void *world;
    unsigned shard, shard_count;
};

#endif
