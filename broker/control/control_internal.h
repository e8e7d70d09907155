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
    CONTROL_LOADING,     /* directories are read and recovered */
    CONTROL_REGISTERING, /* ZooKeeper: session, cluster id, registration */
    CONTROL_RUNNING,
    CONTROL_HANDING_OVER, /* stopping: leadership moves to others */
    CONTROL_CLOSING,      /* stopping: no more clients; replicas stop, directories close */
    CONTROL_ENDED,
};

/* ---- control_zk.c: who asked ZooKeeper what ---- */
struct control_zk_ask {
    struct source source;
    struct control *control;
    void (*heard)(struct control_zk_ask *ask, const struct event *reply); /* freed afterwards */
    uint64_t number;                                                      /* of the asker's own */
};
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

/* ---- control_client.c: this broker as one that listens to the controller ---- */
struct control_client;
struct control_client *control_client_new(struct control *c);
void control_client_free(struct control_client *cl);
/* Who is controller, as the step function knows it. */
void control_client_known(struct control_client *cl, const struct controller_known *known);
void control_client_registered(struct control_client *cl);
void control_client_unregistered(struct control_client *cl);
void control_client_isr(struct control_client *cl, const struct cluster_isr_change *changes,
                        uint32_t count);
void control_client_report(struct control_client *cl, const struct cluster_report *report);
void control_client_admin(struct control_client *cl, struct control_admin *admin);
/* Asks to move leadership away; control_handed_over is called when nothing is left, or it cannot
 * be. */
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
void control_listen_stop_clients(struct control_listen *l);
void control_listen_accepted(struct control_listen *l, const struct event *event);

/* ---- control_register.c: the registrar's step function and what it asks for ---- */
void control_register_init(struct control *c);
void control_register_deinit(struct control *c);
void control_register_start(struct control *c);
void control_register_session(struct control *c, const struct event *e);
void control_register_watch(struct control *c, const struct event *e);

/* ---- control_dirs.c: the data directories ---- */
/* All were read: judges them. False: the broker was told to end. */
bool control_dirs_loaded(struct control *c);
bool control_dir_is_usable(const struct control *c, unsigned i);
/* Takes what the directories noted of those that were left out. Only one that is itself as it was
 * left, by this incarnation that the broker node knew, has notes that still hold: one that was away
 * too missed what came after. */
void control_dirs_take_notes(struct control *c, uint64_t previous);
/* Its marker names the incarnation that the broker node knew (previous; 0: none), or the one under
 * which it was left out. */
bool control_dir_is_known(const struct control *c, unsigned i, uint64_t previous);
/* Before a registration's marks: which cannot be used, from now or from earlier on. */
void control_dirs_note_offline(struct control *c, uint64_t previous);
/* Fills in the mark but for done and distrust, and writes it. */
void control_dir_mark(struct control *c, unsigned i, struct log_dir_mark *mark, uint64_t last,
                      uint64_t next);
/* One that was given up because a mark could not be written takes no other: what it has might not
 * be what this broker left, and what should have said so in it is not there. One that failed while
 * it ran may take marks yet, and be the only one. */
bool control_dir_takes_marks(const struct control *c, unsigned i);
/* The controller has taken the inventory: writes marks, one for each entry of log.dirs. Returns how
 * many. */
unsigned control_dirs_mark_in(struct control *c, uint64_t incarnation, struct log_dir_mark *marks,
                              void (*done)(struct log_dir_mark *mark));
/* Directory i was given up because its mark could not be written: the others note behind their
 * marks what it was known by until then, which is what it still says. */
void control_dirs_note_lost(struct control *c, unsigned i);
/* A controller of this epoch was heard: noted in every directory when it is a later one. */
void control_dirs_note_epoch(struct control *c, int32_t controller_epoch);
/* One was given up while it ran. False: it was the last, and the broker was told to end. */
bool control_dir_lost(struct control *c, const char *what, int error);

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
    struct begin *beginning; /* the registration that stands is being told to the shards */
    struct timer waiting_timer, stop_timer;
    struct log_dir_load *loads;
    struct log_dir_mark *marks;
    struct log_dir_stop *stops;
    unsigned loads_left, stops_left, shards_left;
    struct uuid storage_id;
    bool matches[CONFIG_DIRS_MAX];           /* its marker names the incarnation registered last */
    uint64_t offline_since[CONFIG_DIRS_MAX]; /* left out since this incarnation; 0: it is not */
    uint64_t known_as[CONFIG_DIRS_MAX];      /* what its marker named before it was last marked */
    bool unmarked[CONFIG_DIRS_MAX];          /* given up because a mark could not be written */
    struct log_dir_offline offline[CONFIG_DIRS_MAX];
    uint32_t offline_count;
    int32_t controller_epoch;                   /* the highest ever heard of; 0: none */
    struct log_dir_mark notes[CONFIG_DIRS_MAX]; /* of the epoch */
    unsigned notes_left;
    bool note_again;
    bool has_data, any_unclean, session_up, taking_clients, stop_asked;
    uint64_t stop_deadline_ns, remaining_since_ns;
    int32_t remaining; /* partitions still led here when it is to stop, as last heard */
    char *cluster_id;  /* of the directories at the start; NULL: none */
};

#endif
