/* SPDX-License-Identifier: Apache-2.0 */
/* The data directories of this broker as one: whether what was read fits together, which of them
 * can be used, and what their meta.properties say. One that cannot be used is left out as long as
 * another can: its partitions are offline here, and no empty log is made for what may lie in it. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/memory.h"
#include "common/mutation.h"

bool control_dir_is_usable(const struct control *c, unsigned i)
{
    return c->loads[i].error == 0 && !log_dir_is_failed(broker_dirs(c->shard->broker)[i]);
}

/* ---- what was read ---- */
static const char *why_not(const struct log_dir_load *load)
{
    return load->message != NULL ? load->message : strerror(-load->error);
}

static bool fits(struct control *c, const struct log_dir_load *load, unsigned i)
{
    const char *path = c->config->dirs[i];
    if (load->broker_id >= 0 && load->broker_id != c->config->broker_id) {
        control_halt(c,
                     "data directory %s belongs to broker %d, and broker.id is %d: set "
                     "broker.id=%d or give another directory",
                     path, load->broker_id, c->config->broker_id, load->broker_id);
        return false;
    }
    if (load->cluster_id != NULL && c->cluster_id != NULL &&
        strcmp(load->cluster_id, c->cluster_id) != 0) {
        control_halt(
            c,
            "data directory %s belongs to cluster %s, another one of log.dirs to cluster %s: "
            "give this broker the directories of one cluster",
            path, load->cluster_id, c->cluster_id);
        return false;
    }
    return true;
}

static void note_directory(struct control *c, const struct log_dir_load *load)
{
    if (load->cluster_id != NULL && c->cluster_id == NULL)
        c->cluster_id = xstrdup(load->cluster_id);
    c->has_data |= load->has_data;
    c->any_unclean |= !load->clean;
    for (uint32_t k = 0; k < load->found_count; k++) {
        if (load->found[k].suspect) {
            say(&c->reactor->env, SAY_ERROR, "log", "partition %s-%d is suspect: %s",
                load->found[k].topic, load->found[k].id.number,
                load->found[k].why != NULL ? load->found[k].why : "its log is damaged");
        }
    }
}

/* A partition's directory that was copied by hand, to another data directory or under another
 * topic's name: nothing tells which copy is whole. */
static bool found_once(struct control *c)
{
    struct map places = MAP_INIT;
    bool once = true;
    for (unsigned i = 0; once && i < c->config->dir_count; i++) {
        const struct log_dir_load *load = &c->loads[i];
        for (uint32_t k = 0; once && load->error == 0 && k < load->found_count; k++) {
            struct log_found *found = &load->found[k];
            char *here = xasprintf("%s/%s-%d", c->config->dirs[i], found->topic, found->id.number);
            char *there = map_put(&places, MAP_KEY(found->id), here);
            once = there == NULL;
            if (!once) {
                control_halt(c,
                             "%s and %s are copies of one partition: keep the one that is current, "
                             "move the other one away",
                             there, here);
            }
            free(there);
        }
    }
    struct map_entry e;
    for (uint32_t at = 0; map_next(&places, &at, &e);)
        free(e.value);
    map_deinit(&places);
    return once;
}

/* True when there is one to go on with; otherwise the broker ends. */
static bool leave_out_broken(struct control *c)
{
    const struct log_dir_load *broken = NULL;
    unsigned usable = 0;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        const struct log_dir_load *load = &c->loads[i];
        usable += load->error == 0;
        if (load->error != 0 && (broken == NULL || load->refused))
            broken = load;
    }
    if (broken != NULL && (usable == 0 || broken->refused)) {
        control_halt(c, "%s", why_not(broken));
        return false;
    }
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        if (c->loads[i].error != 0) {
            log_dir_give_up(broker_dirs(c->shard->broker)[i], c->reactor);
            say(&c->reactor->env, SAY_ERROR, "log",
                "%s; going on without it: the partitions that lie there are offline on this broker "
                "until it is started with that directory whole",
                why_not(&c->loads[i]));
        }
    }
    return true;
}

bool control_dirs_loaded(struct control *c)
{
    uint32_t logs = 0;
    unsigned usable = 0;
    if (!leave_out_broken(c))
        return false;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        const struct log_dir_load *load = &c->loads[i];
        if (load->error != 0)
            continue;
        if (!fits(c, load, i))
            return false;
        if (usable++ == 0)
            c->storage_id = load->storage_id;
        note_directory(c, load);
        if (load->controller_epoch > c->controller_epoch)
            c->controller_epoch = load->controller_epoch;
        logs += load->found_count;
    }
    if (!found_once(c))
        return false;
    if (logs == 0) {
        say(&c->reactor->env, SAY_INFO, "log", "no partitions in %u directories", usable);
    } else {
        say(&c->reactor->env, SAY_INFO, "log",
            "%u partitions in %u directories, the last stop was %s", logs, usable,
            c->any_unclean ? "not clean: recovered" : "clean");
    }
    return true;
}

/* ---- what they say ---- */
static bool marker_names(const struct log_dir_load *load, uint64_t incarnation)
{
    return load->incarnation_last == incarnation || load->incarnation_next == incarnation;
}

