/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_WORLD_H
#define CORDUROY_TESTS_SIM_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/env.h"
#include "tests/sim/sim_random.h"

/* The simulated world: many hosts in one process and one thread. It implements struct env_ops
 * (common/env.h) over a heap of pending events ordered by (time, sequence); one seed draws every
 * delay and every fault. Nothing in it reads a clock, an address or the environment, so a seed
 * names a run: the same seed gives the same sim_world_hash.
 *
 * A host is a machine: an address, disks, a page cache. A process runs a program on it: one to
 * SIM_SHARDS_MAX shards, each called with one event at a time. Time stands still while a shard
 * runs; how long it takes to be scheduled is drawn. A shard hears what has gathered for it in one
 * batch, then EV_TURN.
 *
 * Faults are calls on hosts, processes and links, made between steps (from sim_world_at or from
 * the code that drives the world), never from inside a shard. */
struct sim_world;
struct sim_host;
struct sim_process;

#define SIM_HOSTS_MAX 32
#define SIM_SHARDS_MAX 8
#define SIM_DIRS_MAX 4
#define SIM_US UINT64_C(1000)
#define SIM_MS UINT64_C(1000000)
#define SIM_SECOND UINT64_C(1000000000)

/* How slow things are. Each delay is drawn from [min, max]; once in `slow_once_in` times it is
 * drawn from [max, slow_max] instead (0: never). */
struct sim_delay {
    uint64_t min_ns, max_ns, slow_max_ns;
    uint32_t slow_once_in;
};
struct sim_weather {
    struct sim_delay net;            /* one way */
    struct sim_delay disk;           /* a lane takes up its queue; what it did comes home */
    struct sim_delay schedule;       /* a shard with something to hear runs */
    uint32_t window_min, window_max; /* bytes of a connection that the kernels hold, one way */
    uint32_t split_once_in;          /* a send or a read is cut short at a drawn place */
    uint32_t cold_once_in;           /* file_peek finds nothing in the page cache */
    uint64_t give_up_ns;             /* a sender or a connect without an answer gets ETIMEDOUT */
};
extern const struct sim_weather sim_weather_calm;
/* A weather of the seed's choice, some kinds of trouble left out (swarm testing). */
struct sim_weather sim_weather_draw(struct sim_random *random);

/* ---- the world ---- */
struct sim_world *sim_world_new(uint64_t seed, const struct sim_weather *weather);
/* Ends every process and frees everything. */
void sim_world_free(struct sim_world *w);
void sim_world_set_weather(struct sim_world *w, const struct sim_weather *weather);
uint64_t sim_now_ns(const struct sim_world *w);
/* For fault schedules and simulated clients: part of the run like everything else. */
struct sim_random *sim_world_random(struct sim_world *w);
/* Of every event delivered so far: kind, host, shard, token, error, size, bytes and time. */
uint64_t sim_world_hash(const struct sim_world *w);
uint64_t sim_world_events(const struct sim_world *w);
/* Calls run(object, arg) once at that time (now at the earliest). */
void sim_world_at(struct sim_world *w, uint64_t at_ns, void (*run)(void *object, uint64_t arg),
                  void *object, uint64_t arg);
/* The next pending thing happens. False: nothing is pending, or sim_world_stop was called. */
bool sim_world_step(struct sim_world *w);
/* Steps until that time has come or nothing is pending; false when it was stopped. */
bool sim_world_run(struct sim_world *w, uint64_t until_ns);
/* Steps until done(context) is true; false when it is not by that time. */
bool sim_world_run_until(struct sim_world *w, uint64_t until_ns, bool (*done)(void *context),
                         void *context);
/* The run is over (a violation was found): stepping answers false from now on. */
void sim_world_stop(struct sim_world *w);

