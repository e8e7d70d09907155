/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_SHARD_REPLICAS_H
#define CORDUROY_BROKER_SHARD_REPLICAS_H

#include "broker/shard.h"

/* Makes this shard's replicas once the broker is registered for the first time, with the logs that
 * the load found and that are this shard's; later registrations only change who we are. On the
 * shard's own thread. */
void shard_replicas_start(struct shard *s, struct cluster_member self,
                          const struct log_dir_load *loads, unsigned count);

#endif
