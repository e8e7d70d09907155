/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/api_versions.json: do not edit. */
#include "proto/gen/api_versions.h"

void api_versions_request_init(struct api_versions_request *ret)
{
    *ret = (struct api_versions_request){0};
}

bool api_versions_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct api_versions_request *ret)
{
    const bool flexible = version >= 3;
    (void)arena;
    api_versions_request_init(ret);
    if (version >= 3) {
        ret->client_software_name = wire_read_string(r, flexible);
        ret->client_software_version = wire_read_string(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void api_versions_request_encode(struct wire_writer *w, int16_t version,
                                 const struct api_versions_request *from)
{
    const bool flexible = version >= 3;
    if (version >= 3) {
        wire_write_string(w, flexible, from->client_software_name);
        wire_write_string(w, flexible, from->client_software_version);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void api_versions_response_api_init(struct api_versions_response_api *ret)
{
    *ret = (struct api_versions_response_api){0};
}

void api_versions_response_supported_feature_init(
        struct api_versions_response_supported_feature *ret)
{
    *ret = (struct api_versions_response_supported_feature){0};
}

void api_versions_response_finalized_feature_init(
        struct api_versions_response_finalized_feature *ret)
{
    *ret = (struct api_versions_response_finalized_feature){0};
}

void api_versions_response_init(struct api_versions_response *ret)
{
    *ret = (struct api_versions_response){0};
    ret->finalized_features_epoch = -1;
}

static void decode_api_versions_response_api(struct wire_reader *r, int16_t version,
                                             struct arena *arena,
                                             struct api_versions_response_api *ret)
{
    const bool flexible = version >= 3;
    (void)arena;
    api_versions_response_api_init(ret);
    ret->api_key = wire_read_i16(r);
    ret->min_version = wire_read_i16(r);
    ret->max_version = wire_read_i16(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_api_versions_response_supported_feature(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct api_versions_response_supported_feature *ret)
{
    (void)version;
    (void)arena;
    api_versions_response_supported_feature_init(ret);
    ret->name = wire_read_string(r, true);
    ret->min_version = wire_read_i16(r);
    ret->max_version = wire_read_i16(r);
    wire_skip_tags(r);
}

static void decode_api_versions_response_finalized_feature(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct api_versions_response_finalized_feature *ret)
{
    (void)version;
    (void)arena;
    api_versions_response_finalized_feature_init(ret);
    ret->name = wire_read_string(r, true);
    ret->max_version_level = wire_read_i16(r);
    ret->min_version_level = wire_read_i16(r);
    wire_skip_tags(r);
}

bool api_versions_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct api_versions_response *ret)
{
    const bool flexible = version >= 3;
    api_versions_response_init(ret);
    ret->error_code = wire_read_i16(r);
    ret->api_keys = wire_read_list(r, flexible, arena,
                                   (struct wire_element){6, sizeof *ret->api_keys},
                                   &ret->api_keys_count);
    for (uint32_t i = 0; i < ret->api_keys_count; i++) {
        decode_api_versions_response_api(r, version, arena, &ret->api_keys[i]);
    }
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0) {
                ret->supported_features = wire_read_list(
                        r, true, arena, (struct wire_element){6, sizeof *ret->supported_features},
                        &ret->supported_features_count);
                for (uint32_t i = 0; i < ret->supported_features_count; i++) {
                    decode_api_versions_response_supported_feature(r, version, arena,
                                                                   &ret->supported_features[i]);
                }
            } else if (tag.number == 1) {
                ret->finalized_features_epoch = wire_read_i64(r);
            } else if (tag.number == 2) {
                ret->finalized_features = wire_read_list(
                        r, true, arena, (struct wire_element){6, sizeof *ret->finalized_features},
                        &ret->finalized_features_count);
                for (uint32_t i = 0; i < ret->finalized_features_count; i++) {
                    decode_api_versions_response_finalized_feature(r, version, arena,
                                                                   &ret->finalized_features[i]);
                }
            } else if (tag.number == 3) {
                ret->zk_migration_ready = wire_read_bool(r);
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
    return !r->bad;
}

static void encode_api_versions_response_api(struct wire_writer *w, int16_t version,
                                             const struct api_versions_response_api *from)
{
    const bool flexible = version >= 3;
    wire_write_i16(w, from->api_key);
    wire_write_i16(w, from->min_version);
    wire_write_i16(w, from->max_version);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_api_versions_response_supported_feature(
        struct wire_writer *w, int16_t version,
        const struct api_versions_response_supported_feature *from)
{
    (void)version;
    wire_write_string(w, true, from->name);
    wire_write_i16(w, from->min_version);
    wire_write_i16(w, from->max_version);
    wire_write_no_tags(w);
}

static void encode_api_versions_response_finalized_feature(
        struct wire_writer *w, int16_t version,
        const struct api_versions_response_finalized_feature *from)
{
    (void)version;
    wire_write_string(w, true, from->name);
    wire_write_i16(w, from->max_version_level);
    wire_write_i16(w, from->min_version_level);
    wire_write_no_tags(w);
}

void api_versions_response_encode(struct wire_writer *w, int16_t version,
                                  const struct api_versions_response *from)
{
    const bool flexible = version >= 3;
    wire_write_i16(w, from->error_code);
    wire_write_count(w, flexible, from->api_keys_count);
    for (uint32_t i = 0; i < from->api_keys_count; i++) {
        encode_api_versions_response_api(w, version, &from->api_keys[i]);
    }
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    if (flexible) {
        const bool has_supported_features = from->supported_features_count > 0;
        const bool has_finalized_features_epoch = from->finalized_features_epoch != -1;
        const bool has_finalized_features = from->finalized_features_count > 0;
        const bool has_zk_migration_ready = from->zk_migration_ready;
        uint32_t tags = 0;
        tags += has_supported_features;
        tags += has_finalized_features_epoch;
        tags += has_finalized_features;
        tags += has_zk_migration_ready;
        wire_write_uvarint(w, tags);
        if (has_supported_features) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            wire_write_count(w, true, from->supported_features_count);
            for (uint32_t i = 0; i < from->supported_features_count; i++) {
                encode_api_versions_response_supported_feature(w, version,
                                                               &from->supported_features[i]);
            }
            wire_end_write_tag(w, begin);
        }
        if (has_finalized_features_epoch) {
            uint32_t begin = wire_begin_write_tag(w, 1);
            wire_write_i64(w, from->finalized_features_epoch);
            wire_end_write_tag(w, begin);
        }
        if (has_finalized_features) {
            uint32_t begin = wire_begin_write_tag(w, 2);
            wire_write_count(w, true, from->finalized_features_count);
            for (uint32_t i = 0; i < from->finalized_features_count; i++) {
                encode_api_versions_response_finalized_feature(w, version,
                                                               &from->finalized_features[i]);
            }
            wire_end_write_tag(w, begin);
        }
        if (has_zk_migration_ready) {
            uint32_t begin = wire_begin_write_tag(w, 3);
            wire_write_bool(w, from->zk_migration_ready);
            wire_end_write_tag(w, begin);
        }
    }
}
