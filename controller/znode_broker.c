/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/znode_json.h"

/* ---- /brokers/ids/N ---- */

/* LISTENER://host:port; the host may be empty, or an IPv6 address in brackets. */
static bool parse_endpoint(struct znode_reader *r, struct view text, struct znode_endpoint *ret)
{
    const char *whole = (const char *)text.base;
    const char *host = strstr(whole, "://");
    const char *colon = strrchr(whole, ':');
    const char *end = colon;
    int64_t port;

    if (!host || host == whole || colon < host + 3)
        return false;
    ret->listener = arena_copy(r->arena, (struct view){text.base, (uint32_t)(host - whole)});
    host += 3;
    if (end - host >= 2 && host[0] == '[' && end[-1] == ']') {
        host++;
        end--;
    }
    ret->host = arena_copy(r->arena, (struct view){(const uint8_t *)host, (uint32_t)(end - host)});
    if (!znode_parse_number(view_of(colon + 1), &port) || port < 0 || port > UINT16_MAX)
        return false;
    ret->port = (uint16_t)port;
    return true;
}

/* Before version 4 a listener's name was its protocol. */
static void set_protocol(struct znode_reader *r, struct znode_endpoint *e, const json_t *protocols)
{
    const json_t *protocol =
        json_object_getn(protocols, (const char *)e->listener.base, e->listener.size);

    if (!protocol)
        e->protocol = e->listener;
    else
        e->protocol = znode_text_of(r, protocol);
}

static void take_endpoints(struct znode_reader *r, struct znode_registration *b)
{
    json_t *list = znode_take(r, "endpoints", ZNODE_OPTIONAL);
    json_t *protocols = znode_take(r, "listener_security_protocol_map", ZNODE_OPTIONAL);
    size_t i;
    json_t *text;

    if ((list && !json_is_array(list)) || (protocols && !json_is_object(protocols)))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    if (r->error == ZNODE_OK && json_array_size(list) > 0) {
        b->endpoints = arena_array(r->arena, json_array_size(list), sizeof *b->endpoints);
        json_array_foreach(list, i, text)
        {
            struct znode_endpoint *e = &b->endpoints[b->endpoint_count];
            struct view endpoint = znode_text_of(r, text);

            if (r->error != ZNODE_OK)
                break;
            if (!parse_endpoint(r, endpoint, e)) {
                znode_reader_fail(r, ZNODE_FIELD_INVALID);
                break;
            }
            set_protocol(r, e, protocols);
            b->endpoint_count++;
        }
    }
    json_decref(protocols);
    json_decref(list);
}

/* Version 1 had one plain endpoint, in host and port; later ones repeat it there for old readers.
 */
static void take_host(struct znode_reader *r, struct znode_registration *b)
{
    struct view host = znode_take_text(r, "host", ZNODE_OPTIONAL);
    int64_t port = znode_take_int(r, "port", -1, UINT16_MAX, -1);

    if (r->error != ZNODE_OK || b->endpoint_count > 0)
        return;
    if (!host.base || port < 0) {
        znode_reader_fail(r, ZNODE_FIELD_MISSING);
        return;
    }
    b->endpoints = arena_array(r->arena, 1, sizeof *b->endpoints);
    b->endpoints[b->endpoint_count++] = (struct znode_endpoint){
        .listener = VIEW_LITERAL("PLAINTEXT"),
        .protocol = VIEW_LITERAL("PLAINTEXT"),
        .host = host,
        .port = (uint16_t)port,
    };
}

static void take_corduroy(struct znode_reader *r, struct znode_registration *b)
{
    json_t *ours = znode_take(r, "corduroy", ZNODE_OPTIONAL);
    struct znode_reader inner = {.arena = r->arena, .root = ours};

    if (!ours)
        return;
    if (!json_is_object(ours))
        inner.error = ZNODE_FIELD_INVALID;
    b->incarnation = znode_take_hex(&inner, "incarnation", ZNODE_REQUIRED);
    b->cluster_host = znode_take_text(&inner, "host", ZNODE_REQUIRED);
    b->cluster_port = (uint16_t)znode_take_required_int(&inner, "port", 0, UINT16_MAX);
    b->shard_count = (uint16_t)znode_take_required_int(&inner, "shards", 1, UINT16_MAX);
    b->protocol_min = (int16_t)znode_take_required_int(&inner, "protocol_min", 0, INT16_MAX);
    b->protocol_max = (int16_t)znode_take_required_int(&inner, "protocol_max", 0, INT16_MAX);
    znode_reader_fail(r, inner.error);
    json_decref(ours);
}

