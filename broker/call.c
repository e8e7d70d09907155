/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/call.h"

#include <stddef.h>

#include "broker/shard.h"
#include "common/assert.h"

static void send(struct shard *from, unsigned to, struct call *call)
{
    const struct env *env = &from->reactor.env;
    call->mail.kind = MAIL_CALL;
    env->ops->mail(env->world, to, &call->mail);
}

void call_make(struct shard *from, unsigned to, struct call *call)
{
    call->home = from->number;
    call->returning = false;
    if (to == from->number)
        call->there(call, from);
    else
        send(from, to, call);
}

void call_return(struct shard *there, struct call *call)
{
    PRE(!call->returning);
    call->returning = true;
    if (call->home == there->number)
        call->back(call, there);
    else
        send(there, call->home, call);
}

void call_heard(void *shard, struct mail *mail)
{
    struct call *call = CONTAINER_OF(mail, struct call, mail);
    if (call->returning)
        call->back(call, shard);
    else
        call->there(call, shard);
}