/* Hears what happens; members may be NULL. Never change the world from `turned` or `said`. */
struct sim_observer {
    /* After each turn of a shard: here the invariants are checked. */
    void (*turned)(void *context, struct sim_process *process, unsigned shard);
    void (*said)(void *context, struct sim_process *process, unsigned shard, enum say_level level,
                 struct view line);
    /* After a process has ended, whatever the cause; its memory is still there. */
    void (*ended)(void *context, struct sim_process *process);
    void *context;
};
void sim_world_observe(struct sim_world *w, const struct sim_observer *observer);
/* Trace lines (also every event delivered) go to stderr when on. Off at first. */
void sim_world_set_trace(struct sim_world *w, bool on);
bool sim_world_traces(const struct sim_world *w);
void sim_trace(struct sim_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- hosts ---- */
/* ::ffff:10.0.0.(index + 1) */
struct addr sim_host_addr(const struct sim_host *h, uint16_t port);
/* "10.0.0.N"; lives as long as the host. */
const char *sim_host_ip(const struct sim_host *h);
/* The name is copied. wall_skew_ms: how wrong its wall clock is. dir_count: disks, each of
 * disk_size bytes (0: 1 GiB). */
struct sim_host *sim_host_new(struct sim_world *w, const char *name, unsigned dir_count,
                              uint64_t disk_size, int64_t wall_skew_ms);
unsigned sim_host_index(const struct sim_host *h);
const char *sim_host_name(const struct sim_host *h);
struct sim_world *sim_host_world(const struct sim_host *h);
struct file_mem *sim_host_disk(struct sim_host *h, unsigned dir); /* tests/lib/file_mem.h */
struct sim_process *sim_host_process(struct sim_host *h);         /* NULL: none runs */
bool sim_host_is_on(const struct sim_host *h);
/* Another disk is put in while the host is off; the old one is returned, to be freed or put back.
 */
struct file_mem *sim_host_swap_disk(struct sim_host *h, unsigned dir, struct file_mem *disk);
/* Power fails: the process is gone without a word to anybody, unsynced bytes are lost as the disk
 * draws. Nothing when it is off. */
void sim_host_power_off(struct sim_host *h);
void sim_host_power_on(struct sim_host *h);
/* Power fails at the k-th file operation on that disk counted from now (0: the next), in the
 * middle of whatever runs there. Nothing when it is off. */
void sim_host_power_off_at(struct sim_host *h, unsigned dir, uint64_t k);
/* Every timer of the wall clock jumps. */
void sim_host_set_skew(struct sim_host *h, int64_t wall_skew_ms);
int64_t sim_host_skew(const struct sim_host *h);
/* Bytes that the disk's files take. The host is on. */
uint64_t sim_host_disk_used(struct sim_host *h, unsigned dir);

/* ---- processes ---- */
/* What runs. open makes one object for each shard (no event is heard inside it) and keeps a copy of
 * its env; step is the only way in; close (may be NULL) frees what it can of a process that has
 * ended and that nobody will call again: jobs and mails that were handed over do not come back, and
 * what it says to the world has no effect. */
struct sim_program {
    void (*open)(void *context, struct sim_process *process, const struct env *envs, unsigned count,
                 void **ret_shards);
    void (*step)(void *shard, const struct event *event);
    void (*close)(void *context, void **shards, unsigned count);
    void *context;
};
/* Starts it on a host that is on and runs nothing. Each shard hears EV_START first. The program is
 * copied. The process object lives as long as the world. zk: the model whose client shard 0's
 * zk_open and zk use (NULL: none), with this chroot and session time-out. */
struct zk_model;
struct zk_client;
struct sim_process_options {
    unsigned shard_count;
    struct zk_model *zk;
    const char *chroot;
    uint32_t session_timeout_ms;
};
struct sim_process *sim_process_start(struct sim_host *h, const struct sim_program *program,
                                      const struct sim_process_options *options);
/* kill -9: what is in the page cache stays, the kernel closes the connections; disk jobs under way
 * get as far as the seed says. */
void sim_process_kill(struct sim_process *p);
/* SIGTERM: every shard hears EV_STOP. */
void sim_process_terminate(struct sim_process *p);
/* SIGSTOP and SIGCONT. */
void sim_process_pause(struct sim_process *p, bool paused);
/* Nothing passes between it and ZooKeeper. */
void sim_process_cut_zk(struct sim_process *p, bool cut);
bool sim_process_is_running(const struct sim_process *p); /* a paused one is */
bool sim_process_is_paused(const struct sim_process *p);
/* True when it ended by halt (not killed, no power loss), with its code and reason. */
bool sim_process_halted(const struct sim_process *p, int *ret_code, const char **ret_why);
void *sim_process_shard(const struct sim_process *p, unsigned shard);
unsigned sim_process_shard_count(const struct sim_process *p);
struct sim_host *sim_process_host(const struct sim_process *p);
struct zk_client *sim_process_zk(const struct sim_process *p);
/* Starts so far on this host: 1 for the first. */
unsigned sim_process_number(const struct sim_process *p);

/* ---- the network ---- */
/* Nothing passes from one host to the other until healed; connections live on (senders give up
 * after give_up_ns). Cut the other way too for a full partition. */
void sim_link_cut(struct sim_host *from, struct sim_host *to, bool cut);
bool sim_link_is_cut(const struct sim_host *from, const struct sim_host *to);
void sim_links_heal(struct sim_world *w);
/* Breaks one connection between the two, drawn at random: what is on its way is lost; each side
 * hears of it or not (one that does not hears when it sends next). False: there is none. */
bool sim_link_break(struct sim_host *a, struct sim_host *b, bool a_hears, bool b_hears);
/* Connections that are open between the two. */
unsigned sim_link_connections(struct sim_host *a, struct sim_host *b);

#endif
