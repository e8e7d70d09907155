/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* The race for /controller, as Kafka runs it: read /controller (which arms the watch); nobody
 * there: read /controller_epoch and try one multi {create /controller, set /controller_epoch to
 * the next number at the version read}. Its version names the reign: every write of a controller
 * checks it.
 *
 * A /controller that names this very broker but another process of it is a ghost: this process
 * holds the lock of the data directories, so the other is gone, and its session needs not be waited
 * for: multi {set /controller_epoch at the version read; delete /controller; create it}. A delete
 * by itself could hit the controller that was elected a moment ago, since the data version of
 * /controller is always 0.
 *
 * When the outcome is unknown, it is read again (after a sync): a /controller with this process's
 * incarnation and the epoch that was tried is the victory. */

static void read_epoch(struct controller *c, bool usurp);

static bool may_race(const struct controller *c)
{
    return c->incarnation && !c->stopping && c->session_up;
}

/* ---- who is controller ---- */

void ctl_known_changed(struct controller *c)
{
    bool active = c->state == CONTROLLER_ACTIVE;
    if (c->known_said && c->known_active == active && (!active || c->known_epoch == c->epoch))
        return;
    c->known_said = true;
    c->known_active = active;
    c->known_epoch = active ? c->epoch : 0;
    struct controller_action *a = ctl_act(c, CONTROLLER_DO_KNOWN);
    a->u.known = (struct controller_known){
        .active = active,
        .member = c->known,
        .epoch = c->known_epoch,
        .cluster_port = c->known_port,
    };
    if (c->known_host)
        a->u.known.cluster_host = arena_copy(ctl_scratch(c), view_of(c->known_host));
}

static void forget_address(struct controller *c)
{
    free(c->known_host);
    c->known_host = NULL;
    c->known_port = 0;
    c->known_again_ms = 0;
}

static void know(struct controller *c, int32_t broker, uint64_t incarnation)
{
    if (c->known.broker == broker && c->known.incarnation == incarnation)
        return;
    c->known = (struct cluster_member){broker, incarnation};
    forget_address(c);
    c->known_said = false;
    ctl_known_changed(c);
}

static void address_read(struct controller *c, struct ctl_request *r,
                         const struct zk_result *results, uint32_t count)
{
    (void)count;
    c->known_read = false;
    if (c->known.broker != r->id || c->known_host)
        return;
    struct znode_registration reg;
    if (results[0].error == ZK_OK &&
        znode_registration_parse(results[0].data, ctl_scratch(c), &reg) == ZNODE_OK &&
        reg.cluster_host.base && reg.incarnation == c->known.incarnation) {
        c->known_host = xstrndup(reg.cluster_host.base, reg.cluster_host.size);
        c->known_port = reg.cluster_port;
        c->known_said = false;
        ctl_known_changed(c);
        return;
    }
    /* Its registration is not there (yet), or of another process. */
    c->known_again_ms = c->now_ms + CTL_RETRY_MS;
    ctl_wake(c, c->known_again_ms);
}

static void read_address(struct controller *c)
{
    if (c->known_read || c->known.broker < 0)
        return;
    c->known_read = true;
    c->known_again_ms = 0;
    struct ctl_request *r = ctl_read(
        c, ZK_GET, znode_path_broker_id(ctl_scratch(c), c->known.broker), false, address_read);
    r->id = c->known.broker;
}

void ctl_known_tick(struct controller *c)
{
    if (c->known_again_ms == 0 || c->state != CONTROLLER_STANDBY)
        return;
    if (c->now_ms < c->known_again_ms) {
        ctl_wake(c, c->known_again_ms);
    } else if (c->known.broker >= 0) {
        read_address(c);
    } else {
        c->known_again_ms = 0;
        ctl_race(c);
    }
}

