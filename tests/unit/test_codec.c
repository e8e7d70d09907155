/* SPDX-License-Identifier: Apache-2.0 */
/* Every message in every version, with random content: what was encoded decodes to the same fields
 * and encodes to the same bytes; no part of it is taken for a whole; damage is refused or read as
 * something that can be written again. */
#include <stdlib.h>

#include "common/memory.h"
#include "proto/gen/api_table.h"
#include "proto/gen/fetch.h"
#include "proto/gen/metadata.h"
#include "proto/gen/produce.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"
#include "tests/lib/suite.h"

#define ROUNDS 20
#define PREFIX_ROUNDS 3
#define DAMAGE_ROUNDS 40
/* Requests and responses in all their versions are more than this; fewer are checked only when the
 * table has lost some. */
#define CODEC_VERSIONS_MIN 300

/* One message of random content and its bytes. */
struct sample {
    struct arena arena;
    void *message;
    struct wire_writer w;
};

static void sample_init(struct sample *s, const struct codec *codec, int16_t version,
                        struct codec_random *random)
{
    s->arena = ARENA_INIT;
    s->message = arena_alloc(&s->arena, codec->size);
    codec->random(random, version, &s->arena, s->message);
    wire_writer_init(&s->w, NULL, 0, 1 << 20);
    codec->encode(&s->w, version, s->message);
    ck_assert_msg(!s->w.bad, "%s %d", codec->name, version);
}

static void sample_deinit(struct sample *s)
{
    wire_writer_deinit(&s->w);
    arena_reset(&s->arena);
}

/* Decodes a copy of exactly these bytes, so that a sanitizer sees each read past them; true when
 * they are a message. What they decode to is encoded into *w when that is not NULL. */
static bool decode_copy(const struct codec *codec, int16_t version, struct view bytes,
                        struct wire_writer *w)
{
    struct arena arena = ARENA_INIT;
    uint8_t *copy = xmalloc(bytes.size ? bytes.size : 1);
    memcpy(copy, bytes.base, bytes.size);
    struct wire_reader r = wire_reader_of((struct view){copy, bytes.size});
    void *message = arena_alloc(&arena, codec->size);
    bool good = codec->decode(&r, version, &arena, message);
    if (good && w)
        codec->encode(w, version, message);
    arena_reset(&arena);
    free(copy);
    return good;
}

typedef void check_fn(const struct codec *codec, int16_t version, struct codec_random *random);

/* Returns how many messages were checked. */
static unsigned for_each_version(check_fn *check, unsigned rounds)
{
    unsigned checked = 0;
    for (unsigned i = 0; i < codec_table_count; i++) {
        const struct codec *codec = codec_table[i];
        struct codec_random random = {.state = i};
        for (int16_t version = codec->version_min; version <= codec->version_max; version++) {
            for (unsigned round = 0; round < rounds; round++) {
                check(codec, version, &random);
                checked++;
            }
        }
    }
    return checked;
}

static void round_trip(const struct codec *codec, int16_t version, struct codec_random *random)
{
    struct sample s;
    sample_init(&s, codec, version, random);
    struct arena arena = ARENA_INIT;
    struct wire_reader r = wire_reader_of(wire_written(&s.w));
    void *back = arena_alloc(&arena, codec->size);
    ck_assert_msg(codec->decode(&r, version, &arena, back), "%s %d", codec->name, version);
    ck_assert_msg(wire_left(&r) == 0, "%s %d leaves bytes over", codec->name, version);
    ck_assert_msg(codec->equal(s.message, back), "%s %d changes", codec->name, version);
    struct wire_writer again;
    wire_writer_init(&again, NULL, 0, 1 << 20);
    codec->encode(&again, version, back);
    ck_assert_msg(view_equal(wire_written(&s.w), wire_written(&again)), "%s %d", codec->name,
                  version);
    wire_writer_deinit(&again);
    arena_reset(&arena);
    sample_deinit(&s);
}

START_TEST(test_every_version_round_trips)
{
    ck_assert_uint_ge(for_each_version(round_trip, ROUNDS), ROUNDS * CODEC_VERSIONS_MIN);
}
END_TEST

static void refuse_prefixes(const struct codec *codec, int16_t version, struct codec_random *random)
{
    struct sample s;
    sample_init(&s, codec, version, random);
    struct view whole = wire_written(&s.w);
    ck_assert(decode_copy(codec, version, whole, NULL));
    for (uint32_t size = 0; size < whole.size; size++) {
        ck_assert_msg(!decode_copy(codec, version, (struct view){whole.base, size}, NULL),
                      "%s %d: %u of %u bytes are taken for a message", codec->name, version, size,
                      whole.size);
    }
    sample_deinit(&s);
}

START_TEST(test_every_strict_prefix_is_refused)
{
    ck_assert_uint_ge(for_each_version(refuse_prefixes, PREFIX_ROUNDS),
                      PREFIX_ROUNDS * CODEC_VERSIONS_MIN);
}
END_TEST

