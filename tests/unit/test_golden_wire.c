/* SPDX-License-Identifier: Apache-2.0 */
/* What Kafka 3.9.2 and its clients said to each other (tests/golden/wire) decodes, and encodes
 * again to the same bytes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "proto/frame.h"
#include "proto/gen/consumer_protocol_subscription.h"
#include "proto/gen/join_group.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/suite.h"

#define FOLDER "tests/golden/wire"
#define FILE_SIZE_MAX (4 << 20)

enum kind {
    KIND_REQUEST,
    KIND_RESPONSE,
    KIND_REFUSED,
    KIND_KEY,
    KIND_VALUE
};
#define FLAG_TRAILING 1

struct entry {
    enum kind kind;
    bool trailing;
    int16_t version;
    struct view frame;
    const char *file; /* its name without .bin */
    unsigned number;
};

static unsigned checked[KIND_VALUE + 1], trailing;

/* The entry's place, for messages. */
static const char *place(const struct entry *e)
{
    static char text[200];
    snprintf(text, sizeof text, "%s.bin entry %u, version %d", e->file, e->number, e->version);
    return text;
}

static const struct codec *codec_named(const char *name, const char *suffix)
{
    char full[100];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    for (unsigned i = 0; i < codec_table_count; i++)
        if (strcmp(codec_table[i]->name, full) == 0)
            return codec_table[i];
    ck_abort_msg("no codec for %s", full);
    return NULL;
}

/* Decodes from r to the end, encodes and compares with the bytes read. */
static void check_body(const struct entry *e, const struct codec *codec, struct wire_reader *r)
{
    struct arena arena = ARENA_INIT;
    struct wire_writer w;
    const uint8_t *begin = r->at;
    void *message = arena_alloc(&arena, codec->size);
    ck_assert_msg(codec->decode(r, e->version, &arena, message), "%s", place(e));
    ck_assert_msg((wire_left(r) > 0) == e->trailing, "%s: %zu left", place(e), wire_left(r));
    wire_writer_init(&w, NULL, 0, FILE_SIZE_MAX);
    codec->encode(&w, e->version, message);
    ck_assert_msg(!w.bad && w.used == (size_t)(r->at - begin), "%s", place(e));
    ck_assert_msg(memcmp(wire_written(&w).base, begin, w.used) == 0, "%s", place(e));
    wire_writer_deinit(&w);
    arena_reset(&arena);
    checked[e->kind]++;
    trailing += e->trailing;
}

static void check_request(const struct entry *e)
{
    struct request_header header;
    struct wire_reader r = wire_reader_of(e->frame);
    ck_assert_msg(frame_read_request_header(&r, &header) == 0, "%s", place(e));
    ck_assert_int_eq(header.api_version, e->version);
    const struct codec *codec = codec_named(e->file, "_request");
    ck_assert_int_eq(codec->api_key, header.api_key);

    struct wire_writer w;
    wire_writer_init(&w, NULL, 0, FILE_SIZE_MAX);
    (void)frame_begin_request(&w, &header);
    uint32_t size = w.used - FRAME_PREFIX_SIZE;
    ck_assert_msg(size == (size_t)(r.at - e->frame.base), "%s: header", place(e));
    ck_assert_mem_eq(wire_written(&w).base + FRAME_PREFIX_SIZE, e->frame.base, size);
    wire_writer_deinit(&w);
    check_body(e, codec, &r);
}

static void check_response(const struct entry *e)
{
    const struct codec *codec = codec_named(e->file, "_response");
    const struct api *api = api_find(codec->api_key);
    struct wire_reader r = wire_reader_of(e->frame);
    int32_t correlation_id = frame_read_response_header(&r, api, e->version);

    struct wire_writer w;
    wire_writer_init(&w, NULL, 0, FILE_SIZE_MAX);
    (void)frame_begin_response(&w, api, e->version, correlation_id);
    uint32_t size = w.used - FRAME_PREFIX_SIZE;
    ck_assert_msg(size == (size_t)(r.at - e->frame.base), "%s: header", place(e));
    ck_assert_mem_eq(wire_written(&w).base + FRAME_PREFIX_SIZE, e->frame.base, size);
    wire_writer_deinit(&w);
    check_body(e, codec, &r);
}

static void check_refused(const struct entry *e)
{
    struct request_header header;
    struct wire_reader r = wire_reader_of(e->frame);
    int condition = frame_read_request_header(&r, &header);
    ck_assert_msg(condition == FRAME_UNKNOWN_API || condition == FRAME_UNSUPPORTED_VERSION, "%s",
                  place(e));
    ck_assert_int_eq(header.api_version, e->version);
    checked[e->kind]++;
}

static void check_record(const struct entry *e)
{
    struct wire_reader r = wire_reader_of(e->frame);
    ck_assert_int_eq(wire_read_i16(&r), e->version);
    check_body(e, codec_named(e->file, ""), &r);
}

typedef void check_fn(const struct entry *e);

