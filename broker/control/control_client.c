/* SPDX-License-Identifier: Apache-2.0 */
/* This broker's connection to whoever is controller, joined in memory when that is this broker
 * itself. It carries the stream of metadata and orders, this broker's inventory, and what its
 * replicas and clients ask of the controller.
 *
 * A connection that ends is made again after a pause, which grows from 20 ms to a second. What was
 * asked on the old connection is not asked again here: replicas repeat their ISR changes
 * themselves, and admin requests are answered NOT_CONTROLLER, which clients retry. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/resolve.h"
#include "proto/cluster/digest.h"
#include "proto/error_code.h"

#define RETRY_MS_MIN 20
#define RETRY_MS_MAX 1000
#define REPORTS_MAX 100000u

struct control_client {
    struct control *control;
    struct peer_owner owner;
    struct peer *peer; /* to the controller; NULL: none */
    bool up, registered, handing_over;
    struct controller_known known;
    char *known_host;
    struct timer retry;
    uint64_t retry_ms;
    struct metadata_feed *feed;
    struct cluster_report *reports; /* not sent yet, because there was no connection */
    size_t report_count, report_capacity;
    struct control_admin *admins; /* asked, or answered and waiting for the metadata to show it */
    uint64_t next_request, digest_number, digest, applied_number;
    bool digest_known, gathering, gather_again;
    struct say_limit say_limit;
};

static void peer_up(struct peer_owner *o, struct peer *p);
static void peer_heard(struct peer_owner *o, struct peer *p, const struct cluster_message *m);
static void peer_down(struct peer_owner *o, struct peer *p, const char *why);
static void connect_again(struct control_client *cl);

static void retry_fired(struct timer *timer)
{
    connect_again(CONTAINER_OF(timer, struct control_client, retry));
}

struct control_client *control_client_new(struct control *c)
{
    struct control_client *cl = xcalloc(1, sizeof *cl);
    cl->control = c;
    cl->owner = (struct peer_owner){peer_up, peer_heard, peer_down};
    cl->known.member.broker = -1;
    cl->feed = metadata_feed_new(c->config);
    cl->retry_ms = RETRY_MS_MIN;
    timer_init(&cl->retry, c->reactor, retry_fired);
    return cl;
}

void control_client_free(struct control_client *cl)
{
    if (cl == NULL)
        return;
    if (cl->peer != NULL)
        peer_discard(cl->peer);
    timer_deinit(&cl->retry);
    metadata_feed_free(cl->feed);
    free(cl->known_host);
    free(cl->reports);
    free(cl);
}

/* ---- the connection ---- */
static void fail_admins(struct control_client *cl)
{
    struct control_admin *list = cl->admins;
    cl->admins = NULL;
    while (list != NULL) {
        struct control_admin *a = list;
        list = a->next;
        timer_deinit(&a->timer);
        if (a->answer == NULL)
            a->error = ERROR_NOT_CONTROLLER;
        a->done(a);
    }
}

static void disconnect(struct control_client *cl)
{
    timer_cancel(&cl->retry);
    if (cl->peer != NULL) {
        struct peer *p = cl->peer;
        cl->peer = NULL;
        cl->up = false;
        peer_close(p);
    }
    fail_admins(cl);
}

static void connect_now(struct control_client *cl)
{
    struct control *c = cl->control;
    struct addr to;
    if (cl->known.member.broker == c->config->broker_id) {
        cl->peer = cl->known.active ? control_lead_join(c->lead, &cl->owner) : NULL;
        return;
    }
    if (cl->known_host == NULL || !resolve_numeric(cl->known_host, cl->known.cluster_port, &to))
        return; /* its address is not known yet: the step function will tell */
    cl->peer = peer_connect(c->reactor, &c->identity, cl->known.member.broker, &to, &cl->owner);
}

static void connect_again(struct control_client *cl)
{
    if (cl->registered && cl->peer == NULL && cl->known.member.broker >= 0) {
        metadata_feed_restart(cl->feed);
        connect_now(cl);
    }
}

void control_client_known(struct control_client *cl, const struct controller_known *known)
{
    disconnect(cl);
    free(cl->known_host);
    cl->known = *known;
    cl->known_host = known->cluster_host.base != NULL
                         ? xstrndup(known->cluster_host.base, known->cluster_host.size)
                         : NULL;
    cl->known.cluster_host = VIEW_NULL;
    cl->retry_ms = RETRY_MS_MIN;
    connect_again(cl);
}