int znode_registration_parse(struct view data, struct arena *arena, struct znode_registration *ret)
{
    struct znode_registration b = {0};
    struct znode_reader r;
    int error;

    znode_reader_init(&r, data, arena);
    znode_take_required_int(&r, "version", 1, INT32_MAX);
    json_decref(znode_take(&r, "features", ZNODE_OPTIONAL));
    take_endpoints(&r, &b);
    take_host(&r, &b);
    b.jmx_port = (int32_t)znode_take_int(&r, "jmx_port", -1, UINT16_MAX, -1);
    b.timestamp_ms = znode_take_int_text(&r, "timestamp", ZNODE_OPTIONAL);
    b.rack = znode_take_text(&r, "rack", ZNODE_OPTIONAL);
    take_corduroy(&r, &b);
    error = znode_reader_deinit(&r, &b.unknown);
    if (error == ZNODE_OK)
        *ret = b;
    return error;
}

static json_t *endpoint_text(const struct znode_endpoint *e, struct arena *arena)
{
    bool ipv6 = memchr(e->host.base ? e->host.base : (const uint8_t *)"", ':', e->host.size);

    return znode_json_text(view_of(arena_printf(
        arena, ipv6 ? "%.*s://[%.*s]:%u" : "%.*s://%.*s:%u", (int)e->listener.size,
        (const char *)e->listener.base, (int)e->host.size, (const char *)e->host.base, e->port)));
}

/* Old readers know one address: that of the first PLAINTEXT endpoint, or none. */
static void set_host(json_t *root, const struct znode_registration *b)
{
    const struct znode_endpoint *plain = NULL;

    for (uint32_t i = 0; i < b->endpoint_count && !plain; i++)
        if (view_equal(b->endpoints[i].protocol, VIEW_LITERAL("PLAINTEXT")))
            plain = &b->endpoints[i];
    json_object_set_new(root, "port", json_integer(plain ? plain->port : -1));
    json_object_set_new(root, "host", plain ? znode_json_text(plain->host) : json_null());
}

static json_t *corduroy_json(const struct znode_registration *b)
{
    json_t *ours = json_object();

    json_object_set_new(ours, "incarnation", znode_json_hex(b->incarnation));
    json_object_set_new(ours, "host", znode_json_text(b->cluster_host));
    json_object_set_new(ours, "port", json_integer(b->cluster_port));
    json_object_set_new(ours, "shards", json_integer(b->shard_count));
    json_object_set_new(ours, "protocol_min", json_integer(b->protocol_min));
    json_object_set_new(ours, "protocol_max", json_integer(b->protocol_max));
    return ours;
}

struct view znode_registration_print(const struct znode_registration *b, struct arena *arena)
{
    json_t *root = json_object(), *protocols = json_object(), *endpoints = json_array();

    for (uint32_t i = 0; i < b->endpoint_count; i++) {
        const struct znode_endpoint *e = &b->endpoints[i];

        json_object_setn_new(protocols, (const char *)e->listener.base, e->listener.size,
                             znode_json_text(e->protocol));
        json_array_append_new(endpoints, endpoint_text(e, arena));
    }
    json_object_set_new(root, "features", json_object());
    json_object_set_new(root, "listener_security_protocol_map", protocols);
    json_object_set_new(root, "endpoints", endpoints);
    if (b->rack.base)
        json_object_set_new(root, "rack", znode_json_text(b->rack));
    json_object_set_new(root, "jmx_port", json_integer(b->jmx_port));
    set_host(root, b);
    json_object_set_new(root, "version", json_integer(5));
    json_object_set_new(root, "timestamp", znode_json_int_text(b->timestamp_ms));
    if (b->incarnation)
        json_object_set_new(root, "corduroy", corduroy_json(b));
    return znode_json_print(root, b->unknown, arena);
}

