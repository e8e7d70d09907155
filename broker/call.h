/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CALL_H
#define CORDUROY_BROKER_CALL_H

#include "common/env.h"

/* An asynchronous call from one shard of a broker to another: a mail with one function to run on
 * the shard that is called and one to run on the caller's shard when the call has returned. A call
 * is embedded in its owner, which must live until `back` has begun.
 *
 * A call to the caller's own shard runs inside call_make, perhaps to its end: callers must be ready
 * for that. Calls from one shard to another arrive in the order in which they were made; the order
 * of the batches of one connection rests on it. */
struct shard;
struct call {
    struct mail mail;
    unsigned home; /* the caller's shard */
    bool returning;
    /* On the called shard. Ends, at once or later, with call_return. */
    void (*there)(struct call *call, struct shard *there);
    /* On the caller's shard; may free the call. */
    void (*back)(struct call *call, struct shard *home);
};
void call_make(struct shard *from, unsigned to, struct call *call);
void call_return(struct shard *there, struct call *call);
/* The reactor's handler for mails of kind MAIL_CALL. */
void call_heard(void *shard, struct mail *mail);

#endif
