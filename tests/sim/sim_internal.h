/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_INTERNAL_H
#define CORDUROY_TESTS_SIM_SIM_INTERNAL_H

#include "common/map.h"
#include "tests/sim/sim_world.h"

/* What the files of the simulated world share; nobody else includes it. */

/* ---- the heap (sim_world.c) ---- */
struct sim_call {
    uint64_t at_ns, sequence;
    void (*run)(void *object, uint64_t arg);
    void *object;
    uint64_t arg;
};

struct sim_world {
    uint64_t now_ns, sequence, hash, events;
    uint64_t next_token; /* of accepted connections */
    uint16_t next_port;
    bool stopped, trace;
    struct sim_random random;
    struct sim_weather weather;
    struct sim_observer observer;
    struct sim_call *heap;
    size_t heap_count, heap_capacity;
    struct sim_host *hosts[SIM_HOSTS_MAX];
    unsigned host_count;
    bool cut[SIM_HOSTS_MAX][SIM_HOSTS_MAX]; /* [from][to] */
    struct sim_listener *listeners;
    struct sim_conn *conns; /* all that live, newest first */
};
uint64_t sim_delay_draw(struct sim_world *w, const struct sim_delay *delay);
void sim_world_after(struct sim_world *w, uint64_t delay_ns,
                     void (*run)(void *object, uint64_t arg), void *object, uint64_t arg);
void sim_hash_mix(struct sim_world *w, uint64_t value);
void sim_hash_bytes(struct sim_world *w, const void *bytes, size_t size);

/* ---- hosts and processes (sim_process.c) ---- */
struct sim_host {
    struct sim_world *world;
    unsigned index, dir_count, starts;
    char name[32], ip[32];
    int64_t wall_skew_ms;
    bool on;
    struct file_mem *disks[SIM_DIRS_MAX];
    struct sim_process *process;
    struct sim_process *processes; /* all, newest first */
};

/* What waits for a shard to be run. */
enum sim_item_kind {
    SIM_ITEM_EVENT, /* as it stands */
    SIM_ITEM_TIMER,
    SIM_ITEM_NET, /* something of a connection's end: looked at when it is heard */
};
enum sim_net_what {
    SIM_NET_ACCEPTED,
    SIM_NET_OPENED,
    SIM_NET_READ,
    SIM_NET_SENT,
    SIM_NET_CLOSED
};
struct sim_item {
    struct sim_item *next;
    enum sim_item_kind kind;
    struct event event;
    struct sim_end *end; /* NET: holds a reference of its connection */
    enum sim_net_what what;
    void *owned; /* freed after delivery: what a copied ZooKeeper event points to */
};

struct sim_shard {
    struct sim_process *process;
    unsigned index;
    void *object;
    struct env env;
    struct sim_random random; /* env_ops.random: apart from the world's own draws */
    struct sim_item *first, **last;
    bool scheduled, held; /* held: to be scheduled when the process goes on */
    struct map timers;    /* token -> struct sim_timer */
    struct map ends;      /* token -> struct sim_end */
};
struct sim_timer {
    uint64_t at_ns;
};

struct sim_lane {
    struct sim_process *process;
    unsigned dir;
    struct disk_job *first, **last;
    struct disk_job **batch; /* under way */
    size_t batch_count, batch_capacity;
    enum {
        LANE_IDLE,
        LANE_GATHERING,
        LANE_RUNNING
    } state;
    bool held;
};

struct sim_process {
    struct sim_world *world;
    struct sim_host *host;
    struct sim_process *next;
    struct sim_program program;
    unsigned shard_count, number;
    struct sim_shard shards[SIM_SHARDS_MAX];
    void *objects[SIM_SHARDS_MAX];
    struct sim_lane lanes[SIM_DIRS_MAX][LANE_COUNT];
    void *fs[SIM_DIRS_MAX];
    struct zk_client *zk;
    bool running, paused, zk_cut, halting, halted;
    int halt_code;
    char *halt_why;
};
extern const struct env_ops sim_env_ops;
/* Queues it for the shard; the item is taken over. */
void sim_shard_post(struct sim_shard *s, const struct sim_item *item);
void sim_shard_post_event(struct sim_shard *s, const struct event *event);
/* Everything of the process goes, as `how` says. Not from inside a shard. */
enum sim_end_how {
    SIM_END_EXIT,
    SIM_END_KILL,
    SIM_END_POWER
};
void sim_process_end(struct sim_process *p, enum sim_end_how how);
/* Gives one event to the shard now. */
void sim_shard_hear(struct sim_shard *s, struct event *event);

/* ---- disks (sim_disk.c) ---- */
void sim_env_disk(void *world, struct disk_job *job);
int64_t sim_env_file_peek(void *world, struct file *file, uint64_t pos, void *to, uint32_t size);
void sim_disk_mount(struct sim_process *p);
void sim_disk_resume(struct sim_process *p);
void sim_disk_end(struct sim_process *p, enum sim_end_how how);

