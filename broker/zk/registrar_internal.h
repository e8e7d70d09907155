/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_ZK_REGISTRAR_INTERNAL_H
#define CORDUROY_BROKER_ZK_REGISTRAR_INTERNAL_H

#include "broker/zk/registrar.h"

/* Shared by registrar.c (the step and its phases) and registrar_check.c (what the nodes read mean).
 */

enum registrar_phase {
    REGISTRAR_IDLE,     /* no session */
    REGISTRAR_AGAIN,    /* something went wrong or is unknown: from the start, after a while */
    REGISTRAR_CLUSTER,  /* sync; read /cluster/id */
    REGISTRAR_PATHS,    /* make the top-level paths */
    REGISTRAR_FOUND,    /* make /cluster/id */
    REGISTRAR_NODES,    /* read the two nodes of this id, and the names of all ids */
    REGISTRAR_OTHERS,   /* read the other ids' registrations */
    REGISTRAR_WAITING,  /* for the end of another storage id's session */
    REGISTRAR_MARKING,  /* the directories' markers are being synced */
    REGISTRAR_ENTERING, /* the multi */
    REGISTRAR_READING,  /* both nodes, after the multi or while registered */
    REGISTRAR_RESTING,  /* registered, nothing under way */
    REGISTRAR_HALTED,
    REGISTRAR_PHASES,
};

/* One of the two nodes of this id, as read. */
struct registrar_seen {
    bool there, valid;
    int32_t version;
    int64_t czxid, owner;
};

struct registrar {
    const struct registrar_config *config;
    enum registrar_phase phase;
    bool up; /* there is a session */
    int64_t session;
    uint64_t serial; /* of the phase: replies of another are void */
    uint32_t outstanding;
    bool persisting; /* a REGISTRAR_PERSIST has no answer yet */
    bool stale;      /* a watch fired, or a directory failed, while reading */

    struct arena arena;     /* since begin */
    struct view cluster_id; /* as read; VIEW_NULL: not there */
    char *own_cluster;      /* where this broker belongs; NULL: not decided yet */
    struct registrar_seen node_seen, id_seen;
    struct znode_broker_node node;
    struct znode_registration id;
    bool other_waited; /* one session time-out was given to another storage id */

    uint64_t tried;       /* the incarnation of the multi sent last */
    uint64_t last;        /* registered last; 0: never */
    uint64_t previous;    /* named by the broker node before the one tried */
    bool registered;      /* REGISTRAR_REGISTERED was said */
    int32_t told_version; /* of the broker node, by REGISTRAR_STATE or _REGISTERED */

    const struct registrar_event *event; /* of the step that runs */
    struct arena step;                   /* its actions' memory */
    struct registrar_action *actions;
    size_t action_count, action_capacity;
};

/* ---- registrar_actions.c ---- */
struct registrar_action *registrar_add(struct registrar *r, enum registrar_action_kind kind);
void registrar_halt(struct registrar *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void registrar_say(struct registrar *r, enum say_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The table of phases: README.md here shows it. */
const char *registrar_phase_name(enum registrar_phase phase);
bool registrar_may_move(enum registrar_phase from, enum registrar_phase to);
/* The next phase; replies to the one before are void. */
void registrar_enter(struct registrar *r, enum registrar_phase phase);
void registrar_set_timer(struct registrar *r, uint32_t after_ms);
/* Sends ops (in the step's arena) as one request; its slot is the number of those sent before it in
 * this phase. */
void registrar_send_ops(struct registrar *r, const struct zk_op *ops, uint32_t count);
void registrar_send(struct registrar *r, struct zk_op op);
/* What this incarnation writes into its two nodes. */
struct view registrar_print_node(struct registrar *r, enum znode_broker_state state);
struct view registrar_print_id(struct registrar *r);

/* ---- registrar_check.c ---- */
void registrar_parse_node(struct registrar *r, const struct zk_result *result);
void registrar_parse_id(struct registrar *r, const struct zk_result *result);
/* Both nodes say what this process's multi (or an earlier one of this session) wrote. */
bool registrar_is_entered(const struct registrar *r, uint64_t incarnation);
/* False: this process halts (said), because the id is another's now. */
bool registrar_is_still_ours(struct registrar *r);
/* Another storage id holds the id and lives. */
bool registrar_is_held_by_another(const struct registrar *r);
/* "host:port" of a registration, for people. */
const char *registrar_host(struct registrar *r, const struct znode_registration *id);
/* The endpoint of ours that this one advertises too; NULL: none. */
const struct znode_endpoint *registrar_clash(const struct registrar *r,
                                             const struct znode_registration *other);

#endif
