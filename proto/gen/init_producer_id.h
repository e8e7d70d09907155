/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/init_producer_id.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_INIT_PRODUCER_ID_H
#define CORDUROY_PROTO_GEN_INIT_PRODUCER_ID_H

#include "proto/wire.h"

/* InitProducerId (key 22), versions 0-5, flexible from 2. Gives a producer its id and epoch.
 * KIP-98 (0), KIP-360 (3), KIP-588 (4), KIP-890 (5). */

struct init_producer_id_request {
    /* May be null. Null without transactions. */
    struct view transactional_id;
    /* After so long an open transaction is aborted. */
    int32_t transaction_timeout_ms;
    /* 3+. -1: a new one; else its epoch is to be raised (KIP-360). */
    int64_t producer_id;
    /* 3+. */
    int16_t producer_epoch;
};
void init_producer_id_request_init(struct init_producer_id_request *ret);

MUST_CHECK
bool init_producer_id_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct init_producer_id_request *ret);
void init_producer_id_request_encode(struct wire_writer *w, int16_t version,
                                     const struct init_producer_id_request *from);

struct init_producer_id_response {
    /* How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
    int64_t producer_id;
    int16_t producer_epoch;
};
void init_producer_id_response_init(struct init_producer_id_response *ret);

MUST_CHECK
bool init_producer_id_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct init_producer_id_response *ret);
void init_producer_id_response_encode(struct wire_writer *w, int16_t version,
                                      const struct init_producer_id_response *from);

#endif