static void damage(const struct codec *codec, int16_t version, struct codec_random *random)
{
    struct sample s;
    sample_init(&s, codec, version, random);
    struct view whole = wire_written(&s.w);
    uint8_t *bytes = s.w.buf->data;
    for (uint32_t flips = 0; whole.size > 0 && flips < 4; flips++) {
        bytes[random_next(random) % whole.size] = (uint8_t)random_next(random);
        struct wire_writer once, twice;
        wire_writer_init(&once, NULL, 0, 1 << 20);
        wire_writer_init(&twice, NULL, 0, 1 << 20);
        if (decode_copy(codec, version, whole, &once)) {
            ck_assert(decode_copy(codec, version, wire_written(&once), &twice));
            ck_assert(view_equal(wire_written(&once), wire_written(&twice)));
        }
        wire_writer_deinit(&once);
        wire_writer_deinit(&twice);
    }
    sample_deinit(&s);
}

START_TEST(test_damaged_messages_are_refused_or_read_in_good_order)
{
    ck_assert_uint_ge(for_each_version(damage, DAMAGE_ROUNDS), DAMAGE_ROUNDS * CODEC_VERSIONS_MIN);
}
END_TEST

START_TEST(test_every_api_of_the_table_has_both_codecs_in_its_versions)
{
    for (unsigned i = 0; i < api_table_count; i++) {
        const struct api *api = &api_table[i];
        unsigned found = 0;
        for (unsigned k = 0; k < codec_table_count; k++) {
            if (codec_table[k]->api_key == api->key) {
                found++;
                ck_assert_int_eq(codec_table[k]->version_min, api->version_min);
                ck_assert_int_eq(codec_table[k]->version_max, api->version_max);
            }
        }
        ck_assert_msg(found == 2, "%s", api->name);
        ck_assert_ptr_eq(api_find(api->key), api);
        ck_assert(i == 0 || api_table[i - 1].key < api->key);
        ck_assert_int_ge(api->served_min, api->version_min);
    }
    ck_assert_ptr_null(api_find(-1));
    ck_assert_ptr_null(api_find(9999));
}
END_TEST

START_TEST(test_defaults_are_kafkas)
{
    struct fetch_request request;
    struct fetch_response_partition partition;
    struct metadata_response metadata;
    fetch_request_init(&request);
    fetch_response_partition_init(&partition);
    metadata_response_init(&metadata);
    ck_assert_int_eq(request.replica_id, -1);
    ck_assert_int_eq(request.replica_state.replica_epoch, -1);
    ck_assert_int_eq(request.max_bytes, INT32_MAX);
    ck_assert_int_eq(partition.current_leader.leader_id, -1);
    ck_assert_int_eq(partition.last_stable_offset, -1);
    ck_assert_int_eq(metadata.cluster_authorized_operations, INT32_MIN);
}
END_TEST

START_TEST(test_tags_at_their_default_are_not_written)
{
    struct produce_response_partition partition;
    produce_response_partition_init(&partition);
    struct produce_response_topic topic = {.name = VIEW_LITERAL("t"),
                                           .partition_responses_count = 1,
                                           .partition_responses = &partition};
    struct produce_response response = {.responses_count = 1, .responses = &topic};
    struct wire_writer w;
    wire_writer_init(&w, NULL, 0, 1000);
    produce_response_encode(&w, 10, &response);
    uint32_t plain = w.used;
    partition.current_leader.leader_id = 3;
    produce_response_encode(&w, 10, &response);
    /* tag, size, leader, epoch, no tags inside */
    ck_assert_uint_eq(w.used - plain, plain + 2 + 4 + 4 + 1);
    plain = w.used;
    produce_response_encode(&w, 9, &response);
    ck_assert_msg(w.used - plain < plain, "version 9 does not know the tag");
    wire_writer_deinit(&w);
}
END_TEST

START_TEST(test_a_wide_list_takes_bounded_memory)
{
    /* Two bytes on the wire per topic; three million of them would ask for over 64 MiB. */
    const uint32_t count = 3000000;
    uint8_t *bytes = xcalloc(1, 4 + 2 * (size_t)count);
    store_u32(bytes, count);
    struct arena arena = ARENA_INIT;
    struct metadata_request request;
    struct wire_reader r = wire_reader_of((struct view){bytes, 4 + 2 * count});
    ck_assert(!metadata_request_decode(&r, 0, &arena, &request));
    ck_assert_uint_le(arena.total, WIRE_MEMORY_MAX);
    arena_reset(&arena);
    free(bytes);
}
END_TEST

SUITE_MAIN("codec", test_every_version_round_trips, test_every_strict_prefix_is_refused,
           test_damaged_messages_are_refused_or_read_in_good_order,
           test_every_api_of_the_table_has_both_codecs_in_its_versions, test_defaults_are_kafkas,
           test_tags_at_their_default_are_not_written, test_a_wide_list_takes_bounded_memory)
