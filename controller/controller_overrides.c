/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <strings.h>

#include "common/memory.h"
#include "controller/internal.h"

/* The settings that a topic has of its own: /config/topics/T, written by us or by any tool, and
 * the hints under /config/changes, without which a change is not heard of (as with Kafka). What
 * cannot be used is said once, by the broker that reads it, the controller; what stands beside it
 * counts. A node that makes no sense leaves the settings as they were. Are they not known, because
 * another controller read them, then nothing follows that could not be undone: no record is
 * removed, no partition's min_isr changes, and no election is unclean. */

static bool number_of(const char *text, int32_t *ret)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 1 || value > INT32_MAX)
        return false;
    *ret = (int32_t)value;
    return true;
}

/* ---- taking them ---- */

/* The form in which brokers are told could not carry it; no setting of Kafka's has such a key. */
static bool is_sayable(const struct znode_config_entry *e)
{
    return e->key.size && !memchr(e->key.base, '\n', e->key.size) &&
           !memchr(e->key.base, '=', e->key.size) && e->value.base &&
           !(e->value.size && memchr(e->value.base, '\n', e->value.size));
}

static bool was_there(const struct ctl_topic *t, const struct znode_config_entry *e)
{
    for (uint32_t i = 0; i < t->setting_count; i++)
        if (view_equal(view_of(t->settings[i].key), e->key) &&
            view_equal(view_of(t->settings[i].value), e->value))
            return true;
    return false;
}

/* What is wrong with it, as a text for the caller to free; NULL: nothing. */
static char *check(const struct controller *c, const struct znode_config_entry *e)
{
    if (!e->value.base)
        return xasprintf("%.*s: its value is not a JSON string", (int)e->key.size, e->key.base);
    if (c->config.check_setting)
        return c->config.check_setting(e->key, e->value);
    return is_sayable(e) ? NULL : xstrdup("a setting cannot hold such characters");
}

static void take_setting(struct ctl_topic *t, const struct ctl_setting *s)
{
    if (strcmp(s->key, "min.insync.replicas") == 0)
        (void)number_of(s->value, &t->min_insync);
    else if (strcmp(s->key, "unclean.leader.election.enable") == 0)
        t->is_unclean = strcasecmp(s->value, "true") == 0;
}

static void free_settings(struct ctl_setting *settings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free(settings[i].key);
        free(settings[i].value);
    }
    free(settings);
}

void ctl_overrides_free(struct ctl_topic *t)
{
    free_settings(t->settings, t->setting_count);
    t->settings = NULL;
    t->setting_count = 0;
}

/* Bad ones are kept, too, so that they are known when they are read again. */
static void take_all(struct controller *c, struct ctl_topic *t, const struct znode_config *config)
{
    struct ctl_setting *taken = xcalloc(config->count + 1, sizeof *taken);
    uint32_t count = 0;
    for (uint32_t i = 0; i < config->count; i++) {
        const struct znode_config_entry *e = &config->entries[i];
        char *wrong = check(c, e);
        if (wrong && !was_there(t, e))
            ctl_note_limited(c, &c->bad_settings, SAY_WARN, "%s/%s: %s. The setting has no effect",
                             ZNODE_TOPIC_CONFIGS, t->name, wrong);
        if (is_sayable(e)) {
            struct ctl_setting *s = &taken[count++];
            s->key = xstrndup(e->key.base, e->key.size);
            s->value = e->value.size ? xstrndup(e->value.base, e->value.size) : xstrdup("");
            if (!wrong)
                take_setting(t, s);
        }
        free(wrong);
    }
    free_settings(t->settings, t->setting_count);
    t->settings = taken;
    t->setting_count = count;
}

void ctl_overrides_set(struct controller *c, struct ctl_topic *t, const struct znode_config *config)
{
    int32_t min_insync = t->min_insync;
    bool is_unclean = t->is_unclean, were_unknown = t->settings_unknown;
    t->min_insync = 0;
    t->is_unclean = c->config.unclean_election;
    t->settings_unreadable = t->settings_unknown = false;
    take_all(c, t, config);
    if (t->said)
        ctl_say_topic(c, t);
    if (min_insync == t->min_insync && is_unclean == t->is_unclean && !were_unknown)
        return;
    for (uint32_t i = 0; i < t->partition_count; i++)
        ctl_partition_dirty(c, t->partitions[i]);
}

/* ---- a node that makes no sense ---- */

static void keep_everything(struct controller *c, struct ctl_topic *t)
{
    static struct znode_config_entry nothing_removed[] = {
        {VIEW_LITERAL("retention.ms"), VIEW_LITERAL("-1")},
        {VIEW_LITERAL("retention.bytes"), VIEW_LITERAL("-1")},
    };
    const struct znode_config config = {COUNT_OF(nothing_removed), nothing_removed, VIEW_NULL};
    ctl_overrides_set(c, t, &config);
    t->settings_unknown = true;
    t->is_unclean = false; /* it may have been forbidden for this topic */
}

