/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_SHARD_H
#define CORDUROY_BROKER_SHARD_H

#include "broker/call.h"
#include "broker/config.h"
#include "broker/log/log_dir.h"
#include "broker/metadata.h"
#include "broker/net/conn.h"
#include "broker/replica/replica_host.h"
#include "common/reactor.h"

struct broker;
struct control;
struct group_host;

enum mail_kind {
    MAIL_CALL = 1
};

/* One thread of a broker: some of its connections, some of its partitions, and on shard 0 what
 * there is one of (control.h). */
struct shard {
    struct reactor reactor;
    struct broker *broker;
    const struct broker_config *config;
    unsigned number;
    struct metadata metadata;
    struct client_net *clients;
    struct replica_host *replicas;
    struct replica_host_observer replica_observer;
    struct group_host *groups;
    struct control *control; /* shard 0 only, else NULL */
    struct account receive, answers, streams;
    uint32_t auto_creating; /* topics whose creation clients caused and that is not answered yet */
    uint64_t crossed;       /* requests for a partition or group of another shard */
    struct expected_stream *expected;
    unsigned mutation; /* enum mutation; mutation builds only */
    bool stopping;
};

/* The only way in. */
void shard_step(void *shard, const struct event *event);
/* For broker.h: the last of its making, and its end. */
void shard_listen_to_reactor(struct shard *s);
void shard_free(struct shard *s);
/* What a metadata delta changes here: partitions hear their orders, coordinators their topics. */
void shard_apply(struct shard *s, const struct metadata_delta *delta);
/* A replication stream from another broker: announced with its OPEN frame, then accepted here. */
void shard_expect_stream(struct shard *s, token connection, const struct cluster_open *open);
void shard_stream_accepted(struct shard *s, const struct event *event);
/* The shard of this broker that owns a partition. */
unsigned shard_of(const struct shard *s, struct partition_id id);

#endif
