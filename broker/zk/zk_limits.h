/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_ZK_ZK_LIMITS_H
#define CORDUROY_BROKER_ZK_ZK_LIMITS_H

#include "common/env.h"

/* What is refused before it is sent (ZK_ERR_TOO_LARGE), by the adapter and by the model of it. A
 * server drops the connection, for ever, on a packet above jute.maxbuffer (1 MiB by default): a
 * request, a node, or the one packet that sets all watches again after a reconnect. */
#define ZK_MULTI_SIZE_MAX (128u << 10)
#define ZK_NODE_SIZE_MAX (1000u << 10)
#define ZK_WATCHES_MAX 1000u
/* Bytes on the wire beside path and data of an op, rounded up. */
#define ZK_OP_OVERHEAD 64u

/* Bytes of the request, rounded up; the chroot goes before every path. */
static inline uint64_t zk_ops_size(const struct zk_op *ops, uint32_t count, uint32_t chroot_size)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < count; i++)
        size += ZK_OP_OVERHEAD + chroot_size + ops[i].path.size + ops[i].data.size;
    return size;
}

static inline bool zk_ops_too_large(const struct zk_op *ops, uint32_t count, uint32_t chroot_size)
{
    return zk_ops_size(ops, count, chroot_size) >
           (count > 1 ? ZK_MULTI_SIZE_MAX : ZK_NODE_SIZE_MAX);
}

static inline bool zk_kind_is_write(enum zk_kind kind)
{
    return kind == ZK_CREATE || kind == ZK_DELETE || kind == ZK_SET || kind == ZK_CHECK;
}

#endif
