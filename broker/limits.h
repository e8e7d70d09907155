/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LIMITS_H
#define CORDUROY_BROKER_LIMITS_H

/* What a broker takes at most, per shard where nothing else is said. At a limit it stops reading or
 * answers with the right error; it never grows on, and never stops because of what a peer does.
 * Limits of one module stand in that module. */
#define LIMIT_RECEIVE_BYTES (64 << 20) /* requests of clients, received and not yet done with */
#define LIMIT_ANSWER_BYTES (64 << 20)  /* answers encoded and not yet sent */
#define LIMIT_STREAM_BYTES (64 << 20)  /* received on replication streams */

_Static_assert(LIMIT_RECEIVE_BYTES >= (16 << 20),
               "a batch of the largest size and its connection's neighbours fit");

#endif
