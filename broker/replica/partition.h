/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_REPLICA_PARTITION_H
#define CORDUROY_BROKER_REPLICA_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/cluster/messages.h"

/* One replica of a partition as a step function: events go in, actions come out. It sees no clock,
 * no log and no connection. The time and the numbers of the log come with the events, and the
 * caller (replica_host.h, or a test) carries out the actions in their order. README.md here has the
 * rules that it keeps, the table of its states, and why nothing acknowledged is lost. One thread;
 * nothing is allocated. Times are milliseconds of a clock that never goes back. */

enum partition_state {
    PARTITION_IDLE,      /* no order yet, no leader, or not a replica */
    PARTITION_MISSING,   /* a replica whose log is not there and must not be made empty */
    PARTITION_PREPARING, /* named leader; waits for the `new` mark to go, or for a truncation */
    PARTITION_LEADER,
    PARTITION_RESIGNED,   /* led this epoch, or an earlier process did: never again in it */
    PARTITION_WAITING,    /* follower; the leader has not opened a stream in this epoch */
    PARTITION_MATCHING,   /* follower; has said where its log ends, awaits the leader's answer */
    PARTITION_TRUNCATING, /* follower; a cut is on its way to the disk: no push, no ack */
    PARTITION_FOLLOWER,   /* follower; its log is a prefix of the leader's and grows by pushes */
    PARTITION_STOPPED,    /* would have to cut below its high watermark; waits for another epoch */
    PARTITION_SUSPECT,    /* damaged log that the ISR still counts on: neither leads nor follows */
    PARTITION_FAILED,     /* the directory or the log failed: nothing more in this process */
    PARTITION_STATES,
};
const char *partition_state_name(enum partition_state state);
/* Whether the table of moves in partition.c allows it. */
bool partition_state_may_move(enum partition_state from, enum partition_state to);

struct partition_config {
    struct cluster_member self;
    int64_t silence_ms; /* a follower without a stream for so long leaves the ISR */
    /* A follower that has talked for so long without reaching the end leaves the ISR, while that
     * leaves min_isr members. */
    int64_t lag_ms;
    int64_t rejoin_ms, rejoin_ms_max; /* after leaving; doubled by each leaving that follows soon */
    int64_t retry_ms; /* between two askings of one ISR change, two reports of one state */
    bool dir_offline; /* a data directory could not be read: a log that is not there may be in it */
    unsigned mutation; /* enum mutation: a rule taken away, in mutation builds only */
};

/* The log's state as the step is told it; there: false when the replica has no log. */
struct partition_log {
    bool there, created, failed, suspect, truncating;
    int32_t last_epoch;
    int64_t start, end, synced_end, high_watermark;
};

enum partition_peer_state {
    PEER_DOWN,    /* no stream */
    PEER_OPENING, /* asked where it is, or told to cut: awaits its state */
    PEER_PUSHING,
    PEER_REFUSED, /* it refused this epoch: until its stream or the epoch is a new one */
};
/* A leader's view of one other replica. */
struct partition_peer {
    int32_t broker;
    uint64_t incarnation;  /* as its broker item says; 0: not known */
    bool alive;            /* as its broker item says */
    bool up;               /* a live stream to that incarnation stands */
    bool silent;           /* a stream stands, but nothing was heard on it for too long */
    bool held;             /* it talks, but has read nothing for too long: its memory is full */
    int64_t down_since_ms; /* no stream since then */
    bool acked;            /* end and synced_end were said in this epoch by this incarnation */
    bool lacks;            /* in the ISR, and came without what is committed: not the disk it had */
    enum partition_peer_state state;
    uint32_t session;
    int64_t end, synced_end;
    int64_t lag_target, lag_since_ms, caught_up_ms;
    int64_t rejoin_after_ms, rejoin_ms, joined_ms;
    int64_t reopen_ms; /* open it again then; 0: no need */
};

struct partition {
    const struct partition_config *config;
    enum partition_state state;
    bool ordered;
    struct cluster_partition_item order; /* the newest; isr is the committed ISR */
    struct partition_log log;
    int64_t high_watermark;
    int64_t now_ms;
    int32_t resigned_epoch; /* never leads up to this one; -1: none */
    bool damaged; /* bytes of the log did not check out when they were read: to be fetched anew */
    int reported; /* enum cluster_report_kind sent last of this state; 0: none */
    int32_t report_epoch, report_version; /* under which order */
    int64_t report_ms;                    /* when */

