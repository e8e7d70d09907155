/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_CLUSTER_DIGEST_H
#define CORDUROY_PROTO_CLUSTER_DIGEST_H

#include <stdint.h>

#include "proto/cluster/messages.h"

/* The digest of what a broker was told: the sum (modulo 2^64) of a hash of each partition item that
 * stands, so that the order does not matter and one partition's change is one subtraction and one
 * addition. Partitions of a topic that is gone do not count. Both ends of the stream compute it;
 * when they differ the broker asks for a snapshot. It finds lost items, not malice. */
uint64_t cluster_digest_of(const struct cluster_partition_item *item);

#endif