static void for_each_entry(const char *file, check_fn *check)
{
    char path[300];
    snprintf(path, sizeof path, FOLDER "/%s.bin", file);
    FILE *in = fopen(path, "rb");
    ck_assert_msg(in != NULL, "%s cannot be opened (run from the project's folder)", path);
    uint8_t *bytes = xmalloc(FILE_SIZE_MAX);
    size_t size = fread(bytes, 1, FILE_SIZE_MAX, in);
    fclose(in);
    ck_assert_uint_lt(size, FILE_SIZE_MAX);
    struct wire_reader r = wire_reader_of((struct view){bytes, (uint32_t)size});
    struct entry e = {.file = file};
    for (; wire_left(&r) > 0; e.number++) {
        e.kind = (enum kind)wire_read_i8(&r);
        e.trailing = wire_read_i8(&r) == FLAG_TRAILING;
        e.version = wire_read_i16(&r);
        e.frame = wire_read_bytes(&r, false);
        ck_assert_msg(!r.bad && e.kind <= KIND_VALUE, "%s is torn", path);
        check(&e);
    }
    free(bytes);
}

static void check_any(const struct entry *e)
{
    static check_fn *const checks[] = {check_request, check_response, check_refused, check_record,
                                       check_record};
    checks[e->kind](e);
}

START_TEST(test_recorded_frames_encode_to_the_same_bytes)
{
    DIR *folder = opendir(FOLDER);
    ck_assert_msg(folder != NULL, "run from the project's folder");
    for (struct dirent *d; (d = readdir(folder)) != NULL;) {
        size_t size = strlen(d->d_name);
        if (size > 4 && strcmp(d->d_name + size - 4, ".bin") == 0) {
            char *file = xstrndup(d->d_name, size - 4);
            for_each_entry(file, check_any);
            free(file);
        }
    }
    closedir(folder);
    printf("golden wire: %u requests, %u answers, %u refused, %u keys, %u values\n",
           checked[KIND_REQUEST], checked[KIND_RESPONSE], checked[KIND_REFUSED], checked[KIND_KEY],
           checked[KIND_VALUE]);
    /* Exactly what was recorded: a frame that is missing is no less wrong than one that differs. */
    ck_assert_uint_eq(checked[KIND_REQUEST], 1569);
    ck_assert_uint_eq(checked[KIND_RESPONSE], 1210);
    ck_assert_uint_eq(checked[KIND_REFUSED], 180);
    ck_assert_uint_eq(checked[KIND_KEY], 9);
    ck_assert_uint_eq(checked[KIND_VALUE], 14);
    ck_assert_uint_eq(trailing, 1);
}
END_TEST

static unsigned versions_seen[1 << 8][32];

static void note_version(const struct entry *e)
{
    const struct codec *codec =
        codec_named(e->file, e->kind == KIND_REQUEST ? "_request" : "_response");
    versions_seen[codec->api_key][e->version] |= e->kind == KIND_REQUEST ? 1 : 2;
}

START_TEST(test_every_version_of_every_api_was_recorded)
{
    for (unsigned i = 0; i < codec_table_count; i++) {
        const struct codec *codec = codec_table[i];
        if (codec->api_key >= 0 && !codec->is_response) {
            char *file = xstrndup(codec->name, strlen(codec->name) - strlen("_request"));
            for_each_entry(file, note_version);
            for (int16_t v = codec->version_min; v <= codec->version_max; v++)
                ck_assert_msg(versions_seen[codec->api_key][v] == 3, "%s %d", file, v);
            free(file);
        }
    }
}
END_TEST

static unsigned subscriptions;

/* What consumers put into their JoinGroup, after a version of their own. */
static void check_subscriptions(const struct entry *e)
{
    struct request_header header;
    struct join_group_request join;
    struct arena arena = ARENA_INIT;
    struct wire_reader r = wire_reader_of(e->frame);
    if (e->kind != KIND_REQUEST)
        return;
    ck_assert_int_eq(frame_read_request_header(&r, &header), 0);
    ck_assert(join_group_request_decode(&r, e->version, &arena, &join));
    for (uint32_t i = 0; i < join.protocols_count; i++) {
        struct consumer_protocol_subscription subscription;
        struct view metadata = join.protocols[i].metadata;
        if (!view_equal(join.protocol_type, VIEW_LITERAL("consumer")) || metadata.size < 6)
            continue;
        r = wire_reader_of(metadata);
        int16_t version = wire_read_i16(&r);
        if (version < 0 || version > 3)
            continue;
        ck_assert_msg(consumer_protocol_subscription_decode(&r, version, &arena, &subscription),
                      "%s", place(e));
        subscriptions++;
    }
    arena_reset(&arena);
}

START_TEST(test_recorded_subscriptions_are_read)
{
    for_each_entry("join_group", check_subscriptions);
    ck_assert_uint_gt(subscriptions, 50);
}
END_TEST

SUITE_MAIN("golden_wire", test_recorded_frames_encode_to_the_same_bytes,
           test_every_version_of_every_api_was_recorded, test_recorded_subscriptions_are_read)
