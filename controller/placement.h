/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CONTROLLER_PLACEMENT_H
#define CORDUROY_CONTROLLER_PLACEMENT_H

#include <stdint.h>

#include "common/arena.h"
#include "common/view.h"

/* Where the replicas of new partitions go: Kafka's rule, so that a cluster looks the same. Leaders
 * go round the brokers from a random one; the other replicas of a partition follow at a distance
 * that grows by one each time round. With racks, brokers are taken in turns from the racks, and a
 * rack has no second replica before every rack has one. Pure; any thread. */
struct placement_broker {
    int32_t id;
    struct view rack; /* VIEW_NULL: none */
};
enum placement_error {
    PLACEMENT_OK = 0,
    PLACEMENT_TOO_FEW_BROKERS,
    PLACEMENT_MIXED_RACKS, /* some brokers have a rack and some do not */
};
struct placement_options {
    int32_t first_partition, partition_count; /* numbers first .. first + count - 1 */
    uint32_t replication_factor;
    /* For a new topic both random; for more partitions of a topic both the index of the broker that
     * leads its partition 0 by preference. */
    uint32_t start, shift;
};
/* brokers: in ascending order of their ids. ret: partition_count * replication_factor broker ids,
 * in the arena. */
int placement_assign(const struct placement_broker *brokers, uint32_t broker_count,
                     const struct placement_options *options, struct arena *arena, int32_t **ret);

#endif
