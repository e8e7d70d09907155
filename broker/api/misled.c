/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/api/misled.h"

#define NS_PER_MS UINT64_C(1000000)

static bool is_recent(uint64_t last_ns, uint64_t now_ns)
{
    return now_ns - last_ns <= MISLED_QUIET_MS * NS_PER_MS;
}

static bool tries(const struct misled_client *c, uint64_t now_ns)
{
    return c->connection != 0 && is_recent(c->last_ns, now_ns);
}

static bool same(const struct misled_client *c, token connection, struct partition_id partition)
{
    return c->connection == connection && c->partition.number == partition.number &&
           uuid_equal(c->partition.topic, partition.topic);
}

void misled_refused(struct misled *m, token connection, struct partition_id partition,
                    uint64_t now_ns)
{
    struct misled_client *room = NULL;
    if (connection == 0)
        return;
    m->last_ns = now_ns;
    for (unsigned i = 0; i < MISLED_MAX; i++) {
        struct misled_client *c = &m->clients[i];
        if (tries(c, now_ns) && same(c, connection, partition)) {
            c->last_ns = now_ns;
            return;
        }
        if (room == NULL && !tries(c, now_ns))
            room = c;
    }
    if (room != NULL)
        *room = (struct misled_client){connection, partition, now_ns, now_ns};
}

bool misled_set_free(struct misled *m, token connection, struct partition_id partition,
                     uint64_t now_ns)
{
    if (m->last_ns == 0 || !is_recent(m->last_ns, now_ns))
        return false; /* nearly always */
    for (unsigned i = 0; i < MISLED_MAX; i++) {
        struct misled_client *c = &m->clients[i];
        if (tries(c, now_ns) && same(c, connection, partition)) {
            bool long_enough = c->last_ns - c->since_ns >= MISLED_PATIENCE_MS * NS_PER_MS;
            if (long_enough)
                c->connection = 0;
            return long_enough;
        }
    }
    return false;
}
