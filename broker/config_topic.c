/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>

#include "broker/config.h"
#include "broker/config_keys.h"
#include "common/memory.h"

/* Kafka's topic keys (3.9), each with the bounds of its broker key. `place` is in struct
 * topic_config; keys without one are kept and reported and have no effect here. */
#define AT(member) offsetof(struct topic_config, member)
static const struct config_key topic_keys[] = {
    CONFIG_KEY_CHOICE("cleanup.policy", NULL, "delete|compact|delete,compact|compact,delete",
                      CONFIG_NO_PLACE),
    CONFIG_KEY_CHOICE("compression.type", NULL, "producer|uncompressed|gzip|snappy|lz4|zstd",
                      CONFIG_NO_PLACE),
    CONFIG_KEY_CHOICE("message.timestamp.type", NULL, "CreateTime|LogAppendTime", CONFIG_NO_PLACE),
    CONFIG_KEY_INT("min.insync.replicas", NULL, 1, 16, AT(min_insync_replicas)),
    CONFIG_KEY_INT("max.message.bytes", NULL, 0, 8 * 1024 * 1024, AT(max_message_bytes)),
    CONFIG_KEY_BOOL("unclean.leader.election.enable", NULL, CONFIG_NO_PLACE),
    CONFIG_KEY_INT("segment.bytes", NULL, 14, INT32_MAX, CONFIG_NO_PLACE),
    CONFIG_KEY_INT("segment.ms", NULL, 1, INT64_MAX, AT(log.segment_ms)),
    CONFIG_KEY_INT("segment.index.bytes", NULL, 4, INT32_MAX, CONFIG_NO_PLACE),
    CONFIG_KEY_INT("index.interval.bytes", NULL, 0, INT32_MAX, CONFIG_NO_PLACE),
    CONFIG_KEY_INT("retention.ms", NULL, -1, INT64_MAX, AT(log.retention_ms)),
    CONFIG_KEY_INT("retention.bytes", NULL, -1, INT64_MAX, AT(log.retention_bytes)),
    CONFIG_KEY_INT("file.delete.delay.ms", NULL, 0, INT64_MAX, AT(log.file_delete_delay_ms)),
    CONFIG_KEY_UNUSED_INT("segment.jitter.ms", 0, INT64_MAX),
    CONFIG_KEY_UNUSED_INT("flush.messages", 1, INT64_MAX),
    CONFIG_KEY_UNUSED_INT("flush.ms", 0, INT64_MAX),
    CONFIG_KEY_UNUSED_INT("delete.retention.ms", 0, INT64_MAX),
    CONFIG_KEY_UNUSED_INT("min.compaction.lag.ms", 0, INT64_MAX),
    CONFIG_KEY_UNUSED_INT("max.compaction.lag.ms", 1, INT64_MAX),
    CONFIG_KEY_UNUSED("remote.storage.enable", CONFIG_TEXT, "false"),
    CONFIG_KEY_UNUSED("remote.log.copy.disable", CONFIG_BOOL, NULL),
    CONFIG_KEY_UNUSED("remote.log.delete.on.disable", CONFIG_BOOL, NULL),
    CONFIG_KEY_UNUSED_INT("local.retention.ms", -2, INT64_MAX),
    CONFIG_KEY_UNUSED_INT("local.retention.bytes", -2, INT64_MAX),
    CONFIG_KEY_UNUSED("min.cleanable.dirty.ratio", CONFIG_RATIO, NULL),
    CONFIG_KEY_UNUSED("preallocate", CONFIG_BOOL, NULL),
    CONFIG_KEY_INT("message.timestamp.before.max.ms", NULL, 0, INT64_MAX,
                   AT(timestamp_before_max_ms)),
    CONFIG_KEY_INT("message.timestamp.after.max.ms", NULL, 0, INT64_MAX,
                   AT(timestamp_after_max_ms)),
    CONFIG_KEY_INT("message.timestamp.difference.max.ms", NULL, 0, INT64_MAX,
                   AT(timestamp_difference_max_ms)),
    CONFIG_KEY_UNUSED("message.format.version", CONFIG_TEXT, NULL),
    CONFIG_KEY_UNUSED("message.downconversion.enable", CONFIG_BOOL, NULL),
    CONFIG_KEY_UNUSED_INT("compression.gzip.level", -1, 9),
    CONFIG_KEY_UNUSED_INT("compression.lz4.level", 1, 17),
    CONFIG_KEY_UNUSED_INT("compression.zstd.level", -131072, 22),
    CONFIG_KEY_UNUSED("leader.replication.throttled.replicas", CONFIG_TEXT, NULL),
    CONFIG_KEY_UNUSED("follower.replication.throttled.replicas", CONFIG_TEXT, NULL),
};

static const struct config_key *topic_key(const char *name)
{
    for (size_t i = 0; i < sizeof topic_keys / sizeof topic_keys[0]; i++)
        if (strcmp(topic_keys[i].name, name) == 0)
            return &topic_keys[i];
    return NULL;
}

static char *unknown_key(const char *name)
{
    const char *close =
        config_key_nearest(topic_keys, sizeof topic_keys / sizeof topic_keys[0], name);
    if (close != NULL)
        return xasprintf("Unknown topic config name: %.200s (did you mean %s?)", name, close);
    return xasprintf("Unknown topic config name: %.200s", name);
}

char *config_topic_check(struct view key, struct view value)
{
    char *name = xstrndup(key.base, key.size);
    char *text = xstrndup(value.base, value.size);
    const struct config_key *k = topic_key(name);
    int64_t number;
    char *wrong = NULL;
    if (k == NULL)
        wrong = unknown_key(name);
    else if (strlen(text) != value.size || strpbrk(text, "\r\n") != NULL)
        wrong = xasprintf("%s: the value holds characters that are not allowed", name);
    else
        wrong = config_value_check(k, text, &number);
    free(name);
    free(text);
    return wrong;
}

