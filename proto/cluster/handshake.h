/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_CLUSTER_HANDSHAKE_H
#define CORDUROY_PROTO_CLUSTER_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/uuid.h"
#include "common/view.h"
#include "proto/cluster/messages.h"

/* The first four frames of a connection between brokers. README.md here has their bytes.
 *
 *   opener                         acceptor
 *   OPEN   ------------------->
 *          <-------------------    CHALLENGE      (or REFUSED, then close)
 *   PROOF  ------------------->
 *          <-------------------    READY          (or REFUSED, then close)
 *
 * Each side proves that it knows the cluster's secret by an HMAC-SHA-256 over both OPEN and
 * CHALLENGE, which hold both nonces and both identities. Without a secret the same frames go with
 * proofs of zeros: so a side with and one without refuse each other. All functions are pure; any
 * thread. */

enum cluster_purpose {
    CLUSTER_PURPOSE_CONTROL = 1,
    CLUSTER_PURPOSE_LIVE = 2,
    CLUSTER_PURPOSE_CATCH_UP = 3,
};
#define CLUSTER_VERSION_MIN 2u
#define CLUSTER_VERSION_MAX 2u
#define CLUSTER_NONCE_SIZE 16u
#define CLUSTER_PROOF_SIZE 32u
#define CLUSTER_ID_DIGEST_SIZE 32u
/* Whole frames, their header included. */
#define CLUSTER_OPEN_SIZE 96u
#define CLUSTER_CHALLENGE_SIZE 48u
#define CLUSTER_PROOF_FRAME_SIZE 44u
/* Before READY a larger frame, of whatever kind, ends the connection by its length alone. */
#define CLUSTER_HANDSHAKE_FRAME_SIZE_MAX 1024u
#define CLUSTER_PORT_OFFSET 1000 /* default cluster port: the client listener's plus this */

struct cluster_open {
    uint16_t version_min, version_max;
    enum cluster_purpose purpose;
    uint32_t target_shard; /* 0 for control */
    int32_t target_broker;
    struct cluster_member from;
    uint32_t shard_count; /* of the opener */
    uint8_t cluster[CLUSTER_ID_DIGEST_SIZE];
    uint8_t nonce[CLUSTER_NONCE_SIZE];
    uint8_t frame[CLUSTER_OPEN_SIZE]; /* the bytes as sent: encode and decode fill them */
};
struct cluster_challenge {
    uint16_t version; /* chosen: the largest that both know */
    struct cluster_member from;
    uint32_t shard_count; /* of the acceptor */
    uint8_t nonce[CLUSTER_NONCE_SIZE];
    uint8_t frame[CLUSTER_CHALLENGE_SIZE];
};

/* SHA-256 of the cluster id's text. */
void cluster_id_digest(struct view cluster_id, uint8_t ret[CLUSTER_ID_DIGEST_SIZE]);
/* Fills open->frame from the other fields. */
void cluster_open_encode(struct cluster_open *open);
void cluster_challenge_encode(struct cluster_challenge *challenge);
/* bytes: the whole frame, header included. False: not such a frame. */
MUST_CHECK bool cluster_open_decode(struct view bytes, struct cluster_open *ret);
MUST_CHECK bool cluster_challenge_decode(struct view bytes, struct cluster_challenge *ret);

/* Why an acceptor must refuse this OPEN, as a static text for the log and the REFUSED frame; NULL:
 * go on. */
const char *cluster_open_check(const struct cluster_open *open, struct cluster_member self,
                               uint32_t shard_count, const uint8_t cluster[CLUSTER_ID_DIGEST_SIZE]);
/* The version to speak: the largest that both know. open was checked. */
uint16_t cluster_open_version(const struct cluster_open *open);

enum cluster_side {
    CLUSTER_OPENER,
    CLUSTER_ACCEPTOR,
};
/* The PROOF (opener) or READY (acceptor) frame: the same layout, other kinds. */
void cluster_proof_encode(enum cluster_side side, struct view secret,
                          const struct cluster_open *open,
                          const struct cluster_challenge *challenge,
                          uint8_t ret[CLUSTER_PROOF_FRAME_SIZE]);
/* Whether the frame is the right proof of that side; compared in constant time. */
MUST_CHECK bool cluster_proof_check(enum cluster_side side, struct view secret,
                                    const struct cluster_open *open,
                                    const struct cluster_challenge *challenge, struct view frame);

#endif