static void unreadable(struct controller *c, struct ctl_topic *t, const char *why, bool first)
{
    if (first)
        keep_everything(c, t);
    t->settings_unreadable = true;
    ctl_note(c, SAY_ERROR, "%s/%s %s: %s until that is repaired", ZNODE_TOPIC_CONFIGS, t->name, why,
             t->settings_unknown
                 ? "the topic's settings are not known: no record of it is removed, "
                   "its min.insync.replicas stays as it was, no election of it is unclean,"
                 : "the topic's settings are as they were");
}

/* ---- reading ---- */

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

static bool unchanged(struct ctl_topic *t, const struct zk_result *result)
{
    bool there = result->error == ZK_OK;
    int32_t version = there ? result->version : -1;
    int64_t czxid = there ? result->czxid : 0;
    bool same = there && t->settings_version == version && t->settings_czxid == czxid;
    t->settings_version = version;
    t->settings_czxid = czxid;
    return same;
}

static void take_result(struct controller *c, struct ctl_topic *t, const struct zk_result *result,
                        bool first)
{
    struct znode_config config = {0};
    int error = ZNODE_OK;
    if (unchanged(t, result))
        return;
    if (result->error == ZK_OK)
        error = znode_config_parse(result->data, ctl_scratch(c), &config);
    if (error != ZNODE_OK)
        unreadable(c, t, znode_error_text((enum znode_error)error), first);
    else if (result->error == ZK_OK || result->error == ZK_ERR_NONODE)
        ctl_overrides_set(c, t, &config);
    else if (first || !t->settings_unreadable)
        unreadable(c, t, "could not be read", first);
}

static void overrides_read(struct controller *c, struct ctl_request *r,
                           const struct zk_result *results, uint32_t count)
{
    (void)count;
    struct ctl_topic *t = ctl_topic_still(c, view_of((const char *)r->context), r->serial);
    if (!t)
        return;
    bool first = r->id != 0;
    take_result(c, t, &results[0], first);
    if (first && --t->reads == 0)
        ctl_topic_read_done(c, t);
}

void ctl_overrides_read(struct controller *c, struct view name, bool first)
{
    struct ctl_topic *t = ctl_topic_find(c, name);
    if (!t)
        return;
    struct ctl_request *r =
        ctl_read(c, ZK_GET, znode_path_topic_config(ctl_scratch(c), name), false, overrides_read);
    r->serial = t->serial;
    r->context = xstrdup(t->name);
    r->drop = drop_context;
    r->id = first;
}

/* ---- /config/changes: hints that an override was changed ---- */

static void hint_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count)
{
    static const char topics[] = "topics/";
    const uint32_t size = sizeof topics - 1;
    (void)count;
    struct view entity, path = r->single.path;
    if (results[0].error != ZK_OK)
        return; /* it is gone already, or cannot be read: there will be others */
    int error = znode_config_change_parse(results[0].data, ctl_scratch(c), &entity);
    if (error != ZNODE_OK)
        ctl_note_limited(c, &c->bad_settings, SAY_WARN,
                         "%.*s %s: whose settings changed is not known", (int)path.size, path.base,
                         znode_error_text((enum znode_error)error));
    else if (entity.size > size && memcmp(entity.base, topics, size) == 0)
        ctl_overrides_read(c, (struct view){entity.base + size, entity.size - size}, false);
    else
        ctl_note_limited(c, &c->bad_settings, SAY_WARN,
                         "%.*s: /config/%.*s has no effect, only settings of topics are taken from "
                         "ZooKeeper",
                         (int)path.size, path.base, (int)entity.size, entity.base);
}

/* At first what stands here is only remembered: every configuration is read after it. */
void ctl_hints_heard(struct controller *c, const struct view *names, uint32_t count)
{
    bool first = !c->hints_read;
    c->hints_read = true;
    for (uint32_t i = 0; i < count; i++) {
        if (map_get(&c->hints, names[i]))
            continue;
        struct ctl_hint *h = xcalloc(1, sizeof *h);
        h->seen_ms = c->now_ms;
        (void)map_put(&c->hints, names[i], h);
        if (first)
            continue;
        char *path = arena_printf(ctl_scratch(c), "%s/%.*s", ZNODE_CONFIG_CHANGES,
                                  (int)names[i].size, names[i].base);
        (void)ctl_read(c, ZK_GET, view_of(path), false, hint_read);
    }
}

/* Hints older than Kafka keeps them are deleted; the map is in the order of their ages. */
void ctl_hints_tick(struct controller *c)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->hints, &at, &e);) {
        struct ctl_hint *h = e.value;
        if (c->now_ms - h->seen_ms < CTL_CHANGE_KEPT_MS)
            break;
        ctl_node_delete(c, VIEW_LITERAL(ZNODE_CONFIG_CHANGES), e.key);
        free(h);
        (void)map_remove(&c->hints, e.key);
    }
}