/* ---- ZooKeeper (sim_zk.c) ---- */
void sim_env_zk_open(void *world, bool open);
void sim_env_zk(void *world, token name, const struct zk_op *ops, unsigned count);
void sim_zk_start(struct sim_process *p, const struct sim_process_options *options);

/* ---- network (sim_net.c, sim_conn.c) ---- */
struct sim_listener {
    struct sim_listener *next;
    struct sim_shard *shard;
    token token;
    struct addr addr;
    unsigned listener, credit;
    struct sim_end *first, **last; /* backlog: connected, not accepted yet */
};
struct sim_segment {
    struct sim_segment *next;
    uint64_t arrive_ns;
    enum {
        SEGMENT_DATA,
        SEGMENT_FIN,
        SEGMENT_RESET
    } kind;
    uint32_t pos, size; /* pos: read so far, once it has arrived */
    uint8_t bytes[];
};
struct sim_out {
    struct sim_out *next;
    struct piece piece; /* its reference is ours */
};
enum sim_end_state {
    END_CONNECTING,
    END_OPEN,
    END_CLOSING, /* close after what is queued has been sent */
    END_DEAD,    /* closed; CLOSED may still have to be heard */
};
struct sim_end {
    struct sim_conn *conn;
    struct sim_end *peer;
    struct sim_host *host;
    struct sim_shard *shard;       /* NULL: nobody's (not accepted yet, or its process has ended) */
    struct sim_listener *listener; /* while in a backlog */
    struct sim_end *backlog_next;
    token token;
    struct addr addr;
    unsigned listener_index;
    enum sim_end_state state;
    int error; /* of CLOSED */
    /* reading */
    bool read_pending, read_posted, fin_arrived, reset_arrived, eof_heard;
    struct buf *into;
    uint32_t at, min, max;
    struct account *account;
    struct sim_segment *in_first, **in_last;
    uint32_t in_size, credited; /* credited: of them, the peer may send as many more */
    /* sending */
    struct sim_out *out_first, **out_last;
    uint64_t out_size;
    uint32_t in_flight, withheld; /* sent and not read by the peer; credits that the cut holds */
    bool sent_posted, pump_scheduled, fin_sent;
    /* on the wire to the peer */
    struct sim_segment *wire_first, **wire_last;
    uint64_t wire_last_ns;
    bool wire_scheduled, stalled;
    uint64_t stall; /* counts stalls, so that an old time-out is known */
};
struct sim_conn {
    struct sim_conn *next, **prior;
    struct sim_world *world;
    uint32_t refs, window;
    bool broken;            /* nothing arrives any more */
    struct sim_end ends[2]; /* 0: who opened it */
};
void sim_env_net_listen(void *world, token name, const struct addr *addr, unsigned listener);
void sim_env_net_accept(void *world, token name, unsigned more);
void sim_env_net_move(void *world, token name, unsigned shard);
void sim_env_net_open(void *world, token name, const struct addr *addr);
void sim_env_net_read(void *world, token name, struct buf *into, uint32_t at, uint32_t min,
                      uint32_t max, struct account *account);
void sim_env_net_send(void *world, token name, const struct piece *pieces, unsigned count);
void sim_env_net_close(void *world, token name, bool after_sent);
/* A NET item has come to its turn: says what there is to say, if anything. */
void sim_net_hear(struct sim_shard *s, struct sim_item *item);
void sim_net_end_process(struct sim_process *p, enum sim_end_how how);
void sim_net_host_on(struct sim_host *h);

struct sim_conn *sim_conn_new(struct sim_world *w, struct sim_host *from);
void sim_conn_free(struct sim_conn *conn);
struct sim_end *sim_conn_ref(struct sim_end *end);
void sim_conn_unref(struct sim_end *end);
void sim_end_post(struct sim_end *end, enum sim_net_what what);
/* Sends what the window allows. */
void sim_end_pump(struct sim_end *end);
/* The end is closed now; its shard hears CLOSED with the error. */
void sim_end_die(struct sim_end *end, int error);
void sim_end_drop_buffers(struct sim_end *end);
void sim_end_send_fin(struct sim_end *end);
void sim_end_send_reset(struct sim_end *end);
/* The connection is known to be gone: heard when a read is pending or something is sent. */
void sim_end_reset(struct sim_end *end);
bool sim_end_readable(const struct sim_end *end);
void sim_end_read(struct sim_end *end);
/* The program at this end has read so many bytes: its peer may send as many more, if it hears. */
void sim_end_credit(struct sim_end *end, uint32_t size);
void sim_end_drop_wire(struct sim_end *end);
/* Nothing stands between the two any more: goes on with what was stalled. */
void sim_end_unstall(struct sim_end *end);
bool sim_host_reaches(const struct sim_host *from, const struct sim_host *to);

#endif
