/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/api_versions.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_API_VERSIONS_H
#define CORDUROY_PROTO_GEN_API_VERSIONS_H

#include "proto/wire.h"

/* ApiVersions (key 18), versions 0-4, flexible from 3. Which APIs and versions a broker serves;
 * the answer always has response header 0, for the asker does not know yet what we speak.
 * KIP-511 (3), KIP-584 (3), KAFKA-17011 (4). */

struct api_versions_request {
    /* 3+. Letters, digits, dots and dashes. */
    struct view client_software_name;
    /* 3+. */
    struct view client_software_version;
};
void api_versions_request_init(struct api_versions_request *ret);

MUST_CHECK
bool api_versions_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct api_versions_request *ret);
void api_versions_request_encode(struct wire_writer *w, int16_t version,
                                 const struct api_versions_request *from);

struct api_versions_response_api {
    int16_t api_key;
    int16_t min_version;
    int16_t max_version;
};
void api_versions_response_api_init(struct api_versions_response_api *ret);

struct api_versions_response_supported_feature {
    struct view name;
    int16_t min_version;
    int16_t max_version;
};
void api_versions_response_supported_feature_init(
        struct api_versions_response_supported_feature *ret);

struct api_versions_response_finalized_feature {
    struct view name;
    int16_t max_version_level;
    int16_t min_version_level;
};
void api_versions_response_finalized_feature_init(
        struct api_versions_response_finalized_feature *ret);

struct api_versions_response {
    int16_t error_code;
    uint32_t api_keys_count;
    struct api_versions_response_api *api_keys;
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    /* 3+, tag 0. Feature levels; those with least level 0 are left out before version 4. */
    uint32_t supported_features_count;
    struct api_versions_response_supported_feature *supported_features;
    /* 3+, tag 1. -1: not known. */
    int64_t finalized_features_epoch;
    /* 3+, tag 2. */
    uint32_t finalized_features_count;
    struct api_versions_response_finalized_feature *finalized_features;
    /* 3+, tag 3. Of use only to a KRaft migration. */
    bool zk_migration_ready;
};
void api_versions_response_init(struct api_versions_response *ret);

MUST_CHECK
bool api_versions_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct api_versions_response *ret);
void api_versions_response_encode(struct wire_writer *w, int16_t version,
                                  const struct api_versions_response *from);

#endif