static void take(struct topic_config *c, const char *name, const char *value)
{
    const struct config_key *k = topic_key(name);
    int64_t number = 0;
    char *wrong = k != NULL ? config_value_check(k, value, &number) : NULL;
    if (k == NULL || wrong != NULL) {
        free(wrong); /* an outside tool wrote it into ZooKeeper; the controller says so */
        return;
    }
    if (k->place != CONFIG_NO_PLACE) {
        memcpy((char *)c + k->place, &number, sizeof number);
    } else if (strcmp(name, "cleanup.policy") == 0) {
        c->compacted = strstr(value, "compact") != NULL;
        c->log.retention_enabled = strstr(value, "delete") != NULL;
    } else if (strcmp(name, "message.timestamp.type") == 0) {
        c->append_time = strcmp(value, "LogAppendTime") == 0;
    } else if (strcmp(name, "unclean.leader.election.enable") == 0) {
        c->unclean_election = number != 0;
    } else if (strcmp(name, "segment.bytes") == 0) {
        c->log.segment_bytes = (uint32_t)number;
    } else if (strcmp(name, "segment.index.bytes") == 0) {
        c->log.segment_index_bytes = (uint32_t)number;
    } else if (strcmp(name, "index.interval.bytes") == 0) {
        c->log.index_interval_bytes = (uint32_t)number;
    }
}

void config_topic(const struct broker_config *b, struct view overrides, struct topic_config *ret)
{
    *ret = (struct topic_config){
        .log = {.segment_bytes = (uint32_t)b->segment_bytes,
                .segment_ms = b->roll_ms,
                .index_interval_bytes = (uint32_t)b->index_interval,
                .segment_index_bytes = (uint32_t)b->index_size_max,
                .retention_ms = b->retention_ms,
                .retention_bytes = b->retention_bytes,
                .file_delete_delay_ms = b->segment_delete_delay_ms,
                .retention_enabled = strstr(b->cleanup_policy, "delete") != NULL},
        .timestamp_before_max_ms = b->timestamp_before_max_ms,
        .timestamp_after_max_ms = b->timestamp_after_max_ms,
        .timestamp_difference_max_ms = b->timestamp_difference_max_ms,
        .max_message_bytes = b->message_max_bytes,
        .min_insync_replicas = b->min_insync_replicas,
        .compacted = strstr(b->cleanup_policy, "compact") != NULL,
        .append_time = strcmp(b->timestamp_type, "LogAppendTime") == 0,
        .unclean_election = b->unclean_election,
    };
    char *text = xstrndup(overrides.base, overrides.size);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *mark = strchr(line, '=');
        if (mark != NULL) {
            *mark = '\0';
            take(ret, line, mark + 1);
        }
    }
    free(text);
    if (ret->timestamp_before_max_ms == INT64_MAX)
        ret->timestamp_before_max_ms = ret->timestamp_difference_max_ms;
    if (ret->timestamp_after_max_ms == INT64_MAX)
        ret->timestamp_after_max_ms = ret->timestamp_difference_max_ms;
}

/* ---- telling ---- */

/* The value that an override gives, if it is a valid one. */
static struct view override_of(const struct config_key *k, const struct topic_setting *overrides,
                               uint32_t count, struct arena *arena)
{
    int64_t number;
    for (uint32_t i = count; i-- > 0;) {
        if (view_equal(overrides[i].key, view_of(k->name))) {
            char *wrong = config_value_check(k, arena_string(arena, overrides[i].value), &number);
            bool good = wrong == NULL;
            free(wrong);
            return good ? overrides[i].value : VIEW_NULL;
        }
    }
    return VIEW_NULL;
}

static struct view effective(const struct broker_config *b, const struct topic_config *c,
                             const struct config_key *k, struct arena *arena)
{
    int64_t number = 0;
    if (strcmp(k->name, "cleanup.policy") == 0)
        return view_of(b->cleanup_policy);
    else if (strcmp(k->name, "compression.type") == 0)
        return view_of(b->compression_type);
    else if (strcmp(k->name, "message.timestamp.type") == 0)
        return view_of(b->timestamp_type);
    else if (strcmp(k->name, "unclean.leader.election.enable") == 0)
        return view_of(c->unclean_election ? "true" : "false");
    else if (k->place != CONFIG_NO_PLACE)
        memcpy(&number, (const char *)c + k->place, sizeof number);
    else if (strcmp(k->name, "segment.bytes") == 0)
        number = c->log.segment_bytes;
    else if (strcmp(k->name, "segment.index.bytes") == 0)
        number = c->log.segment_index_bytes;
    else if (strcmp(k->name, "index.interval.bytes") == 0)
        number = c->log.index_interval_bytes;
    return view_of(arena_printf(arena, "%lld", (long long)number));
}

uint32_t config_topic_list(const struct broker_config *config,
                           const struct topic_setting *overrides, uint32_t override_count,
                           struct arena *arena, struct topic_setting **ret)
{
    const size_t keys = sizeof topic_keys / sizeof topic_keys[0];
    struct topic_setting *found = arena_array(arena, keys, sizeof *found);
    struct topic_config c;
    uint32_t count = 0;
    config_topic(config, VIEW_NULL, &c);
    for (size_t i = 0; i < keys; i++) {
        const struct config_key *k = &topic_keys[i];
        struct view own = override_of(k, overrides, override_count, arena);
        if (own.base != NULL || k->use == CONFIG_USED) {
            found[count++] = (struct topic_setting){
                view_of(k->name), own.base != NULL ? own : effective(config, &c, k, arena),
                own.base != NULL};
        }
    }
    *ret = found;
    return count;
}
