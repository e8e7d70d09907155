/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Anything may stand in a node; what we decide from must hold together. Members of the ISR that are
 * not assigned make sense: the assignment was edited by hand. */
static const char *nonsense(const struct znode_state *s)
{
    if (s->isr_count == 0)
        return "has an empty ISR";
    if (s->isr_count > CLUSTER_REPLICAS_MAX)
        return "has more in-sync replicas than a partition can have replicas";
    bool leader_in_isr = s->leader == ZNODE_LEADER_NONE;
    for (uint32_t i = 0; i < s->isr_count; i++) {
        for (uint32_t k = 0; k < i; k++)
            if (s->isr[k] == s->isr[i])
                return "names an in-sync replica twice";
        leader_in_isr |= s->isr[i] == s->leader;
    }
    if (!leader_in_isr)
        return "has a leader that is not in its ISR";
    if (s->leader_epoch < 0 || s->leader_epoch == INT32_MAX)
        return "has an impossible leader epoch";
    return NULL;
}

bool ctl_state_parse(struct controller *c, struct ctl_partition *p, const struct zk_result *result,
                     struct ctl_state *ret, const char **ret_why)
{
    struct znode_state s;
    int error = znode_state_parse(result->data, ctl_scratch(c), &s);
    *ret_why = error == ZNODE_OK ? nonsense(&s) : znode_error_text((enum znode_error)error);
    if (*ret_why)
        return false;
    *ret = (struct ctl_state){
        .version = result->version,
        .leader = s.leader,
        .leader_epoch = s.leader_epoch,
        .controller_epoch = s.controller_epoch,
        .min_isr = s.min_isr,
        .leader_incarnation = s.leader_incarnation,
        .is_new = s.is_new,
        .recovering = s.recovering,
        .isr.count = s.isr_count,
    };
    memcpy(ret->isr.brokers, s.isr, s.isr_count * sizeof *s.isr);
    free(p->unknown);
    p->unknown = s.unknown.base ? xstrndup(s.unknown.base, s.unknown.size) : NULL;
    return true;
}

struct view ctl_state_print(const struct ctl_partition *p, const struct ctl_state *s,
                            struct arena *arena)
{
    struct znode_state node = {
        .leader = s->leader,
        .leader_epoch = s->leader_epoch,
        .controller_epoch = s->controller_epoch,
        .isr_count = s->isr.count,
        .isr = s->isr.brokers,
        .recovering = s->recovering,
        .min_isr = s->min_isr,
        .is_new = s->is_new,
        .leader_incarnation = s->leader_incarnation,
        .unknown = p->unknown ? view_of(p->unknown) : VIEW_NULL,
    };
    return znode_state_print(&node, arena);
}
