/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/delete_topics.json: do not edit. */
#include "proto/gen/delete_topics.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_delete_topics_request_topic(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct delete_topics_request_topic *ret)
{
    (void)version;
    delete_topics_request_topic_init(ret);
    ret->name = random_string(random, arena, true);
    ret->topic_id = random_uuid(random);
}

static bool equal_delete_topics_request_topic(const struct delete_topics_request_topic *a,
                                              const struct delete_topics_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    return same;
}

static void random_delete_topics_request(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct delete_topics_request *ret)
{
    delete_topics_request_init(ret);
    if (version >= 6) {
        ret->topics_count = random_count(random);
        ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
        for (uint32_t i = 0; i < ret->topics_count; i++) {
            random_delete_topics_request_topic(random, version, arena, &ret->topics[i]);
        }
    }
    if (version <= 5) {
        ret->topic_names = random_string_list(random, arena, &ret->topic_names_count);
    }
    ret->timeout_ms = random_i32(random);
}

static bool equal_delete_topics_request(const struct delete_topics_request *a,
                                        const struct delete_topics_request *b)
{
    bool same = true;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_delete_topics_request_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->topic_names_count == b->topic_names_count;
    for (uint32_t i = 0; same && i < a->topic_names_count; i++) {
        same = codec_same_view(a->topic_names[i], b->topic_names[i]);
    }
    same = same && a->timeout_ms == b->timeout_ms;
    return same;
}

static void random_delete_topics_response_topic(struct codec_random *random, int16_t version,
                                                struct arena *arena,
                                                struct delete_topics_response_topic *ret)
{
    delete_topics_response_topic_init(ret);
    ret->name = random_string(random, arena, version >= 6);
    if (version >= 6) {
        ret->topic_id = random_uuid(random);
    }
    ret->error_code = random_i16(random);
    if (version >= 5) {
        ret->error_message = random_string(random, arena, true);
    }
}

static bool equal_delete_topics_response_topic(const struct delete_topics_response_topic *a,
                                               const struct delete_topics_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->error_message, b->error_message);
    return same;
}

static void random_delete_topics_response(struct codec_random *random, int16_t version,
                                          struct arena *arena, struct delete_topics_response *ret)
{
    delete_topics_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->responses_count = random_count(random);
    ret->responses = arena_array(arena, ret->responses_count, sizeof *ret->responses);
    for (uint32_t i = 0; i < ret->responses_count; i++) {
        random_delete_topics_response_topic(random, version, arena, &ret->responses[i]);
    }
}

static bool equal_delete_topics_response(const struct delete_topics_response *a,
                                         const struct delete_topics_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->responses_count == b->responses_count;
    for (uint32_t i = 0; same && i < a->responses_count; i++) {
        same = equal_delete_topics_response_topic(&a->responses[i], &b->responses[i]);
    }
    return same;
}

static bool decode_any_delete_topics_request(struct wire_reader *r, int16_t version,
                                             struct arena *arena, void *ret)
{
    return delete_topics_request_decode(r, version, arena, ret);
}

static void encode_any_delete_topics_request(struct wire_writer *w, int16_t version,
                                             const void *from)
{
    delete_topics_request_encode(w, version, from);
}

static void random_any_delete_topics_request(struct codec_random *random, int16_t version,
                                             struct arena *arena, void *ret)
{
    random_delete_topics_request(random, version, arena, ret);
}

static bool equal_any_delete_topics_request(const void *a, const void *b)
{
    return equal_delete_topics_request(a, b);
}

const struct codec codec_delete_topics_request = {
    .name = "delete_topics_request",
    .api_key = 20,
    .is_response = false,
    .version_min = 0,
    .version_max = 6,
    .size = sizeof(struct delete_topics_request),
    .decode = decode_any_delete_topics_request,
    .encode = encode_any_delete_topics_request,
    .random = random_any_delete_topics_request,
    .equal = equal_any_delete_topics_request,
};

static bool decode_any_delete_topics_response(struct wire_reader *r, int16_t version,
                                              struct arena *arena, void *ret)
{
    return delete_topics_response_decode(r, version, arena, ret);
}

static void encode_any_delete_topics_response(struct wire_writer *w, int16_t version,
                                              const void *from)
{
    delete_topics_response_encode(w, version, from);
}

static void random_any_delete_topics_response(struct codec_random *random, int16_t version,
                                              struct arena *arena, void *ret)
{
    random_delete_topics_response(random, version, arena, ret);
}

static bool equal_any_delete_topics_response(const void *a, const void *b)
{
    return equal_delete_topics_response(a, b);
}

const struct codec codec_delete_topics_response = {
    .name = "delete_topics_response",
    .api_key = 20,
    .is_response = true,
    .version_min = 0,
    .version_max = 6,
    .size = sizeof(struct delete_topics_response),
    .decode = decode_any_delete_topics_response,
    .encode = encode_any_delete_topics_response,
    .random = random_any_delete_topics_response,
    .equal = equal_any_delete_topics_response,
};
