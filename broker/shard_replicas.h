/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_SHARD_REPLICAS_H
#define CORDUROY_BROKER_SHARD_REPLICAS_H

#include "broker/shard.h"

/* Makes this shard's replicas when the broker is registered for the first time: with those logs
 * that the start found in the data directories and that belong to this shard. A later registration
 * only changes who this broker is (`self`). On the shard's own thread. */
void shard_replicas_start(struct shard *s, struct cluster_member self,
                          const struct log_dir_load *loads, unsigned count);

#endif