/* The race cannot go on for a reason that may pass. */
static void race_later(struct controller *c, const char *why)
{
    ctl_note(c, SAY_ERROR, "no controller can be elected: %s", why);
    ctl_move(c, CONTROLLER_STANDBY);
    c->known_again_ms = c->now_ms + CTL_RETRY_MS;
    ctl_wake(c, c->known_again_ms);
}

/* ---- the race ---- */

static void won(struct controller *c, int32_t epoch, int32_t version)
{
    c->epoch = epoch;
    c->epoch_version = version;
    know(c, c->config.broker, c->incarnation);
    ctl_trace(c, "won epoch %" PRId32, epoch);
    ctl_note(c, SAY_INFO, "this broker is controller, epoch %" PRId32, epoch);
    ctl_move(c, CONTROLLER_LOADING);
    ctl_load(c);
}

static void tried(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                  uint32_t count)
{
    if (c->state != CONTROLLER_CONTENDING)
        return;
    if (!ctl_all_ok(results, count)) {
        uint32_t failed = ctl_failed_op(results, count);
        if (failed < count && results[failed].error >= ZK_ERR_NOAUTH)
            race_later(c, "ZooKeeper does not let this broker write " ZNODE_CONTROLLER);
        else
            ctl_race(c);
        return;
    }
    won(c, c->tried_epoch, results[r->id].version);
}

/* The epoch after an unknown outcome: ours when it is the one that was tried. */
static void epoch_compared(struct controller *c, struct ctl_request *r,
                           const struct zk_result *results, uint32_t count)
{
    (void)r;
    (void)count;
    if (c->state != CONTROLLER_CONTENDING)
        return;
    int32_t epoch;
    if (results[0].error == ZK_OK &&
        znode_controller_epoch_parse(results[0].data, &epoch) == ZNODE_OK &&
        epoch == c->tried_epoch) {
        ctl_trace(c, "the lost reply was a victory");
        won(c, epoch, results[0].version);
    } else {
        read_epoch(c, true);
    }
}

static void tried_unknown(struct controller *c, struct ctl_request *r)
{
    (void)r;
    c->rereading = false;
    if (c->state == CONTROLLER_CONTENDING)
        ctl_race(c);
}

static struct view my_node(struct controller *c)
{
    struct znode_controller mine = {.broker = c->config.broker,
                                    .timestamp_ms = c->wall_ms,
                                    .kraft_epoch = -1,
                                    .incarnation = c->incarnation};
    return znode_controller_print(&mine, ctl_scratch(c));
}

static void try(struct controller *c, int32_t epoch, int32_t version, bool usurp)
{
    struct view path = VIEW_LITERAL(ZNODE_CONTROLLER);
    struct zk_op create = {
        .kind = ZK_CREATE, .ephemeral = true, .version = -1, .path = path, .data = my_node(c)};
    struct zk_op set = {.kind = ZK_SET,
                        .version = version,
                        .path = VIEW_LITERAL(ZNODE_CONTROLLER_EPOCH),
                        .data = znode_controller_epoch_print(epoch, ctl_scratch(c))};
    struct ctl_request *r = ctl_bare_new(tried, tried_unknown);
    c->tried_epoch = epoch;
    ctl_trace(c, "%s epoch %" PRId32, usurp ? "usurp" : "try", epoch);
    if (usurp) {
        r->id = (int32_t)ctl_add(r, set);
        (void)ctl_add(r, (struct zk_op){.kind = ZK_DELETE, .version = -1, .path = path});
        (void)ctl_add(r, create);
    } else {
        (void)ctl_add(r, create);
        r->id = (int32_t)ctl_add(r, set);
    }
    ctl_send(c, r);
}

static void epoch_created(struct controller *c, struct ctl_request *r,
                          const struct zk_result *results, uint32_t count)
{
    (void)count;
    if (c->state != CONTROLLER_CONTENDING)
        return;
    if (results[0].error == ZK_OK || results[0].error == ZK_ERR_NODEEXISTS)
        read_epoch(c, r->id != 0);
    else
        race_later(c, "ZooKeeper does not let this broker create " ZNODE_CONTROLLER_EPOCH);
}