void control_client_registered(struct control_client *cl)
{
    disconnect(cl);
    cl->registered = true;
    connect_again(cl);
}

void control_client_unregistered(struct control_client *cl)
{
    cl->registered = false;
    disconnect(cl);
}

static void peer_down(struct peer_owner *o, struct peer *p, const char *why)
{
    struct control_client *cl = CONTAINER_OF(o, struct control_client, owner);
    (void)p;
    cl->peer = NULL;
    cl->up = false;
    say_limited(cl->control->reactor, &cl->say_limit, SAY_INFO, "control",
                "no connection to the controller (broker %d): %s", cl->known.member.broker, why);
    fail_admins(cl);
    timer_set(&cl->retry, cl->retry_ms);
    cl->retry_ms = cl->retry_ms * 2 < RETRY_MS_MAX ? cl->retry_ms * 2 : RETRY_MS_MAX;
}

static void subscribe(struct control_client *cl)
{
    const struct metadata *m = &cl->control->shard->metadata;
    struct cluster_message q = {.kind = CLUSTER_KIND_SUBSCRIBE};
    q.u.subscribe =
        (struct cluster_subscribe){cl->control->identity.self, m->controller_epoch, m->number + 1};
    peer_send(cl->peer, &q);
}

static void send_reports(struct control_client *cl)
{
    struct cluster_message m = {.kind = CLUSTER_KIND_REPORTS};
    for (size_t at = 0; at < cl->report_count; at += 1000) {
        size_t n = cl->report_count - at < 1000 ? cl->report_count - at : 1000;
        m.u.reports.count = (uint32_t)n;
        m.u.reports.items = cl->reports + at;
        peer_send(cl->peer, &m);
    }
    cl->report_count = 0;
}

static void ask_shutdown(struct control_client *cl)
{
    struct cluster_message m = {.kind = CLUSTER_KIND_SHUTDOWN,
                                .u.shutdown.from = cl->control->identity.self};
    peer_send(cl->peer, &m);
}

static void peer_up(struct peer_owner *o, struct peer *p)
{
    struct control_client *cl = CONTAINER_OF(o, struct control_client, owner);
    cl->peer = p;
    cl->up = true;
    cl->retry_ms = RETRY_MS_MIN;
    subscribe(cl);
    send_reports(cl);
    if (cl->handing_over)
        ask_shutdown(cl);
}

/* ---- the inventory: every shard's part, then one message ---- */
struct inventory {
    struct control_client *client;
    uint64_t incarnation; /* it was gathered for this registration */
    unsigned left;
    struct cluster_exception *exceptions;
    struct cluster_held *held;
    size_t exception_count, exception_capacity, held_count, held_capacity;
};
struct inventory_call {
    struct call call;
    struct inventory *inventory;
    struct arena arena;
    struct cluster_exception *exceptions;
    struct cluster_held *held;
    uint32_t exception_count, held_count;
};

static void inventory_there(struct call *call, struct shard *there)
{
    struct inventory_call *i = CONTAINER_OF(call, struct inventory_call, call);
    replica_host_inventory(there->replicas, &i->arena, &i->exceptions, &i->exception_count,
                           &i->held, &i->held_count);
    call_return(there, call);
}

static void send_inventory(struct control_client *cl, struct inventory *i)
{
    struct control *c = cl->control;
    unsigned dirs = 0;
    struct cluster_directory *directories = xcalloc(c->config->dir_count, sizeof *directories);
    for (unsigned d = 0; d < c->config->dir_count; d++) {
        if (c->loads[d].error == 0) {
            directories[dirs++] =
                (struct cluster_directory){c->loads[d].directory_id, c->dirs[d].matches};
        }
    }
    struct cluster_message m = {.kind = CLUSTER_KIND_INVENTORY};
    m.u.inventory = (struct cluster_inventory){.from = c->identity.self,
                                               .highest_controller_epoch = c->controller_epoch,
                                               .directory_count = dirs,
                                               .directories = directories,
                                               .exception_count = (uint32_t)i->exception_count,
                                               .exceptions = i->exceptions,
                                               .held_count = (uint32_t)i->held_count,
                                               .held = i->held};
    peer_send(cl->peer, &m);
    free(directories);
}

static void gather_inventory(struct control_client *cl);