/* ---- /corduroy/brokers/N ---- */

static const char *const broker_state_names[] = {
    [ZNODE_BROKER_STARTING] = "starting",
    [ZNODE_BROKER_IN] = "in",
    [ZNODE_BROKER_OUT] = "out",
};

static enum znode_broker_state take_state(struct znode_reader *r)
{
    struct view name = znode_take_text(r, "state", ZNODE_REQUIRED);

    for (int i = ZNODE_BROKER_STARTING; i <= ZNODE_BROKER_OUT; i++)
        if (view_equal(name, view_of(broker_state_names[i])))
            return (enum znode_broker_state)i;
    znode_reader_fail(r, ZNODE_FIELD_INVALID);
    return ZNODE_BROKER_STARTING;
}

static const struct uuid *take_uuids(struct znode_reader *r, const char *key, uint32_t *ret_count)
{
    json_t *list = znode_take(r, key, ZNODE_OPTIONAL);
    uint32_t count = (uint32_t)json_array_size(list);
    struct uuid *ids = NULL;

    *ret_count = 0;
    if (list && !json_is_array(list))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    if (count > 0 && r->error == ZNODE_OK) {
        ids = arena_array(r->arena, count, sizeof *ids);
        for (uint32_t i = 0; i < count; i++) {
            struct view text = znode_text_of(r, json_array_get(list, i));

            if (!text.base || !uuid_parse(text, &ids[i]))
                znode_reader_fail(r, ZNODE_FIELD_INVALID);
        }
        *ret_count = count;
    }
    json_decref(list);
    return ids;
}

static void take_protocol(struct znode_reader *r, struct znode_broker_node *b)
{
    json_t *range = znode_take(r, "protocol", ZNODE_REQUIRED);
    struct znode_reader inner = {.arena = r->arena, .root = range};

    if (!range)
        return;
    if (!json_is_object(range))
        inner.error = ZNODE_FIELD_INVALID;
    b->protocol_min = (int16_t)znode_take_required_int(&inner, "min", 0, INT16_MAX);
    b->protocol_max = (int16_t)znode_take_required_int(&inner, "max", 0, INT16_MAX);
    znode_reader_fail(r, inner.error);
    json_decref(range);
}

int znode_broker_node_parse(struct view data, struct arena *arena, struct znode_broker_node *ret)
{
    struct znode_broker_node b = {0};
    struct znode_reader r;
    int error;

    znode_reader_init(&r, data, arena);
    znode_take_required_int(&r, "version", 1, INT32_MAX);
    b.incarnation = znode_take_hex(&r, "incarnation", ZNODE_REQUIRED);
    b.storage_id = znode_take_uuid(&r, "storage_id", ZNODE_REQUIRED);
    b.directory_ids = take_uuids(&r, "directory_ids", &b.directory_count);
    b.state = take_state(&r);
    b.failed_directories = take_uuids(&r, "failed_directories", &b.failed_count);
    take_protocol(&r, &b);
    error = znode_reader_deinit(&r, &b.unknown);
    if (error == ZNODE_OK)
        *ret = b;
    return error;
}

static json_t *uuids_json(const struct uuid *ids, uint32_t count)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, znode_json_uuid(ids[i]));
    return list;
}

struct view znode_broker_node_print(const struct znode_broker_node *b, struct arena *arena)
{
    json_t *root = json_object(), *protocol = json_object();

    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "incarnation", znode_json_hex(b->incarnation));
    json_object_set_new(root, "storage_id", znode_json_uuid(b->storage_id));
    json_object_set_new(root, "directory_ids", uuids_json(b->directory_ids, b->directory_count));
    json_object_set_new(root, "state", json_string(broker_state_names[b->state]));
    json_object_set_new(root, "failed_directories",
                        uuids_json(b->failed_directories, b->failed_count));
    json_object_set_new(protocol, "min", json_integer(b->protocol_min));
    json_object_set_new(protocol, "max", json_integer(b->protocol_max));
    json_object_set_new(root, "protocol", protocol);
    return znode_json_print(root, b->unknown, arena);
}