static void epoch_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                       uint32_t count)
{
    (void)count;
    if (c->state != CONTROLLER_CONTENDING)
        return;
    if (results[0].error == ZK_ERR_NONODE) {
        struct ctl_request *make = ctl_bare_new(epoch_created, NULL);
        make->id = r->id;
        (void)ctl_add(make, (struct zk_op){.kind = ZK_CREATE,
                                           .path = VIEW_LITERAL(ZNODE_CONTROLLER_EPOCH),
                                           .data = VIEW_LITERAL("0")});
        ctl_send(c, make);
        return;
    }
    int32_t epoch;
    if (results[0].error != ZK_OK ||
        znode_controller_epoch_parse(results[0].data, &epoch) != ZNODE_OK || epoch == INT32_MAX) {
        race_later(c, ZNODE_CONTROLLER_EPOCH " cannot be read as a number");
        return;
    }
    try(c, epoch + 1, results[0].version, r->id != 0);
}

static void read_epoch(struct controller *c, bool usurp)
{
    struct ctl_request *r =
        ctl_read(c, ZK_GET, VIEW_LITERAL(ZNODE_CONTROLLER_EPOCH), false, epoch_read);
    r->id = usurp;
}

/* /controller names this process: we have won without hearing it, or have resigned in vain. */
static void found_myself(struct controller *c)
{
    if (ctl_reigns(c))
        return;
    (void)ctl_read(c, ZK_GET, VIEW_LITERAL(ZNODE_CONTROLLER_EPOCH), false, epoch_compared);
}

static void found_other(struct controller *c, const struct znode_controller *other)
{
    if (ctl_reigns(c)) {
        ctl_deposed(c, "/controller names another process");
        return;
    }
    know(c, other->broker, other->incarnation);
    if (other->broker == c->config.broker && may_race(c)) {
        ctl_trace(c, "/controller is held by this broker's former process");
        read_epoch(c, true);
        return;
    }
    ctl_trace(c, "controller is %" PRId32, other->broker);
    ctl_move(c, CONTROLLER_STANDBY);
    if (!c->known_host)
        read_address(c);
}

static void controller_read(struct controller *c, struct ctl_request *r,
                            const struct zk_result *results, uint32_t count)
{
    (void)r;
    (void)count;
    c->rereading = false;
    if (c->state == CONTROLLER_NO_SESSION || c->state == CONTROLLER_STOPPED)
        return;
    if (c->reread_again) {
        ctl_race(c);
        return;
    }
    if (c->state == CONTROLLER_RESIGNING)
        return;
    struct znode_controller found;
    bool there = results[0].error == ZK_OK &&
                 znode_controller_parse(results[0].data, ctl_scratch(c), &found) == ZNODE_OK;
    if (results[0].error == ZK_ERR_NONODE) {
        if (ctl_reigns(c)) {
            ctl_deposed(c, "/controller is gone");
            return;
        }
        know(c, -1, 0);
        if (may_race(c)) {
            ctl_move(c, CONTROLLER_CONTENDING);
            read_epoch(c, false);
        }
    } else if (!there) {
        ctl_note(c, SAY_ERROR, "%s cannot be understood; waiting for it to change",
                 ZNODE_CONTROLLER);
        if (ctl_reigns(c))
            ctl_deposed(c, "/controller cannot be understood");
        else
            ctl_move(c, CONTROLLER_STANDBY);
    } else if (found.broker == c->config.broker && found.incarnation == c->incarnation) {
        found_myself(c);
    } else {
        found_other(c, &found);
    }
}

static void armed(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                  uint32_t count)
{
    (void)c;
    (void)r;
    (void)results;
    (void)count;
}