static void inventory_back(struct call *call, struct shard *home)
{
    struct inventory_call *part = CONTAINER_OF(call, struct inventory_call, call);
    struct inventory *i = part->inventory;
    struct control_client *cl = i->client;
    (void)home;
    i->exceptions = xgrow(i->exceptions, &i->exception_capacity,
                          i->exception_count + part->exception_count + 1, sizeof *i->exceptions);
    i->held =
        xgrow(i->held, &i->held_capacity, i->held_count + part->held_count + 1, sizeof *i->held);
    for (uint32_t k = 0; k < part->exception_count; k++)
        i->exceptions[i->exception_count++] = part->exceptions[k];
    for (uint32_t k = 0; k < part->held_count; k++)
        i->held[i->held_count++] = part->held[k];
    arena_reset(&part->arena);
    free(part);
    if (--i->left > 0)
        return;
    /* Another snapshot came meanwhile, perhaps from another controller or for another registration:
     * what was gathered is no answer to that one. */
    bool again = cl->gather_again;
    cl->gathering = cl->gather_again = false;
    if (!again && cl->up && i->incarnation == cl->control->identity.self.incarnation)
        send_inventory(cl, i);
    free(i->exceptions);
    free(i->held);
    free(i);
    if (again)
        gather_inventory(cl);
}

static void gather_inventory(struct control_client *cl)
{
    struct shard *s = cl->control->shard;
    unsigned count = broker_shard_count(s->broker);
    if (cl->gathering) {
        cl->gather_again = true;
        return;
    }
    struct inventory *i = xcalloc(1, sizeof *i);
    cl->gathering = true;
    i->client = cl;
    i->incarnation = cl->control->identity.self.incarnation;
    i->left = count;
    for (unsigned k = 0; k < count; k++) {
        struct inventory_call *part = xcalloc(1, sizeof *part);
        part->inventory = i;
        part->call.there = inventory_there;
        part->call.back = inventory_back;
        call_make(s, k, &part->call);
    }
}

/* ---- metadata ---- */
static void heard_metadata(struct control_client *cl, const struct cluster_metadata *frame)
{
    struct metadata *now = &cl->control->shard->metadata;
    bool need_snapshot;
    struct metadata_delta *d = metadata_feed_frame(cl->feed, now, frame, &need_snapshot);
    if (need_snapshot)
        subscribe(cl);
    if (d == NULL)
        return;
    bool snapshot = d->snapshot;
    control_spread(cl->control, d);
    control_dirs_note_epoch(cl->control, frame->controller_epoch);
    if (snapshot)
        gather_inventory(cl);
}

static uint64_t own_digest(struct control_client *cl)
{
    const struct metadata *m = &cl->control->shard->metadata;
    struct map_entry e;
    if (cl->digest_known && cl->digest_number == m->number)
        return cl->digest;
    cl->digest = 0;
    for (uint32_t at = 0; map_next(&m->by_id, &at, &e);) {
        const struct topic_meta *t = e.value;
        for (uint32_t i = 0; i < t->partition_count; i++) {
            cl->digest +=
                t->partitions[i].replica_count > 0 ? cluster_digest_of(&t->partitions[i]) : 0;
        }
    }
    cl->digest_known = true;
    cl->digest_number = m->number;
    return cl->digest;
}

static void heard_digest(struct control_client *cl, const struct cluster_digest *d)
{
    const struct metadata *m = &cl->control->shard->metadata;
    if (!m->complete || d->controller_epoch != m->controller_epoch || d->last_number > m->number)
        return;
    if (d->last_number == m->number && d->digest != own_digest(cl)) {
        say_limited(cl->control->reactor, &cl->say_limit, SAY_WARN, "control",
                    "the metadata here differ from the controller's: asking for a snapshot");
        cl->digest_known = false;
        metadata_feed_restart(cl->feed);
        subscribe(cl);
    }
}

/* ---- answers ---- */
struct isr_call {
    struct call call;
    struct cluster_isr_reply reply;
};

static void isr_there(struct call *call, struct shard *there)
{
    replica_host_isr_reply(there->replicas, &CONTAINER_OF(call, struct isr_call, call)->reply);
    call_return(there, call);
}

static void isr_back(struct call *call, struct shard *home)
{
    (void)home;
    free(CONTAINER_OF(call, struct isr_call, call));
}

static void heard_isr_replies(struct control_client *cl, const struct cluster_message *m)
{
    struct shard *s = cl->control->shard;
    for (uint32_t i = 0; i < m->u.isr_replies.count; i++) {
        struct isr_call *call = xcalloc(1, sizeof *call);
        call->reply = m->u.isr_replies.items[i];
        call->call.there = isr_there;
        call->call.back = isr_back;
        call_make(s, shard_of(s, call->reply.id), &call->call);
    }
}

