/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cluster/handshake.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/cluster/frames.h"

#define POS_KIND 4u
#define POS_VERSION 6u
#define POS_CRC 8u
#define OPEN_MAGIC 0x43445259u /* "CDRY" */

void cluster_id_digest(struct view cluster_id, uint8_t ret[CLUSTER_ID_DIGEST_SIZE])
{
    unsigned size = 0;
    int ok = EVP_Digest(cluster_id.base, cluster_id.size, ret, &size, EVP_sha256(), NULL);
    POST(ok == 1);
    POST(size == CLUSTER_ID_DIGEST_SIZE);
}

/* The frames of the handshake bear version 0 whatever is spoken afterwards: their layout never
 * changes. */
static void seal(uint8_t *frame, uint32_t size, enum cluster_kind kind)
{
    store_u32(frame, size - 4);
    frame[POS_KIND] = (uint8_t)kind;
    frame[POS_KIND + 1] = 0;
    store_u16(frame + POS_VERSION, 0);
    uint32_t crc = crc32c(0, frame + POS_KIND, POS_CRC - POS_KIND);
    store_u32(frame + POS_CRC,
              crc32c(crc, frame + CLUSTER_FRAME_HEADER_SIZE, size - CLUSTER_FRAME_HEADER_SIZE));
}

static bool sealed(struct view frame, uint32_t size, enum cluster_kind kind)
{
    if (frame.size != size || load_u32(frame.base) != size - 4 || frame.base[POS_KIND] != kind ||
        frame.base[POS_KIND + 1] != 0 || load_u16(frame.base + POS_VERSION) != 0)
        return false;
    uint32_t crc = crc32c(0, frame.base + POS_KIND, POS_CRC - POS_KIND);
    crc = crc32c(crc, frame.base + CLUSTER_FRAME_HEADER_SIZE, size - CLUSTER_FRAME_HEADER_SIZE);
    return load_u32(frame.base + POS_CRC) == crc;
}

void cluster_open_encode(struct cluster_open *open)
{
    uint8_t *p = open->frame + CLUSTER_FRAME_HEADER_SIZE;
    memset(open->frame, 0, sizeof open->frame);
    store_u32(p, OPEN_MAGIC);
    store_u16(p + 4, open->version_min);
    store_u16(p + 6, open->version_max);
    p[8] = (uint8_t)open->purpose;
    store_u32(p + 12, open->target_shard);
    store_u32(p + 16, (uint32_t)open->target_broker);
    store_u32(p + 20, (uint32_t)open->from.broker);
    store_u64(p + 24, open->from.incarnation);
    store_u32(p + 32, open->shard_count);
    memcpy(p + 36, open->cluster, CLUSTER_ID_DIGEST_SIZE);
    memcpy(p + 68, open->nonce, CLUSTER_NONCE_SIZE);
    seal(open->frame, CLUSTER_OPEN_SIZE, CLUSTER_KIND_OPEN);
}

bool cluster_open_decode(struct view bytes, struct cluster_open *ret)
{
    if (!sealed(bytes, CLUSTER_OPEN_SIZE, CLUSTER_KIND_OPEN))
        return false;
    const uint8_t *p = bytes.base + CLUSTER_FRAME_HEADER_SIZE;
    if (load_u32(p) != OPEN_MAGIC || p[8] < CLUSTER_PURPOSE_CONTROL ||
        p[8] > CLUSTER_PURPOSE_CATCH_UP || p[9] || p[10] || p[11])
        return false;
    *ret = (struct cluster_open){
        .version_min = load_u16(p + 4),
        .version_max = load_u16(p + 6),
        .purpose = (enum cluster_purpose)p[8],
        .target_shard = load_u32(p + 12),
        .target_broker = load_i32(p + 16),
        .from = {load_i32(p + 20), load_u64(p + 24)},
        .shard_count = load_u32(p + 32),
    };
    memcpy(ret->cluster, p + 36, CLUSTER_ID_DIGEST_SIZE);
    memcpy(ret->nonce, p + 68, CLUSTER_NONCE_SIZE);
    memcpy(ret->frame, bytes.base, CLUSTER_OPEN_SIZE);
    return true;
}

void cluster_challenge_encode(struct cluster_challenge *challenge)
{
    uint8_t *p = challenge->frame + CLUSTER_FRAME_HEADER_SIZE;
    memset(challenge->frame, 0, sizeof challenge->frame);
    store_u16(p, challenge->version);
    store_u32(p + 4, (uint32_t)challenge->from.broker);
    store_u64(p + 8, challenge->from.incarnation);
    store_u32(p + 16, challenge->shard_count);
    memcpy(p + 20, challenge->nonce, CLUSTER_NONCE_SIZE);
    seal(challenge->frame, CLUSTER_CHALLENGE_SIZE, CLUSTER_KIND_CHALLENGE);
}