/* Reads /controller, with a watch. */
void ctl_race(struct controller *c)
{
    if (c->stopping)
        return;
    if (c->rereading) {
        c->reread_again = true; /* the watch may have fired before the read was answered */
        return;
    }
    c->rereading = true;
    c->reread_again = false;
    if (c->state == CONTROLLER_STANDBY && c->incarnation)
        ctl_move(c, CONTROLLER_CONTENDING);
    /* Existence is watched too: a node that is not there arms no data watch. */
    (void)ctl_read(c, ZK_EXISTS, VIEW_LITERAL(ZNODE_CONTROLLER), true, armed);
    (void)ctl_read(c, ZK_GET, VIEW_LITERAL(ZNODE_CONTROLLER), false, controller_read);
}

/* ---- the end of a reign ---- */

void ctl_deposed(struct controller *c, const char *why)
{
    ctl_note(c, SAY_WARN, "this broker is no longer controller: %s", why);
    ctl_trace(c, "deposed: %s", why);
    ctl_move(c, CONTROLLER_CONTENDING);
    ctl_forget_cluster(c);
    know(c, -1, 0);
    ctl_race(c);
}

static void stopped(struct controller *c)
{
    if (c->state == CONTROLLER_STOPPED)
        return;
    ctl_move(c, CONTROLLER_STOPPED);
    (void)ctl_act(c, CONTROLLER_DO_STOPPED);
}

static void resigned(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                     uint32_t count)
{
    (void)r;
    (void)results; /* whatever it was: /controller is not ours now, and what stands there is read */
    (void)count;
    if (c->state != CONTROLLER_RESIGNING)
        return;
    if (c->stopping) {
        stopped(c);
        return;
    }
    ctl_move(c, CONTROLLER_CONTENDING);
    ctl_race(c);
}

static void resigned_unknown(struct controller *c, struct ctl_request *r)
{
    resigned(c, r, NULL, 0);
}

void ctl_resign(struct controller *c, const char *why)
{
    PRE(ctl_reigns(c));
    ctl_note(c, SAY_INFO, "this broker gives the controllership up: %s", why);
    ctl_trace(c, "resign: %s", why);
    ctl_move(c, CONTROLLER_RESIGNING);
    ctl_forget_cluster(c);
    know(c, -1, 0);
    /* Not marked as fenced: when the check fails, somebody else has won, which is as good. */
    struct ctl_request *r = ctl_multi_new(c, resigned, resigned_unknown);
    r->fenced = false;
    (void)ctl_add(r, (struct zk_op){
                         .kind = ZK_DELETE, .version = -1, .path = VIEW_LITERAL(ZNODE_CONTROLLER)});
    ctl_send(c, r);
}

/* The session is gone, and /controller with it if it was ours. */
void ctl_session_over(struct controller *c)
{
    c->incarnation = 0;
    if (c->state == CONTROLLER_STOPPED)
        return;
    if (ctl_reigns(c))
        ctl_note(c, SAY_WARN, "this broker is no longer controller: its ZooKeeper session is over");
    if (c->stopping)
        stopped(c);
    else
        ctl_move(c, CONTROLLER_NO_SESSION);
    ctl_forget_cluster(c);
    know(c, -1, 0);
}

void ctl_stop(struct controller *c)
{
    if (c->stopping) {
        if (c->state == CONTROLLER_STOPPED)
            (void)ctl_act(c, CONTROLLER_DO_STOPPED);
        return;
    }
    c->stopping = true;
    if (ctl_reigns(c) && c->session_up) {
        ctl_resign(c, "this broker is stopping");
    } else if (ctl_reigns(c)) {
        /* ZooKeeper is away: the end of the session gives it up. */
        ctl_move(c, CONTROLLER_CONTENDING);
        ctl_forget_cluster(c);
        stopped(c);
    } else if (c->state != CONTROLLER_RESIGNING) {
        ctl_forget_cluster(c);
        stopped(c);
    }
}
