/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/init_producer_id.json: do not edit. */
#include "proto/gen/init_producer_id.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_init_producer_id_request(struct codec_random *random, int16_t version,
                                            struct arena *arena,
                                            struct init_producer_id_request *ret)
{
    init_producer_id_request_init(ret);
    ret->transactional_id = random_string(random, arena, true);
    ret->transaction_timeout_ms = random_i32(random);
    if (version >= 3) {
        ret->producer_id = random_i64(random);
        ret->producer_epoch = random_i16(random);
    }
}

static bool equal_init_producer_id_request(const struct init_producer_id_request *a,
                                           const struct init_producer_id_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->transactional_id, b->transactional_id);
    same = same && a->transaction_timeout_ms == b->transaction_timeout_ms;
    same = same && a->producer_id == b->producer_id;
    same = same && a->producer_epoch == b->producer_epoch;
    return same;
}

static void random_init_producer_id_response(struct codec_random *random, int16_t version,
                                             struct arena *arena,
                                             struct init_producer_id_response *ret)
{
    (void)version;
    (void)arena;
    init_producer_id_response_init(ret);
    ret->throttle_time_ms = random_i32(random);
    ret->error_code = random_i16(random);
    ret->producer_id = random_i64(random);
    ret->producer_epoch = random_i16(random);
}

static bool equal_init_producer_id_response(const struct init_producer_id_response *a,
                                            const struct init_producer_id_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && a->producer_id == b->producer_id;
    same = same && a->producer_epoch == b->producer_epoch;
    return same;
}

static bool decode_any_init_producer_id_request(struct wire_reader *r, int16_t version,
                                                struct arena *arena, void *ret)
{
    return init_producer_id_request_decode(r, version, arena, ret);
}

static void encode_any_init_producer_id_request(struct wire_writer *w, int16_t version,
                                                const void *from)
{
    init_producer_id_request_encode(w, version, from);
}

static void random_any_init_producer_id_request(struct codec_random *random, int16_t version,
                                                struct arena *arena, void *ret)
{
    random_init_producer_id_request(random, version, arena, ret);
}

static bool equal_any_init_producer_id_request(const void *a, const void *b)
{
    return equal_init_producer_id_request(a, b);
}

const struct codec codec_init_producer_id_request = {
    .name = "init_producer_id_request",
    .api_key = 22,
    .is_response = false,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct init_producer_id_request),
    .decode = decode_any_init_producer_id_request,
    .encode = encode_any_init_producer_id_request,
    .random = random_any_init_producer_id_request,
    .equal = equal_any_init_producer_id_request,
};

static bool decode_any_init_producer_id_response(struct wire_reader *r, int16_t version,
                                                 struct arena *arena, void *ret)
{
    return init_producer_id_response_decode(r, version, arena, ret);
}

static void encode_any_init_producer_id_response(struct wire_writer *w, int16_t version,
                                                 const void *from)
{
    init_producer_id_response_encode(w, version, from);
}

static void random_any_init_producer_id_response(struct codec_random *random, int16_t version,
                                                 struct arena *arena, void *ret)
{
    random_init_producer_id_response(random, version, arena, ret);
}

static bool equal_any_init_producer_id_response(const void *a, const void *b)
{
    return equal_init_producer_id_response(a, b);
}

const struct codec codec_init_producer_id_response = {
    .name = "init_producer_id_response",
    .api_key = 22,
    .is_response = true,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct init_producer_id_response),
    .decode = decode_any_init_producer_id_response,
    .encode = encode_any_init_producer_id_response,
    .random = random_any_init_producer_id_response,
    .equal = equal_any_init_producer_id_response,
};
