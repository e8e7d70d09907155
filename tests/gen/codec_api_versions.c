/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/api_versions.json: do not edit. */
#include "proto/gen/api_versions.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_api_versions_request(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct api_versions_request *ret)
{
    api_versions_request_init(ret);
    if (version >= 3) {
        ret->client_software_name = random_string(random, arena, false);
        ret->client_software_version = random_string(random, arena, false);
    }
}

static bool equal_api_versions_request(const struct api_versions_request *a,
                                       const struct api_versions_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->client_software_name, b->client_software_name);
    same = same && codec_same_view(a->client_software_version, b->client_software_version);
    return same;
}

static void random_api_versions_response_api(struct codec_random *random, int16_t version,
                                             struct arena *arena,
                                             struct api_versions_response_api *ret)
{
    (void)version;
    (void)arena;
    api_versions_response_api_init(ret);
    ret->api_key = random_i16(random);
    ret->min_version = random_i16(random);
    ret->max_version = random_i16(random);
}

static bool equal_api_versions_response_api(const struct api_versions_response_api *a,
                                            const struct api_versions_response_api *b)
{
    bool same = true;
    same = same && a->api_key == b->api_key;
    same = same && a->min_version == b->min_version;
    same = same && a->max_version == b->max_version;
    return same;
}

static void random_api_versions_response_supported_feature(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct api_versions_response_supported_feature *ret)
{
    (void)version;
    api_versions_response_supported_feature_init(ret);
    ret->name = random_string(random, arena, false);
    ret->min_version = random_i16(random);
    ret->max_version = random_i16(random);
}

static bool equal_api_versions_response_supported_feature(
        const struct api_versions_response_supported_feature *a,
        const struct api_versions_response_supported_feature *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->min_version == b->min_version;
    same = same && a->max_version == b->max_version;
    return same;
}

static void random_api_versions_response_finalized_feature(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct api_versions_response_finalized_feature *ret)
{
    (void)version;
    api_versions_response_finalized_feature_init(ret);
    ret->name = random_string(random, arena, false);
    ret->max_version_level = random_i16(random);
    ret->min_version_level = random_i16(random);
}

static bool equal_api_versions_response_finalized_feature(
        const struct api_versions_response_finalized_feature *a,
        const struct api_versions_response_finalized_feature *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->max_version_level == b->max_version_level;
    same = same && a->min_version_level == b->min_version_level;
    return same;
}

static void random_api_versions_response(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct api_versions_response *ret)
{
    api_versions_response_init(ret);
    ret->error_code = random_i16(random);
    ret->api_keys_count = random_count(random);
    ret->api_keys = arena_array(arena, ret->api_keys_count, sizeof *ret->api_keys);
    for (uint32_t i = 0; i < ret->api_keys_count; i++) {
        random_api_versions_response_api(random, version, arena, &ret->api_keys[i]);
    }
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    if (version >= 3) {
        ret->supported_features_count = random_count(random);
        ret->supported_features = arena_array(arena, ret->supported_features_count,
                                              sizeof *ret->supported_features);
        for (uint32_t i = 0; i < ret->supported_features_count; i++) {
            random_api_versions_response_supported_feature(random, version, arena,
                                                           &ret->supported_features[i]);
        }
        ret->finalized_features_epoch = random_i64(random);
        ret->finalized_features_count = random_count(random);
        ret->finalized_features = arena_array(arena, ret->finalized_features_count,
                                              sizeof *ret->finalized_features);
        for (uint32_t i = 0; i < ret->finalized_features_count; i++) {
            random_api_versions_response_finalized_feature(random, version, arena,
                                                           &ret->finalized_features[i]);
        }
        ret->zk_migration_ready = random_bool(random);
    }
}

static bool equal_api_versions_response(const struct api_versions_response *a,
                                        const struct api_versions_response *b)
{
    bool same = true;
    same = same && a->error_code == b->error_code;
    same = same && a->api_keys_count == b->api_keys_count;
    for (uint32_t i = 0; same && i < a->api_keys_count; i++) {
        same = equal_api_versions_response_api(&a->api_keys[i], &b->api_keys[i]);
    }
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->supported_features_count == b->supported_features_count;
    for (uint32_t i = 0; same && i < a->supported_features_count; i++) {
        same = equal_api_versions_response_supported_feature(&a->supported_features[i],
                                                             &b->supported_features[i]);
    }
    same = same && a->finalized_features_epoch == b->finalized_features_epoch;
    same = same && a->finalized_features_count == b->finalized_features_count;
    for (uint32_t i = 0; same && i < a->finalized_features_count; i++) {
        same = equal_api_versions_response_finalized_feature(&a->finalized_features[i],
                                                             &b->finalized_features[i]);
    }
    same = same && a->zk_migration_ready == b->zk_migration_ready;
    return same;
}

static bool decode_any_api_versions_request(struct wire_reader *r, int16_t version,
                                            struct arena *arena, void *ret)
{
    return api_versions_request_decode(r, version, arena, ret);
}

static void encode_any_api_versions_request(struct wire_writer *w, int16_t version,
                                            const void *from)
{
    api_versions_request_encode(w, version, from);
}

static void random_any_api_versions_request(struct codec_random *random, int16_t version,
                                            struct arena *arena, void *ret)
{
    random_api_versions_request(random, version, arena, ret);
}

static bool equal_any_api_versions_request(const void *a, const void *b)
{
    return equal_api_versions_request(a, b);
}

const struct codec codec_api_versions_request = {
    .name = "api_versions_request",
    .api_key = 18,
    .is_response = false,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct api_versions_request),
    .decode = decode_any_api_versions_request,
    .encode = encode_any_api_versions_request,
    .random = random_any_api_versions_request,
    .equal = equal_any_api_versions_request,
};

static bool decode_any_api_versions_response(struct wire_reader *r, int16_t version,
                                             struct arena *arena, void *ret)
{
    return api_versions_response_decode(r, version, arena, ret);
}

static void encode_any_api_versions_response(struct wire_writer *w, int16_t version,
                                             const void *from)
{
    api_versions_response_encode(w, version, from);
}

static void random_any_api_versions_response(struct codec_random *random, int16_t version,
                                             struct arena *arena, void *ret)
{
    random_api_versions_response(random, version, arena, ret);
}

static bool equal_any_api_versions_response(const void *a, const void *b)
{
    return equal_api_versions_response(a, b);
}

const struct codec codec_api_versions_response = {
    .name = "api_versions_response",
    .api_key = 18,
    .is_response = true,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct api_versions_response),
    .decode = decode_any_api_versions_response,
    .encode = encode_any_api_versions_response,
    .random = random_any_api_versions_response,
    .equal = equal_any_api_versions_response,
};
