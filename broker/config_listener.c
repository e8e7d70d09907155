/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/config_listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "broker/config_keys.h"
#include "common/memory.h"
#include "proto/cluster/handshake.h"

struct endpoint {
    char *name, *host;
    int32_t port;
};

/* NAME://host:port, or host:port when no name is wanted; host may be empty or [ipv6]. */
static bool endpoint_parse(const char *text, size_t size, bool named, struct endpoint *ret)
{
    char *copy = xstrndup(text, size);
    char *rest = copy;
    bool good = false;
    *ret = (struct endpoint){0};
    if (named) {
        char *mark = strstr(copy, "://");
        if (mark == NULL || mark == copy || mark - copy >= 64)
            goto out;
        *mark = '\0';
        rest = mark + 3;
    }
    char *colon = strrchr(rest, ':');
    if (colon == NULL || colon[1] == '\0')
        goto out;
    *colon = '\0';
    long port = strtol(colon + 1, NULL, 10);
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || port < 1 || port > 65535)
        goto out;
    size_t n = strlen(rest);
    if (n >= 2 && rest[0] == '[' && rest[n - 1] == ']') {
        rest[n - 1] = '\0';
        rest++;
    } else if (strpbrk(rest, "[]") != NULL) {
        goto out;
    }
    ret->name = named ? xstrdup(copy) : NULL;
    ret->host = xstrdup(rest);
    ret->port = (int32_t)port;
    good = true;
out:
    free(copy);
    return good;
}

/* The protocol is what the map says of the listener's name; a name that the map does not have is
 * itself the protocol, as in Kafka. */
static bool is_plaintext(const struct broker_config *c, const char *name)
{
    const char *map = c->protocol_map_text;
    size_t n = strlen(name);
    for (const char *at = map; at != NULL && *at != '\0';) {
        at += strspn(at, " ,");
        size_t size = strcspn(at, ",");
        if (size > n && strncasecmp(at, name, n) == 0 && at[n] == ':')
            return size - n - 1 == 9 && strncasecmp(at + n + 1, "PLAINTEXT", 9) == 0;
        at += size;
    }
    return strcasecmp(name, "PLAINTEXT") == 0;
}

static bool is_any(const char *host)
{
    return *host == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Why this listener cannot be added to those so far; NULL: it can. */
static const char *clash(const struct broker_config *c, const struct endpoint *e)
{
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        if (strcasecmp(l->name, e->name) == 0)
            return "each listener needs a name of its own";
        if (l->port == e->port &&
            (is_any(l->host) || is_any(e->host) || strcasecmp(l->host, e->host) == 0))
            return "another listener has this port";
    }
    return NULL;
}

static void add_listener(struct broker_config *c, const char *at, size_t size,
                         struct config_report *r)
{
    struct endpoint e;
    if (!endpoint_parse(at, size, true, &e)) {
        config_error(r, "listeners: \"%.*s\" is not allowed: it must be NAME://host:port",
                     (int)size, at);
        return;
    }
    const char *why = clash(c, &e);
    if (!is_plaintext(c, e.name)) {
        config_error(r,
                     "listeners: \"%.*s\" is not allowed: only the PLAINTEXT protocol is available",
                     (int)size, at);
    } else if (why != NULL) {
        config_error(r, "listeners: \"%.*s\" is not allowed: %s", (int)size, at, why);
    } else if (c->listener_count == CONFIG_LISTENERS_MAX) {
        config_error(r, "listeners: at most %d are allowed", CONFIG_LISTENERS_MAX);
    } else {
        struct config_listener *l = &c->listeners[c->listener_count++];
        snprintf(l->name, sizeof l->name, "%s", e.name);
        l->host = e.host;
        l->port = e.port;
        e.host = NULL;
    }
    free(e.name);
    free(e.host);
}

static void each_part(const char *text,
                      void (*take)(struct broker_config *, const char *, size_t,
                                   struct config_report *),
                      struct broker_config *c, struct config_report *r)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        at += strspn(at, " ,");
        size_t size = strcspn(at, ", ");
        if (size > 0)
            take(c, at, size, r);
        at += size;
    }
}

static void advertise(struct broker_config *c, const char *at, size_t size, struct config_report *r)
{
    struct endpoint e;
    if (!endpoint_parse(at, size, true, &e)) {
        config_error(r,
                     "advertised.listeners: \"%.*s\" is not allowed: it must be NAME://host:port",
                     (int)size, at);
        return;
    }
    struct config_listener *found = NULL;
    for (unsigned i = 0; i < c->listener_count; i++)
        if (strcasecmp(c->listeners[i].name, e.name) == 0)
            found = &c->listeners[i];
    if (found == NULL) {
        config_error(r, "advertised.listeners: \"%.*s\" is not allowed: listeners names no %s",
                     (int)size, at, e.name);
    } else if (is_any(e.host)) {
        config_error(
            r, "advertised.listeners: \"%.*s\" is not allowed: name a host that clients can reach",
            (int)size, at);
    } else {
        free(found->advertised_host);
        found->advertised_host = e.host;
        found->advertised_port = e.port;
        e.host = NULL;
    }
    free(e.name);
    free(e.host);
}

static void advertise_rest(struct broker_config *c)
{
    char name[256] = "localhost";
    gethostname(name, sizeof name - 1);
    for (unsigned i = 0; i < c->listener_count; i++) {
        struct config_listener *l = &c->listeners[i];
        if (l->advertised_host == NULL) {
            l->advertised_host = xstrdup(is_any(l->host) ? name : l->host);
            l->advertised_port = l->port;
        }
    }
}

/* Without a setting the cluster listener has the inter-broker listener's host, and its port plus
 * CLUSTER_PORT_OFFSET. */
static void settle_cluster(struct broker_config *c, struct config_report *r)
{
    struct endpoint e;
    const char *text = c->cluster_listener_text;
    if (text != NULL) {
        if (!endpoint_parse(text, strlen(text), false, &e)) {
            config_error(
                r, "corduroy.cluster.listener: \"%s\" is not allowed: it must be host:port", text);
            return;
        }
        c->cluster_host = e.host;
        c->cluster_port = e.port;
        return;
    }
    const struct config_listener *l = &c->listeners[c->inter_broker_listener];
    c->cluster_host = xstrdup(l->host);
    c->cluster_port = l->port + (l->port > 65535 - CLUSTER_PORT_OFFSET ? -CLUSTER_PORT_OFFSET
                                                                       : CLUSTER_PORT_OFFSET);
}

/* Without a setting it is the one named PLAINTEXT, as in Kafka, or else the first. */
static void settle_inter_broker(struct broker_config *c, struct config_report *r)
{
    const char *name = c->inter_broker_text != NULL ? c->inter_broker_text : "PLAINTEXT";
    bool found = false;
    for (unsigned i = 0; i < c->listener_count; i++) {
        if (strcasecmp(c->listeners[i].name, name) == 0) {
            c->inter_broker_listener = i;
            found = true;
        }
    }
    if (!found && c->inter_broker_text != NULL) {
        config_error(r,
                     "inter.broker.listener.name: \"%s\" is not allowed: listeners "
                     "names no such listener",
                     name);
    }
}

void config_settle_listeners(struct broker_config *c, struct config_report *r)
{
    each_part(c->listeners_text, add_listener, c, r);
    if (c->listener_count == 0) {
        if (r->error_count == 0)
            config_error(r, "listeners: not set: give at least PLAINTEXT://:9092");
        return;
    }
    each_part(c->advertised_text, advertise, c, r);
    advertise_rest(c);
    settle_inter_broker(c, r);
    settle_cluster(c, r);
}
