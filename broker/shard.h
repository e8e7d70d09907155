/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_SHARD_H
#define CORDUROY_BROKER_SHARD_H

#include "broker/api/misled.h"
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

/* One thread of a broker. It owns the client connections that were dealt to it and the partitions
 * that hash to it (shard_of); shard 0 also owns what a broker has only one of (control.h). Nothing
 * here is touched by another thread. */
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
    uint32_t auto_creating; /* automatic topic creations that the controller has not answered yet */
    struct say_limit say_auto_create;
    struct misled misled;
    uint64_t crossed; /* requests for a partition or group of another shard, counted */
    struct expected_stream *expected; /* announced by shard 0, not yet accepted */
    unsigned mutation;                /* enum mutation; mutation builds only */
    bool stopping;
};

/* Handles one event of the world; the only entry point (see common/env.h). */
void shard_step(void *shard, const struct event *event);
/* For broker.c: the last step of making a shard, and its end. */
void shard_listen_to_reactor(struct shard *s);
void shard_free(struct shard *s);
/* Applies a metadata delta: to this shard's view of the metadata, to its partitions, which hear
 * their new orders, and to its group coordinators, which drop the offsets of deleted topics. */
void shard_apply(struct shard *s, const struct metadata_delta *delta);
/* A replication stream from another broker. Shard 0 has read its OPEN frame and announces it here
 * before it moves the connection. */
void shard_expect_stream(struct shard *s, token connection, const struct cluster_open *open);
void shard_stream_accepted(struct shard *s, const struct event *event);
/* The shard of this broker that owns a partition. */
unsigned shard_of(const struct shard *s, struct partition_id id);

#endif
