/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONTROL_CONTROL_INTERNAL_H
#define CORDUROY_BROKER_CONTROL_CONTROL_INTERNAL_H

#include "broker/broker.h"
#include "broker/control/control.h"
#include "broker/control/peer.h"

#include "controller/controller.h"

/* Shared by the files of this folder; nobody else includes it. */
struct control_register;
enum control_phase {
    CONTROL_LOADING,     /* the data directories are read and recovered */
    CONTROL_REGISTERING, /* in ZooKeeper: session, cluster id, registration */
    CONTROL_RUNNING,
    CONTROL_HANDING_OVER, /* stopping: leadership moves to other brokers */
    CONTROL_CLOSING,      /* stopping: no more clients; replicas stop, directories close */
    CONTROL_ENDED,        /* the world was told to halt; nothing more is done */
};

/* ---- control_zk.c: requests to ZooKeeper, each with the function that hears the reply ---- */
struct control_zk_ask {
    struct source source;
    struct control *control;
    void (*heard)(struct control_zk_ask *ask, const struct event *reply); /* freed afterwards */
    uint64_t number; /* the asker's own name for it */
};
/* Sends ops as one request (several: a multi); heard is called once. */
void control_zk(struct control *c, const struct zk_op *ops, uint32_t count, uint64_t number,
                void (*heard)(struct control_zk_ask *, const struct event *));

/* ---- control_lead.c: the controller's step function and the brokers connected to it ---- */
struct control_lead;
struct control_lead *control_lead_new(struct control *c);
void control_lead_free(struct control_lead *l);
void control_lead_step(struct control_lead *l, struct controller_event *event);
void control_lead_accept(struct control_lead *l, token connection, const struct cluster_open *open);
/* Joins our own client end to the controller. */
struct peer *control_lead_join(struct control_lead *l, struct peer_owner *client);
bool control_lead_active(const struct control_lead *l);

/* ---- control_admin.c: an admin request at the controller ---- */
struct admin_work;
void admin_start(struct control_lead *l, struct peer *from, const struct cluster_admin *request);
void admin_answered(struct control_lead *l, const struct controller_answer *answer);
void admin_forget_peer(struct control_lead *l, const struct peer *peer);
void admin_free_all(struct control_lead *l);

/* ---- control_gone.c: a topic whose deletion every shard has applied ---- */
void control_topic_gone(struct control *c, struct uuid topic);

/* ---- control_client.c: this broker's connection to whoever is controller ---- */
struct control_client;
struct control_client *control_client_new(struct control *c);
void control_client_free(struct control_client *cl);
/* The step function has found out who is controller. */
void control_client_known(struct control_client *cl, const struct controller_known *known);
void control_client_registered(struct control_client *cl);
void control_client_unregistered(struct control_client *cl);
void control_client_isr(struct control_client *cl, const struct cluster_isr_change *changes,
                        uint32_t count);
void control_client_report(struct control_client *cl, const struct cluster_report *report);
void control_client_admin(struct control_client *cl, struct control_admin *admin);
/* Asks the controller to move leadership away from this broker; control_handed_over is called with
 * each answer. */
void control_client_hand_over(struct control_client *cl);

/* ---- control_ids.c: blocks of producer ids ---- */
struct control_ids;
struct control_ids *control_ids_new(struct control *c);
void control_ids_free(struct control_ids *ids);
void control_ids_session(struct control_ids *ids, bool up);

/* ---- control_listen.c: the sockets ---- */
struct control_listen;
struct control_listen *control_listen_new(struct control *c);
void control_listen_free(struct control_listen *l);
void control_listen_open(struct control_listen *l); /* binds all; control_listening when done */
void control_listen_take_clients(struct control_listen *l); /* from now on */
/* Closes the clients' listeners: whoever connects from now on is refused and tries another broker.
 */
void control_listen_stop_clients(struct control_listen *l);
void control_listen_accepted(struct control_listen *l, const struct event *event);

/* ---- control_register.c: the registrar's step function and what it asks for ---- */
void control_register_init(struct control *c);
void control_register_deinit(struct control *c);
void control_register_start(struct control *c);
void control_register_session(struct control *c, const struct event *e);
void control_register_watch(struct control *c, const struct event *e);

/* ---- control_dirs.c: the data directories; README.md explains markers and notes ---- */
/* All directories were read: checks that they belong together and leaves out those that cannot be
 * used. False: the broker was told to end. */
bool control_dirs_loaded(struct control *c);
/* Directory i was read at the start and has not failed since. */
bool control_dir_is_usable(const struct control *c, unsigned i);
/* Takes from the markers since when other directories have been left out. `previous` is the
 * incarnation that the broker node in ZooKeeper knew last: only a directory whose marker names it
 * is heeded, because one that was left out itself has missed what came later. */
