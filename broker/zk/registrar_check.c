/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "broker/zk/registrar_internal.h"

void registrar_parse_node(struct registrar *r, const struct zk_result *result)
{
    r->node_seen = (struct registrar_seen){
        .there = result->error == ZK_OK, .version = result->version, .czxid = result->czxid};
    if (!r->node_seen.there)
        return;
    r->node_seen.valid = znode_broker_node_parse(result->data, &r->arena, &r->node) == ZNODE_OK;
    if (!r->node_seen.valid)
        registrar_say(r, SAY_WARN, "/corduroy/brokers/%d cannot be read and is written anew",
                      r->config->broker);
}

void registrar_parse_id(struct registrar *r, const struct zk_result *result)
{
    r->id_seen = (struct registrar_seen){.there = result->error == ZK_OK,
                                         .version = result->version,
                                         .czxid = result->czxid,
                                         .owner = result->owner};
    if (r->id_seen.there)
        r->id_seen.valid = znode_registration_parse(result->data, &r->arena, &r->id) == ZNODE_OK;
}

bool registrar_is_entered(const struct registrar *r, uint64_t incarnation)
{
    return incarnation != 0 && r->node_seen.valid && r->node.incarnation == incarnation &&
           uuid_equal(r->node.storage_id, r->config->storage_id) &&
           r->node.state != ZNODE_BROKER_OUT && r->id_seen.valid &&
           r->id.incarnation == incarnation && r->id_seen.owner == r->session;
}

const char *registrar_host(struct registrar *r, const struct znode_registration *id)
{
    if (id->endpoint_count == 0)
        return "an unknown host";
    return arena_printf(&r->step, "%.*s:%u", (int)id->endpoints[0].host.size,
                        (const char *)id->endpoints[0].host.base, id->endpoints[0].port);
}

static const char *holder(struct registrar *r)
{
    if (r->id_seen.valid)
        return registrar_host(r, &r->id);
    return r->id_seen.there ? "an unknown host" : "a host that is not registered now";
}

bool registrar_is_still_ours(struct registrar *r)
{
    /* A process that has not been registered yet cannot know what was before it. */
    if (r->last == 0 || !r->node_seen.valid)
        return true;
    if (!uuid_equal(r->node.storage_id, r->config->storage_id)) {
        registrar_halt(r,
                       "broker id %d was taken over by %s, which has other disks: this process "
                       "ends; give one of the two another broker.id",
                       r->config->broker, holder(r));
        return false;
    }
    if (r->node.incarnation != r->last && r->node.incarnation != r->tried) {
        registrar_halt(r,
                       "broker %d was registered again by %s with a copy of these disks (same "
                       "storage id): the newest wins, this process ends",
                       r->config->broker, holder(r));
        return false;
    }
    return true;
}

/* A broker of Kafka's has an ephemeral, but no broker node, or one that is from before it. */
bool registrar_is_held_by_another(const struct registrar *r)
{
    if (!r->id_seen.there || r->id_seen.owner == r->session)
        return false;
    if (!r->node_seen.valid || !r->id_seen.valid || r->id.incarnation != r->node.incarnation)
        return true;
    return !uuid_equal(r->node.storage_id, r->config->storage_id);
}

static bool same_host(struct view a, struct view b)
{
    return a.size == b.size &&
           (a.size == 0 || strncasecmp((const char *)a.base, (const char *)b.base, a.size) == 0);
}

const struct znode_endpoint *registrar_clash(const struct registrar *r,
                                             const struct znode_registration *other)
{
    const struct znode_registration *ours = &r->config->registration;

    for (uint32_t i = 0; i < ours->endpoint_count; i++)
        for (uint32_t k = 0; k < other->endpoint_count; k++)
            if (ours->endpoints[i].port == other->endpoints[k].port &&
                same_host(ours->endpoints[i].host, other->endpoints[k].host))
                return &ours->endpoints[i];
    return NULL;
}