    /* leader */
    int64_t epoch_start; /* end of the log when it began to lead, and when that was */
    int64_t epoch_start_ms;
    uint32_t peer_count;
    struct partition_peer peers[CLUSTER_REPLICAS_MAX];
    uint32_t session_last;
    bool isr_pending; /* its outcome is not known: commits count on the larger of both */
    struct cluster_isr_change isr_change; /* as asked last */
    uint64_t isr_request_first;           /* the number of its first asking */
    uint64_t isr_request_last;
    int64_t isr_ask_ms; /* when a pending change was asked last, or a new one may be */

    /* follower */
    struct cluster_member stream_from; /* of the open that counts; incarnation 0: none */
    uint32_t stream_session;
    struct cluster_member early_from; /* an open of an epoch that no order named yet */
    struct cluster_replica_open early_open;
    bool state_due; /* say the state when the truncation is durable */
    bool ack_due;
    int64_t leader_high_watermark, leader_start;

    bool touched;       /* something moved since the last turn */
    int64_t said_start; /* start of the log as last pushed */
    int64_t timer_ms;   /* as last set; 0: none */
};

enum partition_event_kind {
    PARTITION_EV_ORDER,   /* u.order: any of this partition; old ones are ignored */
    PARTITION_EV_LOG,     /* u.log: the log moved, was created, was cut durably, or failed */
    PARTITION_EV_MEMBER,  /* u.member: a broker's item changed, or is gone (alive false) */
    PARTITION_EV_DAMAGED, /* a read of the log met bytes that do not check out */
    PARTITION_EV_SELF,    /* config->self changed: nothing that the old process led goes on */
    PARTITION_EV_TIMER,
    PARTITION_EV_ISR_REPLY, /* u.isr_reply */
    /* leader: from the outgoing live stream of u.stream.member */
    PARTITION_EV_STREAM_UP,
    PARTITION_EV_STREAM_DOWN,
    PARTITION_EV_STREAM_SILENT, /* nothing heard for too long, stream up or down */
    PARTITION_EV_STREAM_HELD,   /* it says that it reads nothing at present, for too long */
    PARTITION_EV_STREAM_HEARD,  /* heard again after silence, or reading again */
    PARTITION_EV_STREAM_REOPEN, /* pushes were lost (the catch-up stream went down): open again */
    PARTITION_EV_STATE,         /* u.state, with own_epoch and own_end for its last_epoch */
    PARTITION_EV_ACK,           /* u.ack */
    PARTITION_EV_REFUSE,        /* u.refuse */
    /* follower: from the incoming stream of u.*.from */
    PARTITION_EV_OPEN,    /* u.open */
    PARTITION_EV_DIVERGE, /* u.diverge, with own_epoch and own_end for its epoch */
    PARTITION_EV_RESET,   /* u.reset */
    PARTITION_EV_PUSH,    /* u.push: answered by an ACCEPT_PUSH action or none */
    PARTITION_EV_LEADER_DOWN,
    PARTITION_EVENTS,
};
/* own_epoch, own_end: the largest epoch in the own log at or below the one that the message names,
 * and where it ends there; (-1, -1): none. */
struct partition_event {
    enum partition_event_kind kind;
    int64_t now_ms;
    struct cluster_member from; /* of what came by a stream; of the stream itself */
    int32_t own_epoch;
    int64_t own_end;
    union {
        struct cluster_partition_item order;
        struct partition_log log;
        struct {
            struct cluster_member member;
            bool alive;
        } member;
        struct cluster_isr_reply isr_reply;
        struct cluster_replica_open open;
        struct cluster_replica_state state;
        struct cluster_diverge diverge;
        struct cluster_reset reset;
        struct cluster_push push;
        struct cluster_ack ack;
        struct cluster_refuse refuse;
    } u;
};

