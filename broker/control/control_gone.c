/* SPDX-License-Identifier: Apache-2.0 */
/* A deleted topic: when no shard has anything of it left, the controller hears so, in one report
 * for the whole topic. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/memory.h"

struct gone_call {
    struct call call;
    struct gone *gone;
    struct shard *there;
    struct topic_removal removal;
};
struct gone {
    struct control *control;
    struct uuid topic;
    unsigned left;
    bool everywhere;
    struct gone_call calls[];
};

static void removed(struct topic_removal *removal)
{
    struct gone_call *part = CONTAINER_OF(removal, struct gone_call, removal);
    call_return(part->there, &part->call);
}

static void gone_there(struct call *call, struct shard *there)
{
    struct gone_call *part = CONTAINER_OF(call, struct gone_call, call);
    part->there = there;
    part->removal.topic = part->gone->topic;
    part->removal.told = removed;
    if (there->replicas != NULL)
        replica_host_when_gone(there->replicas, &part->removal);
    else
        call_return(there, call);
}

static void gone_back(struct call *call, struct shard *home)
{
    struct gone_call *part = CONTAINER_OF(call, struct gone_call, call);
    struct gone *g = part->gone;
    (void)home;
    g->everywhere = g->everywhere && part->removal.gone;
    if (--g->left > 0)
        return;
    if (g->everywhere) {
        struct cluster_report report = {
            .id = {g->topic, -1}, .kind = CLUSTER_REPORT_DELETED, .leader_epoch = -1};
        control_client_report(g->control->client, &report);
    }
    free(g);
}

void control_topic_gone(struct control *c, struct uuid topic)
{
    unsigned count = broker_shard_count(c->shard->broker);
    struct gone *g = xcalloc(1, sizeof *g + count * sizeof g->calls[0]);
    g->control = c;
    g->topic = topic;
    g->left = count;
    g->everywhere = true;
    for (unsigned i = 0; i < count; i++) {
        g->calls[i].gone = g;
        g->calls[i].call.there = gone_there;
        g->calls[i].call.back = gone_back;
    }
    for (unsigned i = 0; i < count; i++)
        call_make(c->shard, i, &g->calls[i].call); /* the last of these may free g */
}
