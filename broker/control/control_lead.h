/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONTROL_CONTROL_LEAD_H
#define CORDUROY_BROKER_CONTROL_CONTROL_LEAD_H

#include "broker/control/control_internal.h"

/* Shared by control_lead.c and control_admin.c. */
struct lead_peer {
    struct peer *peer;
    bool told, subscribed; /* the step function knows it; its first subscription was heard */
};
struct control_lead {
    struct control *control;
    struct controller *controller;
    struct peer_owner owner;
    struct timer timer;
    struct lead_peer *peers;
    size_t peer_count, peer_capacity;
    struct admin_work *works;
    uint64_t next_request;
    struct say_limit say_limit;
};

#endif
