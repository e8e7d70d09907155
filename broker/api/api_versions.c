/* SPDX-License-Identifier: Apache-2.0 */
/* ApiVersions (KIP-35, KIP-511): which APIs are served, straight from the codecs' table. */
#include "broker/api/api.h"
#include "proto/gen/api_versions.h"

/* Kafka's pattern for a client's name and version: letters, digits, and inside also '-' and '.'. */
static bool software_text_valid(struct view text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        uint8_t c = text.base[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool inner = (c == '-' || c == '.') && i > 0 && i + 1 < text.size;
        if (!plain && !inner) {
            return false;
        }
    }
    return text.size > 0;
}

static enum error_code check(struct request *r)
{
    const struct api *api = r->header.api;
    if (r->header.api_version < api->version_min || r->header.api_version > api->version_max) {
        return ERROR_UNSUPPORTED_VERSION;
    }
    struct api_versions_request q;
    if (!api_versions_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        return ERROR_INVALID_REQUEST;
    }
    if (r->header.api_version >= 3 && (!software_text_valid(q.client_software_name) ||
                                       !software_text_valid(q.client_software_version))) {
        return ERROR_INVALID_REQUEST;
    }
    return ERROR_NONE;
}

void api_versions_serve(struct shard *s, struct request *r)
{
    (void)s;
    struct api_versions_response a;
    struct wire_writer w;
    api_versions_response_init(&a);
    a.error_code = (int16_t)check(r);
    a.api_keys_count = api_table_count;
    a.api_keys = arena_array(&r->arena, api_table_count, sizeof *a.api_keys);
    for (unsigned i = 0; i < api_table_count; i++) {
        a.api_keys[i] = (struct api_versions_response_api){
            api_table[i].key, api_table[i].version_min, api_table[i].version_max};
    }
    request_begin_answer(r, &w);
    api_versions_response_encode(
        &w, a.error_code == ERROR_UNSUPPORTED_VERSION ? 0 : r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}
