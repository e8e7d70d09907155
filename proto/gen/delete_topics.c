/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/delete_topics.json: do not edit. */
#include "proto/gen/delete_topics.h"

void delete_topics_request_topic_init(struct delete_topics_request_topic *ret)
{
    *ret = (struct delete_topics_request_topic){0};
}

void delete_topics_request_init(struct delete_topics_request *ret)
{
    *ret = (struct delete_topics_request){0};
}

static void decode_delete_topics_request_topic(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct delete_topics_request_topic *ret)
{
    (void)version;
    (void)arena;
    delete_topics_request_topic_init(ret);
    ret->name = wire_read_string_nullable(r, true);
    ret->topic_id = wire_read_uuid(r);
    wire_skip_tags(r);
}

bool delete_topics_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct delete_topics_request *ret)
{
    const bool flexible = version >= 4;
    delete_topics_request_init(ret);
    if (version >= 6) {
        ret->topics = wire_read_list(r, flexible, arena,
                                     (struct wire_element){18, sizeof *ret->topics},
                                     &ret->topics_count);
        for (uint32_t i = 0; i < ret->topics_count; i++) {
            decode_delete_topics_request_topic(r, version, arena, &ret->topics[i]);
        }
    }
    if (version <= 5) {
        ret->topic_names = wire_read_string_list(r, flexible, arena, &ret->topic_names_count);
    }
    ret->timeout_ms = wire_read_i32(r);
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_delete_topics_request_topic(struct wire_writer *w, int16_t version,
                                               const struct delete_topics_request_topic *from)
{
    (void)version;
    wire_write_string_nullable(w, true, from->name);
    wire_write_uuid(w, from->topic_id);
    wire_write_no_tags(w);
}

void delete_topics_request_encode(struct wire_writer *w, int16_t version,
                                  const struct delete_topics_request *from)
{
    const bool flexible = version >= 4;
    if (version >= 6) {
        wire_write_count(w, flexible, from->topics_count);
        for (uint32_t i = 0; i < from->topics_count; i++) {
            encode_delete_topics_request_topic(w, version, &from->topics[i]);
        }
    }
    if (version <= 5) {
        wire_write_string_list(w, flexible, from->topic_names, from->topic_names_count);
    }
    wire_write_i32(w, from->timeout_ms);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void delete_topics_response_topic_init(struct delete_topics_response_topic *ret)
{
    *ret = (struct delete_topics_response_topic){0};
    ret->name = VIEW_LITERAL("");
}

void delete_topics_response_init(struct delete_topics_response *ret)
{
    *ret = (struct delete_topics_response){0};
}

static void decode_delete_topics_response_topic(struct wire_reader *r, int16_t version,
                                                struct arena *arena,
                                                struct delete_topics_response_topic *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    delete_topics_response_topic_init(ret);
    ret->name = version >= 6
                ? wire_read_string_nullable(r, flexible)
                : wire_read_string(r, flexible);
    if (version >= 6) {
        ret->topic_id = wire_read_uuid(r);
    }
    ret->error_code = wire_read_i16(r);
    if (version >= 5) {
        ret->error_message = wire_read_string_nullable(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool delete_topics_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                   struct delete_topics_response *ret)
{
    const bool flexible = version >= 4;
    delete_topics_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->responses = wire_read_list(r, flexible, arena,
                                    (struct wire_element){4, sizeof *ret->responses},
                                    &ret->responses_count);
    for (uint32_t i = 0; i < ret->responses_count; i++) {
        decode_delete_topics_response_topic(r, version, arena, &ret->responses[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_delete_topics_response_topic(struct wire_writer *w, int16_t version,
                                                const struct delete_topics_response_topic *from)
{
    const bool flexible = version >= 4;
    if (version >= 6) {
        wire_write_string_nullable(w, flexible, from->name);
    } else {
        wire_write_string(w, flexible, from->name);
    }
    if (version >= 6) {
        wire_write_uuid(w, from->topic_id);
    }
    wire_write_i16(w, from->error_code);
    if (version >= 5) {
        wire_write_string_nullable(w, flexible, from->error_message);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void delete_topics_response_encode(struct wire_writer *w, int16_t version,
                                   const struct delete_topics_response *from)
{
    const bool flexible = version >= 4;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->responses_count);
    for (uint32_t i = 0; i < from->responses_count; i++) {
        encode_delete_topics_response_topic(w, version, &from->responses[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