static void unlink_admin(struct control_client *cl, struct control_admin *a)
{
    struct control_admin **at = &cl->admins;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    timer_deinit(&a->timer);
}

static void heard_admin_reply(struct control_client *cl, const struct cluster_admin_reply *reply)
{
    for (struct control_admin *a = cl->admins; a != NULL; a = a->next) {
        if (a->request != reply->request || a->answer != NULL)
            continue;
        a->error = reply->error;
        a->metadata_number = reply->metadata_number;
        if (reply->body.base != NULL)
            a->answer = buf_copy(NULL, reply->body.base, reply->body.size);
        if (a->answer == NULL || a->metadata_number <= cl->applied_number) {
            unlink_admin(cl, a);
            a->done(a);
        }
        return;
    }
}

void control_delta_applied(struct control *c, uint64_t number)
{
    struct control_client *cl = c->client;
    cl->applied_number = number;
    for (struct control_admin *a = cl->admins, *next; a != NULL; a = next) {
        next = a->next;
        if (a->answer != NULL && a->metadata_number <= number) {
            unlink_admin(cl, a);
            a->done(a);
        }
    }
    if (!c->taking_clients && c->phase == CONTROL_RUNNING) {
        c->taking_clients = true;
        control_listen_take_clients(c->listen);
    }
}

static void peer_heard(struct peer_owner *o, struct peer *p, const struct cluster_message *m)
{
    struct control_client *cl = CONTAINER_OF(o, struct control_client, owner);
    (void)p;
    switch (m->kind) {
    case CLUSTER_KIND_METADATA:
        heard_metadata(cl, &m->u.metadata);
        break;
    case CLUSTER_KIND_DIGEST:
        heard_digest(cl, &m->u.digest);
        break;
    case CLUSTER_KIND_ISR_REPLIES:
        heard_isr_replies(cl, m);
        break;
    case CLUSTER_KIND_ADMIN_REPLY:
        heard_admin_reply(cl, &m->u.admin_reply);
        break;
    case CLUSTER_KIND_SHUTDOWN_REPLY:
        control_handed_over(cl->control, m->u.shutdown_reply.remaining);
        break;
    default:
        break; /* nothing that a controller says */
    }
}

/* ---- asking ---- */
void control_client_isr(struct control_client *cl, const struct cluster_isr_change *changes,
                        uint32_t count)
{
    if (cl->up && count > 0) {
        struct cluster_message m = {.kind = CLUSTER_KIND_ISR_CHANGES};
        m.u.isr_changes.count = count;
        m.u.isr_changes.items = xcalloc(count, sizeof *changes);
        memcpy(m.u.isr_changes.items, changes, count * sizeof *changes);
        peer_send(cl->peer, &m);
        free(m.u.isr_changes.items);
    }
}

void control_client_report(struct control_client *cl, const struct cluster_report *report)
{
    if (cl->report_count >= REPORTS_MAX)
        return; /* the next inventory or order makes the replica report it again */
    cl->reports =
        xgrow(cl->reports, &cl->report_capacity, cl->report_count + 1, sizeof *cl->reports);
    cl->reports[cl->report_count++] = *report;
    if (cl->up)
        send_reports(cl);
}

static void admin_timed_out(struct timer *timer)
{
    struct control_admin *a = CONTAINER_OF(timer, struct control_admin, timer);
    unlink_admin(a->control->client, a);
    if (a->answer == NULL)
        a->error = ERROR_REQUEST_TIMED_OUT;
    a->done(a);
}

void control_client_admin(struct control_client *cl, struct control_admin *a)
{
    a->error = ERROR_NONE;
    a->answer = NULL;
    a->control = cl->control;
    timer_init(&a->timer, cl->control->reactor, admin_timed_out);
    if (!cl->up) {
        a->error = ERROR_NOT_CONTROLLER;
        a->done(a);
        return;
    }
    a->request = ++cl->next_request;
    a->next = cl->admins;
    cl->admins = a;
    timer_set(&a->timer, a->timeout_ms > 0 ? (uint64_t)a->timeout_ms + 1000 : 1000);
    struct cluster_message m = {.kind = CLUSTER_KIND_ADMIN};
    m.u.admin =
        (struct cluster_admin){a->request, a->api_key, a->api_version, a->timeout_ms, a->body};
    peer_send(cl->peer, &m);
}

void control_client_hand_over(struct control_client *cl)
{
    cl->handing_over = true;
    if (cl->up)
        ask_shutdown(cl);
}
