/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of deleted topics on their way out, and who waits until they are gone: the controller keeps
 * a topic's znodes until every broker has said that nothing of it is left. */
#include <stdlib.h>

#include "broker/replica/replica_internal.h"
#include "common/memory.h"

struct removed_log {
    struct log_removal removal;
    struct replica_host *host;
    struct uuid topic;
    struct removed_log *next;
};

static bool has_logs(const struct replica_host *h, struct uuid topic)
{
    for (const struct removed_log *l = h->removed_logs; l; l = l->next)
        if (uuid_equal(l->topic, topic))
            return true;
    return false;
}

static void tell_waiting(struct replica_host *h, struct uuid topic)
{
    for (struct topic_removal **at = &h->removals; *at;) {
        struct topic_removal *w = *at;
        if (!uuid_equal(w->topic, topic)) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->gone = true;
        w->told(w);
    }
}

static void log_gone(struct log_removal *removal, bool durable)
{
    struct removed_log *gone = CONTAINER_OF(removal, struct removed_log, removal);
    struct replica_host *h = gone->host;
    struct uuid topic = gone->topic;
    if (!durable)
        return; /* it stays in the list: nobody may be told that it is gone */
    for (struct removed_log **at = &h->removed_logs; *at; at = &(*at)->next) {
        if (*at == gone) {
            *at = gone->next;
            break;
        }
    }
    free(gone);
    if (!has_logs(h, topic))
        tell_waiting(h, topic);
}

void host_remove_log(struct replica_host *h, struct uuid topic, struct log *log)
{
    struct removed_log *l = xcalloc(1, sizeof *l);
    l->removal.told = log_gone;
    l->host = h;
    l->topic = topic;
    l->next = h->removed_logs;
    h->removed_logs = l;
    log_delete_told(log, &l->removal);
}

void replica_host_when_gone(struct replica_host *h, struct topic_removal *w)
{
    w->gone = !h->stopping && !has_logs(h, w->topic);
    if (w->gone || h->stopping) {
        w->told(w);
        return;
    }
    w->next = h->removals;
    h->removals = w;
}

void host_removals_stop(struct replica_host *h)
{
    while (h->removals) {
        struct topic_removal *w = h->removals;
        h->removals = w->next;
        w->gone = false;
        w->told(w);
    }
}

void host_removals_free(struct replica_host *h)
{
    while (h->removed_logs) {
        struct removed_log *l = h->removed_logs;
        h->removed_logs = l->next;
        free(l);
    }
}
