/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/shard_replicas.h"

#include <stdlib.h>

#include "broker/broker.h"
#include "broker/control/control.h"
#include "broker/group/group_host.h"
#include "common/assert.h"
#include "common/memory.h"

/* ---- to the controller, by way of shard 0 ---- */
struct isr_ask {
    struct call call;
    uint32_t count;
    struct cluster_isr_change changes[];
};
struct report_ask {
    struct call call;
    struct cluster_report report;
};

static void isr_there(struct call *call, struct shard *there)
{
    struct isr_ask *ask = CONTAINER_OF(call, struct isr_ask, call);
    control_ask_isr(there->control, ask->changes, ask->count);
    call_return(there, call);
}

static void isr_back(struct call *call, struct shard *home)
{
    (void)home;
    free(CONTAINER_OF(call, struct isr_ask, call));
}

static struct shard *shard_of_observer(struct replica_host_observer *o)
{
    return CONTAINER_OF(o, struct shard, replica_observer);
}

static void ask_isr(struct replica_host_observer *o, const struct cluster_isr_change *changes,
                    uint32_t count)
{
    struct shard *s = shard_of_observer(o);
    struct isr_ask *ask = xcalloc(1, sizeof *ask + count * sizeof *changes);
    ask->count = count;
    memcpy(ask->changes, changes, count * sizeof *changes);
    ask->call.there = isr_there;
    ask->call.back = isr_back;
    call_make(s, 0, &ask->call);
}

static void report_there(struct call *call, struct shard *there)
{
    control_report(there->control, &CONTAINER_OF(call, struct report_ask, call)->report);
    call_return(there, call);
}

static void report_back(struct call *call, struct shard *home)
{
    (void)home;
    free(CONTAINER_OF(call, struct report_ask, call));
}

static void report(struct replica_host_observer *o, const struct cluster_report *r)
{
    struct shard *s = shard_of_observer(o);
    struct report_ask *ask = xcalloc(1, sizeof *ask);
    ask->report = *r;
    ask->call.there = report_there;
    ask->call.back = report_back;
    call_make(s, 0, &ask->call);
}

/* ---- coordinators ---- */
static bool is_offsets(const struct shard *s, struct partition_id id)
{
    const struct topic_meta *t = metadata_by_name(&s->metadata, TOPIC_OFFSETS);
    return t != NULL && uuid_equal(t->id, id.topic);
}

static void leads(struct replica_host_observer *o, struct partition_id id, int32_t leader_epoch)
{
    struct shard *s = shard_of_observer(o);
    if (is_offsets(s, id))
        group_host_leads(s->groups, id, leader_epoch);
}

static void leads_not(struct replica_host_observer *o, struct partition_id id)
{
    struct shard *s = shard_of_observer(o);
    group_host_leads_not(s->groups, id);
}

/* ---- the start ---- */
static void topic_log_config(void *context, struct view overrides, struct log_config *ret)
{
    const struct shard *s = context;
    struct topic_config config;
    config_topic(s->config, overrides, &config);
    *ret = config.log;
}

static void make_host(struct shard *s, struct cluster_member self, bool dir_offline)
{
    const struct broker_setup *setup = broker_setup_of(s->broker);
    struct replica_host_config config = {
        .self = self,
        .cluster_id = broker_cluster_id(s->broker),
        .secret = setup->secret,
        .dirs = broker_dirs(s->broker),
        .dir_count = s->config->dir_count,
        .dir_offline = dir_offline,
        .topic_config = topic_log_config,
        .topic_config_context = s,
        .lag_ms = s->config->lag_time_max_ms,
        .mutation = setup->mutation,
        .retain_ms = s->config->retention_check_ms,
        .producer_ms = s->config->producer_expiration_ms,
        .stream = &s->streams,
    };
    s->replica_observer = (struct replica_host_observer){ask_isr, report, leads, leads_not};
    s->replicas = replica_host_new(&s->reactor, &config, &s->replica_observer);
}

static void add_logs(struct shard *s, const struct log_dir_load *load)
{
    for (uint32_t i = 0; i < load->found_count; i++) {
        const struct log_found *found = &load->found[i];
        if (shard_of(s, found->id) == s->number)
            replica_host_add_log(s->replicas, found->log);
    }
}

void shard_replicas_start(struct shard *s, struct cluster_member self,
                          const struct log_dir_load *loads, unsigned count)
{
    if (s->replicas != NULL) {
        replica_host_set_self(s->replicas, self);
        return;
    }
    bool dir_offline = false;
    for (unsigned i = 0; i < count; i++)
        dir_offline |= loads[i].error != 0;
    make_host(s, self, dir_offline);
    for (unsigned i = 0; i < count; i++)
        if (loads[i].error == 0)
            add_logs(s, &loads[i]);
}
