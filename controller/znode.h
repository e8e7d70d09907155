/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CONTROLLER_ZNODE_H
#define CORDUROY_CONTROLLER_ZNODE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/uuid.h"
#include "common/view.h"

/* What stands in the znodes: parse and print. The paths and the JSON are those of Kafka 3.9 in
 * ZooKeeper mode, key for key and in Kafka's order; what is ours alone is marked "ours" and comes
 * after Kafka's fields, where Kafka's readers ignore it.
 *
 * Parsing is total: any bytes give ZNODE_OK or another znode_error, and with another one *ret is
 * untouched. Views and arrays of *ret live in the arena, never in the bytes given. Fields that we
 * do not know are kept in `unknown` (a JSON object as text; VIEW_NULL when there are none) and
 * printed again, so that a node we rewrite keeps them. Printing gives compact JSON in the arena and
 * cannot fail: texts must be UTF-8, as all parsed ones are (others are printed as an empty text).
 * Pure functions; any thread, one arena at a time. */
enum znode_error {
    ZNODE_OK = 0,
    ZNODE_TOO_LARGE,     /* more than ZNODE_SIZE_MAX bytes */
    ZNODE_NOT_JSON,      /* or not a JSON object, or (controller epoch) not a number */
    ZNODE_FIELD_MISSING, /* a field that every version has */
    ZNODE_FIELD_INVALID, /* of the wrong type, out of range, or a replica named twice */
};
/* For a log line: "is not JSON" and the like. */
const char *znode_error_text(enum znode_error error);

/* jute.maxbuffer of Kafka's client. */
#define ZNODE_SIZE_MAX (4u << 20)

/* ---- paths (below the chroot) ---- */
#define ZNODE_CONTROLLER "/controller"
#define ZNODE_CONTROLLER_EPOCH "/controller_epoch"
#define ZNODE_CLUSTER_ID "/cluster/id"
#define ZNODE_BROKER_IDS "/brokers/ids"
#define ZNODE_TOPICS "/brokers/topics"
#define ZNODE_TOPIC_CONFIGS "/config/topics"
#define ZNODE_CONFIG_CHANGES "/config/changes"
#define ZNODE_CONFIG_CHANGE_PREFIX "/config/changes/config_change_" /* sequential */
#define ZNODE_DELETE_TOPICS "/admin/delete_topics"                  /* children without data */
#define ZNODE_ADMIN "/admin"
#define ZNODE_PREFERRED_ELECTION "/admin/preferred_replica_election"
#define ZNODE_PRODUCER_ID_BLOCK "/latest_producer_id_block"
#define ZNODE_CORDUROY "/corduroy"
#define ZNODE_BROKER_NODES "/corduroy/brokers"

/* Each gives a path in the arena. Topic names are legal ones (no '/'). */
struct view znode_path_broker_id(struct arena *arena, int32_t broker);
struct view znode_path_broker_node(struct arena *arena, int32_t broker);
struct view znode_path_topic(struct arena *arena, struct view topic);
struct view znode_path_partitions(struct arena *arena, struct view topic);
struct view znode_path_partition(struct arena *arena, struct view topic, int32_t partition);
struct view znode_path_state(struct arena *arena, struct view topic, int32_t partition);
struct view znode_path_topic_config(struct arena *arena, struct view topic);
struct view znode_path_delete_topic(struct arena *arena, struct view topic);
/* The last name of a path; a child's name is its own last name. */
struct view znode_path_name(struct view path);
/* A child of /brokers/ids or a partition number: decimal, not negative, without leading zeros. */
bool znode_parse_id(struct view name, int32_t *ret);

/* ---- /controller (v1, v2; written as v2) ---- */
struct znode_controller {
    int32_t broker;
    int64_t timestamp_ms;
    int32_t kraft_epoch;  /* -1: a ZooKeeper-mode controller */
    uint64_t incarnation; /* ours, 0: none. Tells "mine" from "my predecessor's" (the data
                             version of this node is always 0) */
};
int znode_controller_parse(struct view data, struct arena *arena, struct znode_controller *ret);
struct view znode_controller_print(const struct znode_controller *c, struct arena *arena);

/* ---- /controller_epoch: a decimal number ---- */
int znode_controller_epoch_parse(struct view data, int32_t *ret);
struct view znode_controller_epoch_print(int32_t epoch, struct arena *arena);

/* ---- /cluster/id ---- */
int znode_cluster_id_parse(struct view data, struct arena *arena, struct view *ret_id);
struct view znode_cluster_id_print(struct view id, struct arena *arena);

