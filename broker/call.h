/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CALL_H
#define CORDUROY_BROKER_CALL_H

#include "common/env.h"

/* Work that another shard of this broker does for us: a mail that carries what to do there and what
 * to do when it is home again. Embedded in its owner, which lives until it is home. On the same
 * shard everything happens at once, inside call_make: callers must be ready for that. Calls between
 * two shards keep their order. */
struct shard;
struct call {
    struct mail mail;
    unsigned home;
    bool returning;
    void (*there)(struct call *call,
                  struct shard *there); /* ends, at once or later, with call_return */
    void (*back)(struct call *call, struct shard *home);
};
void call_make(struct shard *from, unsigned to, struct call *call);
void call_return(struct shard *there, struct call *call);
/* The mail handler of every call. */
void call_heard(void *shard, struct mail *mail);

#endif
