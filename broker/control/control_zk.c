/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/assert.h"
#include "common/memory.h"

static void reply_heard(struct source *source, const struct event *e)
{
    struct control_zk_ask *ask = CONTAINER_OF(source, struct control_zk_ask, source);
    reactor_remove(ask->control->reactor, source);
    ask->heard(ask, e);
    free(ask);
}

void control_zk(struct control *c, const struct zk_op *ops, uint32_t count, uint64_t number,
                void (*heard)(struct control_zk_ask *, const struct event *))
{
    const struct env *env = &c->reactor->env;
    struct control_zk_ask *ask = xcalloc(1, sizeof *ask);
    ask->source.heard = reply_heard;
    ask->control = c;
    ask->heard = heard;
    ask->number = number;
    env->ops->zk(env->world, reactor_add(c->reactor, &ask->source), ops, count);
}
