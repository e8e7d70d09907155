/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_API_MISLED_H
#define CORDUROY_BROKER_API_MISLED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/env.h"
#include "proto/cluster/messages.h"

/* Clients that go on sending here what another broker leads, although they are told so each time.
 * librdkafka comes to that by two Metadata answers, one soon after the other, of which the first is
 * old, for example from a broker that was cut off: while it carries out the first it takes the
 * second for nothing new, and from then on every one that says the same (its issue 4976). It would
 * stay until the leader changes. A Metadata answer that names no leader sets it free.
 *
 * One table for each shard, of the shard's own connections. What finds no room in it is not noted;
 * entries make room when they end. */
#define MISLED_MAX 64
#define MISLED_PATIENCE_MS 3000 /* a client with fresh metadata has turned away long before */
#define MISLED_QUIET_MS 2000    /* one that has not tried for so long has turned away */

struct misled {
    uint64_t last_ns; /* when anybody was refused last; 0: never */
    struct misled_client {
        token connection; /* 0: nobody */
        struct partition_id partition;
        uint64_t since_ns, last_ns; /* when it was refused first and last */
    } clients[MISLED_MAX];
};

/* What came on the connection for the partition was refused, because another broker leads it. */
void misled_refused(struct misled *m, token connection, struct partition_id partition,
                    uint64_t now_ns);
/* Whether the next Metadata answer on the connection should name no leader for the partition. True
 * once; the client's time begins anew. */
bool misled_set_free(struct misled *m, token connection, struct partition_id partition,
                     uint64_t now_ns);

#endif