void control_dirs_take_notes(struct control *c, uint64_t previous);
/* Whether directory i is as this broker left it: its marker names `previous` (0: there was none),
 * or the incarnation since which it has been left out. */
bool control_dir_is_known(const struct control *c, unsigned i, uint64_t previous);
/* Before the markers of a registration are written: works out which directories are left out, and
 * since when. */
void control_dirs_note_offline(struct control *c, uint64_t previous);
/* Fills in the mark, except done and distrust, and writes it as directory i's marker. */
void control_dir_mark(struct control *c, unsigned i, struct log_dir_mark *mark, uint64_t last,
                      uint64_t next);
/* Whether markers are still written to directory i. One that failed while the broker ran takes
 * them, and may be the only one that is left. One whose marker could not be written takes no other:
 * its content may not be what this broker left there, and the marker that should say so is missing.
 */
bool control_dir_takes_marks(const struct control *c, unsigned i);
/* The controller has taken the inventory: writes the final marker of this incarnation to every
 * directory that takes one. `marks` has one entry for each of log.dirs. Returns how many are being
 * written; done is called for each. */
unsigned control_dirs_mark_in(struct control *c, uint64_t incarnation, struct log_dir_mark *marks,
                              void (*done)(struct log_dir_mark *mark));
/* Directory i was given up because its marker could not be written: the others note the incarnation
 * that its marker still names, so that it is recognized when it comes back. */
void control_dirs_note_lost(struct control *c, unsigned i);
/* A controller of this epoch was heard of; a later epoch than before is noted in every directory.
 */
void control_dirs_note_epoch(struct control *c, int32_t controller_epoch);
/* Logs that directory i's marker could not be written. */
void control_dir_say_unwritten(const struct control *c, unsigned i, int error);
/* Directory i was given up because its marker could not be written. False: it was the last one, and
 * the broker was told to end. */
bool control_dir_lost(struct control *c, unsigned i, int error);

/* ---- control_start.c, control_stop.c ---- */
void control_start_init(struct control *c);
void control_start_deinit(struct control *c);
/* The end, clean or not: the session is closed and the world told. */
void control_finish(struct control *c);
void control_start(struct control *c);
void control_controller_stopped(struct control *c);
void control_stop(struct control *c);
void control_listening(struct control *c);
void control_handed_over(struct control *c, int32_t remaining);
void control_registered(struct control *c, uint64_t incarnation);
void control_unregistered(struct control *c);
/* Ends the broker with a message: nothing can go on. */
void control_halt(struct control *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Every shard has this delta; shard 0's own metadata shows it. */
void control_delta_applied(struct control *c, uint64_t number);
void control_spread(struct control *c, struct metadata_delta *delta);

/* What is known of one entry of log.dirs (control_dirs.c). Incarnations are this broker's. */
struct control_dir {
    bool matches;           /* its marker names the incarnation that was registered last */
    bool unmarked;          /* given up, because its marker could not be written */
    uint64_t offline_since; /* it has been left out since this incarnation; 0: it is not left out */
    uint64_t known_as;      /* what its marker named before it was last written */
};

struct control {
    struct shard *shard;
    struct reactor *reactor;
    const struct broker_config *config;
    enum control_phase phase;
    struct peer_identity identity; /* self.incarnation 0: not registered */
    struct control_lead *lead;
    struct control_client *client;
    struct control_ids *ids;
    struct control_listen *listen;
    struct control_register *registration;
    struct begin *beginning; /* the shards are being told of the registration; NULL: they know */
    struct timer waiting_timer, stop_timer;
    struct log_dir_load *loads;
    struct log_dir_mark *marks;
    struct log_dir_stop *stops;
    unsigned loads_left, stops_left, shards_left;
    struct uuid storage_id;
    struct control_dir dirs[CONFIG_DIRS_MAX];
    struct log_dir_offline
        offline[CONFIG_DIRS_MAX]; /* those left out, as every marker lists them */
    uint32_t offline_count;
    int32_t controller_epoch;                   /* the highest ever heard of; 0: none */
    struct log_dir_mark notes[CONFIG_DIRS_MAX]; /* markers rewritten to note the epoch, or a loss */
    unsigned notes_left;                        /* of them, not written yet */
    bool note_again;                            /* once these are written: there is more to note */
    bool has_data, any_unclean;                 /* of the directories, at the start */
    bool session_up, taking_clients, stop_asked;
    uint64_t stop_deadline_ns, remaining_since_ns;
    int32_t remaining; /* partitions still led here when it is to stop, as last heard */
    char *cluster_id;  /* of the directories at the start; NULL: none */
};

#endif
