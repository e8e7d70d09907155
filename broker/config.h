/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONFIG_H
#define CORDUROY_BROKER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/log/log.h"
#include "common/arena.h"
#include "common/env.h"
#include "common/view.h"

/* One broker's configuration, read from a file of Kafka's settings before anything starts and never
 * changed afterwards. All shards read it without a lock. The key behind each member is in
 * config_keys.c. */
struct config_listener {
    char name[64]; /* PLAINTEXT, INTERNAL, ...; the protocol is always PLAINTEXT */
    char *host;    /* to bind; "" for every address */
    int32_t port;
    char *advertised_host;
    int32_t advertised_port;
};
#define CONFIG_LISTENERS_MAX 8
#define CONFIG_DIRS_MAX 16

struct broker_config {
    int32_t broker_id;
    bool broker_id_wrong; /* it was set, to nonsense */
    char *rack;           /* NULL: none */
    struct config_listener listeners[CONFIG_LISTENERS_MAX];
    unsigned listener_count, inter_broker_listener;
    char *cluster_host; /* to bind for the connections of other brokers */
    int32_t cluster_port;
    char *cluster_secret_file; /* NULL: peers are not authenticated */
    int64_t shards;            /* 0: by the number of processors */

    char *zookeeper_connect; /* host:port,host:port/chroot */
    int64_t zookeeper_session_timeout_ms;
    char *zookeeper_digest; /* user:password, NULL: none */

    char *dirs[CONFIG_DIRS_MAX];
    unsigned dir_count;

    int64_t num_partitions, default_replication_factor, min_insync_replicas;
    /* Whether the file sets it. A default is lowered to the number of brokers, a setting is not. */
    bool default_replication_factor_set, offsets_replication_factor_set, min_insync_replicas_set;
    bool auto_create_topics, delete_topics, unclean_election, controlled_shutdown,
        auto_leader_rebalance;
    int64_t leader_imbalance_percent, leader_imbalance_check_s;

    int64_t segment_bytes, roll_ms, roll_hours, retention_ms, retention_minutes, retention_hours,
        retention_bytes;
    int64_t retention_check_ms, index_size_max, index_interval, segment_delete_delay_ms,
        message_max_bytes;
    char *cleanup_policy, *timestamp_type, *compression_type;
    int64_t timestamp_before_max_ms, timestamp_after_max_ms;
    int64_t timestamp_difference_max_ms; /* for those of the two above that are not set */

    int64_t request_max_bytes, connections_max, connections_max_idle_ms, fetch_max_bytes;
    int64_t lag_time_max_ms, session_min_ms, session_max_ms, rebalance_delay_ms, group_max_size;
    int64_t offsets_partitions, offsets_replication_factor, offsets_segment_bytes,
        offsets_retention_minutes;
    int64_t offsets_retention_check_ms, offset_metadata_max, offsets_commit_timeout_ms;
    int64_t producer_expiration_ms, journal_bytes, space_reserve_bytes;
    char *log_level;
    /* As written in the file; what they say is in the members above. */
    char *dirs_text, *dir_text, *listeners_text, *advertised_text, *protocol_map_text,
        *inter_broker_text;
    char *cluster_listener_text;
};

/* What is wrong or doubtful in a file; each entry is one line for the operator. */
struct config_report {
    char **errors, **warnings;
    size_t error_count, warning_count, error_capacity, warning_capacity;
};

/* Reads the text of a file; `name` is for messages. The result is complete only when the report has
 * no errors. An unknown key is a warning that names the nearest known one; the error for a bad
 * value names the key, the value and what is allowed. The caller frees the result and the report.
 */
struct broker_config *config_parse(struct view text, const char *name,
                                   struct config_report *ret_report);
void config_free(struct broker_config *config);
void config_report_deinit(struct config_report *report);

/* The settings of one topic. */
struct topic_config {
    struct log_config log;
    int64_t max_message_bytes, min_insync_replicas;
    /* How far a record's CreateTime may be from the broker's clock (KIP-937); INT64_MAX: any. */
    int64_t timestamp_before_max_ms, timestamp_after_max_ms, timestamp_difference_max_ms;
    bool compacted, append_time, unclean_election;
};
/* The broker's settings, overridden by `key=value` lines (cluster_topic_item.config). An override
 * that is not valid is ignored: tools write them into ZooKeeper unchecked, and the controller says
 * which are wrong. */
void config_topic(const struct broker_config *config, struct view overrides,
                  struct topic_config *ret);
struct topic_setting {
    struct view key, value;
    bool overridden;
};
/* The settings of a topic as CreateTopics reports them (KIP-525): every key that has an effect, and
 * every key that is overridden, in a fixed order. Of several overrides of one key the last counts,
 * and one with an invalid value does not. Keys, values and the array live as long as both the
 * overrides and the arena. */
uint32_t config_topic_list(const struct broker_config *config,
                           const struct topic_setting *overrides, uint32_t override_count,
                           struct arena *arena, struct topic_setting **ret);
/* NULL: this is one of Kafka's topic settings, and the value is valid. Otherwise what is wrong, as
 * a text that the caller frees. */
char *config_topic_check(struct view key, struct view value);

#endif
