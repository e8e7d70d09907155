/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LIMITS_H
#define CORDUROY_BROKER_LIMITS_H

/* Limits of each shard's memory. At a limit a broker stops reading, or answers with the error that
 * Kafka's clients retry; it neither grows without bound nor ends because of what a peer does.
 * Limits that concern one module are in that module's header. */
#define LIMIT_RECEIVE_BYTES (64 << 20) /* clients' requests, received and still referred to */
#define LIMIT_ANSWER_BYTES (64 << 20)  /* answers, encoded and not yet sent */
#define LIMIT_STREAM_BYTES (64 << 20)  /* received on replication streams and still referred to */

_Static_assert(LIMIT_RECEIVE_BYTES >= (16 << 20),
               "the largest batch fits beside the requests of other connections");

#endif