void control_dirs_take_notes(struct control *c, uint64_t previous)
{
    for (unsigned j = 0; j < c->config->dir_count; j++) {
        const struct log_dir_load *load = &c->loads[j];
        if (load->error != 0 || !marker_names(load, previous))
            continue;
        for (uint32_t k = 0; k < load->offline_count; k++) {
            for (unsigned i = 0; i < c->config->dir_count; i++)
                if (strcmp(c->config->dirs[i], load->offline[k].path) == 0)
                    c->dirs[i].offline_since = load->offline[k].since;
        }
    }
}

bool control_dir_is_known(const struct control *c, unsigned i, uint64_t previous)
{
    const struct log_dir_load *load = &c->loads[i];
    uint64_t since = c->dirs[i].offline_since;
    return previous == 0 || mutated(c->shard->mutation, MUTATION_TRUST_ANY_DISK) ||
           marker_names(load, previous) || (since != 0 && marker_names(load, since));
}

static void list_offline(struct control *c)
{
    c->offline_count = 0;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        if (control_dir_is_usable(c, i))
            continue;
        if (c->dirs[i].offline_since == 0)
            c->dirs[i].offline_since = c->dirs[i].known_as;
        c->offline[c->offline_count++] =
            (struct log_dir_offline){c->config->dirs[i], c->dirs[i].offline_since};
    }
}

void control_dirs_note_offline(struct control *c, uint64_t previous)
{
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        uint64_t since = c->dirs[i].offline_since;
        c->dirs[i].known_as = since == 0 || marker_names(&c->loads[i], previous) ? previous : since;
        if (control_dir_is_usable(c, i))
            c->dirs[i].offline_since = 0;
    }
    list_offline(c);
}

void control_dir_mark(struct control *c, unsigned i, struct log_dir_mark *mark, uint64_t last,
                      uint64_t next)
{
    c->loads[i].incarnation_last = last;
    c->loads[i].incarnation_next = next;
    mark->context = c;
    mark->cluster_id = c->cluster_id;
    mark->broker_id = c->config->broker_id;
    mark->storage_id = c->storage_id;
    mark->incarnation_last = last;
    mark->incarnation_next = next;
    mark->controller_epoch = c->controller_epoch;
    mark->offline = c->offline;
    mark->offline_count = c->offline_count;
    log_dir_mark(broker_dirs(c->shard->broker)[i], c->reactor, mark);
}

bool control_dir_takes_marks(const struct control *c, unsigned i)
{
    return c->loads[i].error == 0 && !c->dirs[i].unmarked;
}

unsigned control_dirs_mark_in(struct control *c, uint64_t incarnation, struct log_dir_mark *marks,
                              void (*done)(struct log_dir_mark *))
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        if (control_dir_takes_marks(c, i)) {
            count++;
            c->dirs[i].matches = true;
            marks[i] = (struct log_dir_mark){.done = done};
            control_dir_mark(c, i, &marks[i], incarnation, incarnation);
        }
    }
    return count;
}

static void write_notes(struct control *c);

static void noted(struct log_dir_mark *mark)
{
    struct control *c = mark->context;
    if (mark->error != 0)
        control_dir_say_unwritten(c, (unsigned)(mark - c->notes), mark->error);
    if (--c->notes_left == 0 && c->note_again && c->phase < CONTROL_CLOSING)
        write_notes(c);
}

static void write_notes(struct control *c)
{
    c->note_again = false;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        const struct log_dir_load *load = &c->loads[i];
        if (control_dir_is_usable(c, i)) {
            c->notes[i] = (struct log_dir_mark){.done = noted};
            c->notes_left++;
            control_dir_mark(c, i, &c->notes[i], load->incarnation_last, load->incarnation_next);
        }
    }
}

static void write_notes_soon(struct control *c)
{
    c->note_again = true;
    if (c->notes_left == 0 && c->phase < CONTROL_CLOSING)
        write_notes(c);
}

void control_dirs_note_lost(struct control *c, unsigned i)
{
    c->dirs[i].unmarked = true;
    list_offline(c);
    write_notes_soon(c);
}

void control_dirs_note_epoch(struct control *c, int32_t controller_epoch)
{
    if (controller_epoch <= c->controller_epoch)
        return;
    c->controller_epoch = controller_epoch;
    write_notes_soon(c);
}

void control_dir_say_unwritten(const struct control *c, unsigned i, int error)
{
    say(&c->reactor->env, SAY_ERROR, "control",
        "data directory %s: its meta.properties cannot be written: %s", c->config->dirs[i],
        strerror(-error));
}

bool control_dir_lost(struct control *c, unsigned i, int error)
{
    unsigned usable = 0;
    for (unsigned k = 0; k < c->config->dir_count; k++)
        usable += control_dir_is_usable(c, k);
    if (usable == 0) {
        control_halt(c,
                     "data directory %s: its meta.properties cannot be written: %s; no data "
                     "directory is left: repair the disk and start again",
                     c->config->dirs[i], strerror(-error));
        return false;
    }
    control_dir_say_unwritten(c, i, error);
    say(&c->reactor->env, SAY_ERROR, "log", "going on without data directory %s",
        c->config->dirs[i]);
    return true;
}