enum partition_action_kind {
    PARTITION_DO_CREATE_LOG, /* make an empty log now; its numbers come back as PARTITION_EV_LOG */
    PARTITION_DO_TRUNCATE,   /* log_truncate(offset) */
    PARTITION_DO_RESET,      /* log_reset(offset) */
    PARTITION_DO_ADVANCE_START,      /* follower: log_advance_start(offset) */
    PARTITION_DO_SET_HIGH_WATERMARK, /* log_set_high_watermark(offset); wake who waits */
    PARTITION_DO_FAIL_WAITERS,       /* it leads no more (or never led): answer NOT_LEADER */
    PARTITION_DO_LEAD,      /* it leads epoch now: appends are taken; streams to followers wanted */
    PARTITION_DO_UNLEAD,    /* it stopped leading */
    PARTITION_DO_NEW_PEERS, /* it leads on with other peers: nothing is pushed to anybody until told
                               again */
    PARTITION_DO_REPORT,    /* u.report */
    PARTITION_DO_ASK_ISR,   /* u.isr_change */
    PARTITION_DO_TIMER,     /* call with PARTITION_EV_TIMER at at_ms; replaces; 0: cancel */
    PARTITION_DO_SAY,       /* an operator must know: text (static) */
    /* leader, on the live stream to `to` */
    PARTITION_DO_WANT_STREAM,  /* keep a stream to `to` (and tell UP when it stands) */
    PARTITION_DO_SEND_OPEN,    /* u.open */
    PARTITION_DO_SEND_DIVERGE, /* u.diverge */
    PARTITION_DO_SEND_RESET,   /* u.reset */
    PARTITION_DO_START_PUSH,   /* from offset on, in session; at least one push at once, empty or
                                  not */
    PARTITION_DO_STOP_PUSH,    /* drop what is queued for it */
    PARTITION_DO_PUSH_MARKS,   /* the high watermark or the start moved: every pushing peer gets it
                                  with its next push, or with an empty one at the turn's end */
    /* follower, on the stream that the open came by */
    PARTITION_DO_SEND_STATE,  /* u.state */
    PARTITION_DO_SEND_ACK,    /* u.ack */
    PARTITION_DO_SEND_REFUSE, /* u.refuse */
    PARTITION_DO_ACCEPT_PUSH, /* append the bytes of this push now, then say PARTITION_EV_LOG */
    PARTITION_ACTIONS,
};
struct partition_action {
    enum partition_action_kind kind;
    struct cluster_member to; /* SEND_*, *_PUSH, WANT_STREAM */
    int64_t offset;
    uint32_t session;
    int64_t at_ms;
    const char *text;
    union {
        struct cluster_replica_open open;
        struct cluster_replica_state state;
        struct cluster_diverge diverge;
        struct cluster_reset reset;
        struct cluster_ack ack;
        struct cluster_refuse refuse;
        struct cluster_report report;
        struct cluster_isr_change isr_change;
    } u;
};
#define PARTITION_ACTIONS_MAX 64u
struct partition_actions {
    uint32_t count;
    struct partition_action items[PARTITION_ACTIONS_MAX];
};

/* A replica without an order. config outlives it. log: as found, or there = false. */
void partition_init(struct partition *p, const struct partition_config *config,
                    struct partition_id id, const struct partition_log *log);
/* One event. Actions are added to *actions (emptied first by the caller). Asserts the invariants
 * after it. */
void partition_step(struct partition *p, const struct partition_event *event,
                    struct partition_actions *actions);
/* Once at the end of a turn in which the partition was stepped: what several events moved is said
 * once (high watermark, acks, ISR changes). */
void partition_turn(struct partition *p, int64_t now_ms, struct partition_actions *actions);
/* True when a turn would have something to say. */
bool partition_wants_turn(const struct partition *p);

/* Whether a batch of a producer may be appended now. */
enum partition_admission {
    PARTITION_ADMITTED = 0,
    PARTITION_NOT_LEADER,
    PARTITION_NOT_ENOUGH_REPLICAS, /* acks -1 and the committed ISR is below min_isr */
};
enum partition_admission partition_admit(const struct partition *p, int16_t acks);
bool partition_leads(const struct partition *p);
/* Whether all others of the maximal ISR are heard and hear us. If not, one may lead by now, and
 * know more. */
bool partition_is_in_touch(const struct partition *p);
/* False from the election on until the high watermark has reached the start of the epoch: an answer
 * for "latest" would step back (KIP-207). */
bool partition_latest_available(const struct partition *p);
/* Whether the commit rule counts on this broker now: it is in the committed ISR, or a pending
 * change would add it. */
bool partition_in_maximal_isr(const struct partition *p, int32_t broker);

#endif