/* ---- /brokers/ids/N (v1-v5 read, v5 written), ephemeral; its czxid is the broker epoch ---- */
struct znode_endpoint {
    struct view listener; /* name, as in listeners= */
    struct view protocol; /* PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL */
    struct view host;     /* IPv6 without brackets */
    uint16_t port;
};
struct znode_registration {
    struct znode_endpoint *endpoints;
    uint32_t endpoint_count;
    int32_t jmx_port; /* -1: none */
    int64_t timestamp_ms;
    struct view rack; /* VIEW_NULL: none */
    /* Ours, in the field "corduroy"; incarnation 0: a broker that is not ours. */
    uint64_t incarnation;
    struct view cluster_host; /* where the cluster protocol listens */
    uint16_t cluster_port;
    uint16_t shard_count;
    int16_t protocol_min, protocol_max; /* versions of the cluster protocol */
    struct view unknown;
};
int znode_registration_parse(struct view data, struct arena *arena, struct znode_registration *ret);
struct view znode_registration_print(const struct znode_registration *r, struct arena *arena);

/* ---- /brokers/topics/T (v1-v3; written as v3) ---- */
struct znode_assignment {
    int32_t partition;
    uint32_t replica_count;
    const int32_t *replicas; /* in order of preference */
    uint32_t adding_count, removing_count;
    const int32_t *adding, *removing;
};
struct znode_topic {
    struct uuid id; /* zero: the node has none (v1, v2, or made by hand) */
    uint32_t partition_count;
    struct znode_assignment *partitions; /* in order of their numbers, which may have gaps */
    struct view unknown;
};
int znode_topic_parse(struct view data, struct arena *arena, struct znode_topic *ret);
/* A zero id is left out. */
struct view znode_topic_print(const struct znode_topic *t, struct arena *arena);

/* ---- /brokers/topics/T/partitions/P/state; its data version is the partition epoch ---- */
#define ZNODE_LEADER_NONE (-1)
struct znode_state {
    int32_t leader; /* ZNODE_LEADER_NONE, or a broker */
    int32_t leader_epoch;
    int32_t controller_epoch;
    uint32_t isr_count;
    const int32_t *isr;
    bool recovering; /* leader_recovery_state 1: the last election was unclean */
    /* Ours. */
    int32_t min_isr;             /* what leader and controller go by; 0: none (Kafka wrote it) */
    bool is_new;                 /* replicas may make this log empty; no leader appends before it
                                    was taken away */
    uint64_t leader_incarnation; /* a leader epoch belongs to one incarnation; 0: none */
    struct view unknown;
};
int znode_state_parse(struct view data, struct arena *arena, struct znode_state *ret);
struct view znode_state_print(const struct znode_state *s, struct arena *arena);

/* ---- /config/<type>/<entity>: no data, or without entries, is no override ---- */
struct znode_config_entry {
    struct view key, value; /* value null: it is no JSON string */
};
struct znode_config {
    uint32_t count;
    struct znode_config_entry *entries; /* in the order of the node */
    struct view unknown;
};
int znode_config_parse(struct view data, struct arena *arena, struct znode_config *ret);
struct view znode_config_print(const struct znode_config *c, struct arena *arena);

/* ---- /config/changes/config_change_N (v1, v2; written as v2): the entity's path below /config,
 * "topics/foo" or "brokers/<default>" ---- */
int znode_config_change_parse(struct view data, struct arena *arena, struct view *ret_entity);
struct view znode_config_change_print(struct view entity, struct arena *arena);

/* ---- /admin/preferred_replica_election (v1): partitions that shall be led by the first of their
 * replicas. Written by tools (Kafka's until 2.8), deleted by the controller. ---- */
struct znode_election_entry {
    struct view topic;
    int32_t partition;
};
struct znode_election {
    struct znode_election_entry *entries;
    uint32_t count;
};
int znode_election_parse(struct view data, struct arena *arena, struct znode_election *ret);

/* ---- /latest_producer_id_block ---- */
struct znode_producer_id_block {
    int32_t broker;
    int64_t start, end; /* the last id is in the block */
};
int znode_producer_id_block_parse(struct view data, struct arena *arena,
                                  struct znode_producer_id_block *ret);
struct view znode_producer_id_block_print(const struct znode_producer_id_block *b,
                                          struct arena *arena);

/* ---- /corduroy/brokers/N: ours, persistent. {"version":1,"incarnation":"<16 hex digits>",
 * "storage_id":"<uuid>","directory_ids":["<uuid>"],"state":"starting|in|out",
 * "failed_directories":["<uuid>"],"protocol":{"min":0,"max":0}} ---- */
enum znode_broker_state {
    ZNODE_BROKER_STARTING, /* registered; counts nowhere until its inventory was taken */
    ZNODE_BROKER_IN,
    ZNODE_BROKER_OUT, /* declared dead; it registers anew when it finds out */
};
struct znode_broker_node {
    uint64_t incarnation;   /* never 0 */
    struct uuid storage_id; /* of the disks: in every meta.properties */
    uint32_t directory_count;
    const struct uuid *directory_ids;
    enum znode_broker_state state;
    uint32_t failed_count;
    const struct uuid *failed_directories;
    int16_t protocol_min, protocol_max; /* versions of the cluster protocol */
    struct view unknown;
};
int znode_broker_node_parse(struct view data, struct arena *arena, struct znode_broker_node *ret);
struct view znode_broker_node_print(const struct znode_broker_node *b, struct arena *arena);

#endif
