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
        if (!plain && !inner)
            return false;
    }
    return text.size > 0;
}

static bool version_served(const struct request *r)
{
    const struct api *api = r->header.api;
    return r->header.api_version >= api->version_min && r->header.api_version <= api->version_max;
}

static enum error_code check(const struct request *r, const struct api_versions_request *q)
{
    if (!version_served(r))
        return ERROR_UNSUPPORTED_VERSION;
    if (r->header.api_version >= 3 && (!software_text_valid(q->client_software_name) ||
                                       !software_text_valid(q->client_software_version)))
        return ERROR_INVALID_REQUEST;
    return ERROR_NONE;
}

/* Everything; to a version that is not served only the versions of this API, for the client asks
 * again with one of them; with any other error nothing. */
static void put_apis(struct request *r, struct api_versions_response *a)
{
    a->api_keys = arena_array(&r->arena, api_table_count, sizeof *a->api_keys);
    for (unsigned i = 0; i < api_table_count; i++) {
        const struct api *api = &api_table[i];
        if (a->error_code == ERROR_NONE ||
            (a->error_code == ERROR_UNSUPPORTED_VERSION && api == r->header.api)) {
            a->api_keys[a->api_keys_count++] =
                (struct api_versions_response_api){api->key, api->version_min, api->version_max};
        }
    }
}

void api_versions_serve(struct shard *s, struct request *r)
{
    (void)s;
    struct api_versions_request q;
    struct api_versions_response a;
    struct wire_writer w;
    if (version_served(r) &&
        !api_versions_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        request_hang_up(r, "an ApiVersions request that cannot be read");
        return;
    }
    api_versions_response_init(&a);
    a.error_code = (int16_t)check(r, &q);
    put_apis(r, &a);
    request_begin_answer(r, &w);
    api_versions_response_encode(
        &w, a.error_code == ERROR_UNSUPPORTED_VERSION ? 0 : r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}