bool cluster_challenge_decode(struct view bytes, struct cluster_challenge *ret)
{
    if (!sealed(bytes, CLUSTER_CHALLENGE_SIZE, CLUSTER_KIND_CHALLENGE))
        return false;
    const uint8_t *p = bytes.base + CLUSTER_FRAME_HEADER_SIZE;
    *ret = (struct cluster_challenge){
        .version = load_u16(p),
        .from = {load_i32(p + 4), load_u64(p + 8)},
        .shard_count = load_u32(p + 16),
    };
    if (p[2] || p[3] || ret->version < CLUSTER_VERSION_MIN || ret->version > CLUSTER_VERSION_MAX)
        return false;
    memcpy(ret->nonce, p + 20, CLUSTER_NONCE_SIZE);
    memcpy(ret->frame, bytes.base, CLUSTER_CHALLENGE_SIZE);
    return true;
}

uint16_t cluster_open_version(const struct cluster_open *open)
{
    return open->version_max < CLUSTER_VERSION_MAX ? open->version_max : CLUSTER_VERSION_MAX;
}

const char *cluster_open_check(const struct cluster_open *open, struct cluster_member self,
                               uint32_t shard_count, const uint8_t cluster[CLUSTER_ID_DIGEST_SIZE])
{
    if (memcmp(open->cluster, cluster, CLUSTER_ID_DIGEST_SIZE) != 0)
        return "the broker belongs to another cluster";
    if (open->target_broker != self.broker)
        return "another broker than the one asked for answers at this address";
    if (open->version_min > open->version_max || open->version_min > CLUSTER_VERSION_MAX ||
        open->version_max < CLUSTER_VERSION_MIN)
        return "no common version of the cluster protocol";
    if (open->from.broker < 0 || open->from.incarnation == 0)
        return "the broker does not say who it is";
    if (open->from.broker == self.broker)
        return "another process with this broker id";
    if (open->target_shard >= shard_count)
        return "no such shard";
    return NULL;
}

static void proof(enum cluster_side side, struct view secret, const struct cluster_open *open,
                  const struct cluster_challenge *challenge, uint8_t ret[CLUSTER_PROOF_SIZE])
{
    memset(ret, 0, CLUSTER_PROOF_SIZE);
    if (!secret.base)
        return;
    uint8_t said[1 + CLUSTER_OPEN_SIZE + CLUSTER_CHALLENGE_SIZE];
    said[0] = side == CLUSTER_OPENER ? 'O' : 'A';
    memcpy(said + 1, open->frame, CLUSTER_OPEN_SIZE);
    memcpy(said + 1 + CLUSTER_OPEN_SIZE, challenge->frame, CLUSTER_CHALLENGE_SIZE);
    unsigned size = 0;
    const uint8_t *made =
        HMAC(EVP_sha256(), secret.base, (int)secret.size, said, sizeof said, ret, &size);
    POST(made != NULL);
    POST(size == CLUSTER_PROOF_SIZE);
}

void cluster_proof_encode(enum cluster_side side, struct view secret,
                          const struct cluster_open *open,
                          const struct cluster_challenge *challenge,
                          uint8_t ret[CLUSTER_PROOF_FRAME_SIZE])
{
    proof(side, secret, open, challenge, ret + CLUSTER_FRAME_HEADER_SIZE);
    seal(ret, CLUSTER_PROOF_FRAME_SIZE,
         side == CLUSTER_OPENER ? CLUSTER_KIND_PROOF : CLUSTER_KIND_READY);
}

bool cluster_proof_check(enum cluster_side side, struct view secret,
                         const struct cluster_open *open, const struct cluster_challenge *challenge,
                         struct view frame)
{
    uint8_t wanted[CLUSTER_PROOF_SIZE];
    if (!sealed(frame, CLUSTER_PROOF_FRAME_SIZE,
                side == CLUSTER_OPENER ? CLUSTER_KIND_PROOF : CLUSTER_KIND_READY))
        return false;
    proof(side, secret, open, challenge, wanted);
    return CRYPTO_memcmp(wanted, frame.base + CLUSTER_FRAME_HEADER_SIZE, CLUSTER_PROOF_SIZE) == 0;
}
