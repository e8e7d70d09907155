/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONTROL_CONTROL_H
#define CORDUROY_BROKER_CONTROL_CONTROL_H

#include "broker/shard.h"

/* What a broker has one of, on shard 0: its life from loading its directories to a clean stop, the
 * ZooKeeper session and registration, the controller's step function, the control connections,
 * producer ids. README.md here tells the story. */
struct control;
struct control *control_new(struct shard *shard);
void control_free(struct control *control);
/* EV_START, EV_STOP, sessions, watches and accepted connections. */
void control_heard(struct control *control, const struct event *event);

/* ---- for the other modules; on shard 0 ---- */
/* From the replicas of any shard to the controller. Copied. */
void control_ask_isr(struct control *control, const struct cluster_isr_change *changes,
                     uint32_t count);
void control_report(struct control *control, const struct cluster_report *report);

/* An admin request of Kafka's, done by the controller wherever it is; done is called once, when
 * this broker's metadata shows the change, on every shard. */
struct control_admin {
    int16_t api_key, api_version;
    int32_t timeout_ms;
    struct view body; /* the owner's, until done */
    void (*done)(struct control_admin *admin);
    int16_t error;              /* a Kafka error code when there is no answer */
    struct buf *answer;         /* the body of the response: the owner's reference */
    struct control_admin *next; /* control's from here on */
    uint64_t request, metadata_number;
    struct timer timer;
    struct control *control;
};
void control_admin(struct control *control, struct control_admin *admin);

/* A producer id that nobody had before; done is called once, perhaps inside the call. error: a
 * Kafka error code. */
struct control_producer_id {
    void (*done)(struct control_producer_id *ask);
    int16_t error;
    int64_t producer_id;
    struct control_producer_id *next;
};
void control_producer_id(struct control *control, struct control_producer_id *ask);

#endif
