/* SPDX-License-Identifier: Apache-2.0 */
/* Every frame of the cluster protocol: what is written is read back, and nothing else is. */
#include <check.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/cluster/frames.h"
#include "proto/cluster/handshake.h"

static const struct partition_id id_a = {{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                                         7};
static const struct partition_id id_b = {{{0xff, 2, 3}}, INT32_MAX};

/* ---- one message of each kind ---- */
static struct cluster_item items[5];
static struct cluster_directory directories[2];
static struct cluster_exception exceptions[1];
static struct cluster_held held[2];
static struct cluster_isr_change changes[2];
static struct cluster_isr_reply replies[2];
static struct cluster_report reports[2];
static struct cluster_replica_open opens[2];
static struct cluster_replica_state states[1];
static struct cluster_diverge diverges[1];
static struct cluster_reset resets[1];
static struct cluster_push pushes[3];
static struct cluster_ack acks[2];
static struct cluster_refuse refuses[1];

static void fill_items(void)
{
    items[0] = (struct cluster_item){.kind = CLUSTER_ITEM_BROKER,
                                     .u.broker = {.member = {3, UINT64_MAX},
                                                  .alive = true,
                                                  .host = VIEW_LITERAL("host"),
                                                  .port = 9092,
                                                  .rack = VIEW_NULL,
                                                  .cluster_host = VIEW_LITERAL(""),
                                                  .cluster_port = 10092,
                                                  .shard_count = 4}};
    items[1].kind = CLUSTER_ITEM_BROKER_GONE;
    items[1].u.broker.member.broker = 9;
    items[2] = (struct cluster_item){
        .kind = CLUSTER_ITEM_TOPIC,
        .u.topic = {id_a.topic, VIEW_LITERAL("orders"), 12, VIEW_LITERAL("retention.ms=1\n")}};
    items[3].kind = CLUSTER_ITEM_TOPIC_GONE;
    items[3].u.topic = (struct cluster_topic_item){.id = id_b.topic, .name = VIEW_LITERAL("gone")};
    items[4] = (struct cluster_item){.kind = CLUSTER_ITEM_PARTITION,
                                     .u.partition = {.id = id_b,
                                                     .leader = -1,
                                                     .leader_incarnation = 77,
                                                     .leader_epoch = 5,
                                                     .version = 6,
                                                     .min_isr = 2,
                                                     .flags = CLUSTER_PARTITION_NEW,
                                                     .replica_count = 3,
                                                     .isr_count = 2,
                                                     .replicas = {1, 2, 3},
                                                     .isr = {2, 3}}};
}

static void fill_replication(void)
{
    opens[0] = (struct cluster_replica_open){id_a, 5, 6, 7};
    opens[1] = (struct cluster_replica_open){id_b, 1, 2, INT64_MAX};
    states[0] = (struct cluster_replica_state){id_a, 5, 6, -1, 0, -1, 44};
    diverges[0] = (struct cluster_diverge){id_a, 5, 6, 4, 1000};
    resets[0] = (struct cluster_reset){id_a, 5, 6, 88};
    pushes[0] = (struct cluster_push){id_a, 5, 6, 100, 1, 101, 10};
    pushes[1] = (struct cluster_push){id_b, 5, 6, 100, 1, 101, 0};
    pushes[2] = (struct cluster_push){id_b, 5, 6, 100, 1, 101, 3};
    acks[0] = (struct cluster_ack){id_a, 5, 6, 200, 199};
    acks[1] = (struct cluster_ack){id_b, 5, 6, 200, 199};
    refuses[0] = (struct cluster_refuse){id_a, 5, 6, CLUSTER_REFUSED_GAP};
}

static void fill_control(void)
{
    directories[0] = (struct cluster_directory){id_a.topic, true};
    directories[1] = (struct cluster_directory){id_b.topic, false};
    exceptions[0] = (struct cluster_exception){id_a, CLUSTER_REPLICA_WRONG_TOPIC};
    held[0] = (struct cluster_held){id_a, 4, 5, 6, 7};
    held[1] = (struct cluster_held){id_b, -1, 0, -1, -1};
    changes[0] = (struct cluster_isr_change){1, id_a, 2, 3, 2, {{1, 11}, {2, 22}}};
    changes[1] = (struct cluster_isr_change){2, id_b, 2, 3, 0, {{0}}};
    replies[0] = (struct cluster_isr_reply){1, id_a, CLUSTER_ISR_UNKNOWN, 2, 3, 1, {9}};
    replies[1] = (struct cluster_isr_reply){1, id_a, CLUSTER_ISR_DONE, 2, 3, 3, {9, 8, 7}};
    reports[0] = (struct cluster_report){id_a, CLUSTER_REPORT_RESIGNED, 3, 9};
    reports[1] = (struct cluster_report){id_b, CLUSTER_REPORT_CREATED, 0, 0};
}

static const unsigned kinds[] = {5,  6,  7,  16, 17, 18, 19, 20, 21, 22, 23,
                                 24, 25, 26, 32, 33, 34, 35, 36, 37, 38};

static void fill_small(struct cluster_message *m)
{
    switch ((unsigned)m->kind) {
    case CLUSTER_KIND_REFUSED:
        m->u.refused = VIEW_LITERAL("the broker belongs to another cluster");
        break;
    case CLUSTER_KIND_PING:
    case CLUSTER_KIND_PONG:
        m->u.ping.number = 12345678901234;
        break;
    case CLUSTER_KIND_SUBSCRIBE:
        m->u.subscribe = (struct cluster_subscribe){{1, 2}, -1, 9};
        break;
    case CLUSTER_KIND_DIGEST:
        m->u.digest = (struct cluster_digest){3, 4, 5};
        break;
    case CLUSTER_KIND_SHUTDOWN:
        m->u.shutdown.from = (struct cluster_member){4, 5};
        break;
    case CLUSTER_KIND_SHUTDOWN_REPLY:
        m->u.shutdown_reply.remaining = 17;
        break;
    case CLUSTER_KIND_ADMIN:
        m->u.admin = (struct cluster_admin){1, 19, 7, 30000, VIEW_LITERAL("body")};
        break;
    case CLUSTER_KIND_ADMIN_REPLY:
        m->u.admin_reply = (struct cluster_admin_reply){1, 41, 8, VIEW_NULL};
        break;
    default:
        break;
    }
}

#define LIST(field, array)                                                                         \
    (m->u.field.count = (uint32_t)COUNT_OF(array), m->u.field.items = (array))
static void fill_list(struct cluster_message *m)
{
    switch ((unsigned)m->kind) {
    case CLUSTER_KIND_METADATA:
        m->u.metadata = (struct cluster_metadata){1, 2, 3, true, false, COUNT_OF(items), items};
        break;
    case CLUSTER_KIND_INVENTORY:
        m->u.inventory = (struct cluster_inventory){{1, 2},
                                                    3,
                                                    COUNT_OF(directories),
                                                    COUNT_OF(exceptions),
                                                    COUNT_OF(held),
                                                    directories,
                                                    exceptions,
                                                    held};
        break;
    case CLUSTER_KIND_ISR_CHANGES:
        LIST(isr_changes, changes);
        break;
    case CLUSTER_KIND_ISR_REPLIES:
        LIST(isr_replies, replies);
        break;
    case CLUSTER_KIND_REPORTS:
        LIST(reports, reports);
        break;
    case CLUSTER_KIND_REPLICA_OPENS:
        LIST(opens, opens);
        break;
    case CLUSTER_KIND_REPLICA_STATES:
        LIST(states, states);
        break;
    case CLUSTER_KIND_DIVERGES:
        LIST(diverges, diverges);
        break;
    case CLUSTER_KIND_RESETS:
        LIST(resets, resets);
        break;
    case CLUSTER_KIND_PUSHES:
        LIST(pushes, pushes);
        break;
    case CLUSTER_KIND_ACKS:
        LIST(acks, acks);
        break;
    case CLUSTER_KIND_REFUSES:
        LIST(refuses, refuses);
        break;
    default:
        fill_small(m);
    }
}

/* The frame of that kind, a push's batches included. */
static struct view sample(struct cluster_writer *w, unsigned kind)
{
    fill_items();
    fill_replication();
    fill_control();
    struct cluster_message m = {.kind = (enum cluster_kind)kind};
    fill_list(&m);
    cluster_frame_encode(w, &m);
    if (kind == CLUSTER_KIND_PUSHES) {
        w->data = realloc(w->data, w->size + 13);
        memcpy(w->data + w->size, "0123456789abc", 13);
        w->size += 13;
        w->capacity = w->size;
    }
    return (struct view){w->data, (uint32_t)w->size};
}

static void repair(uint8_t *frame, uint32_t size, uint32_t covered)
{
    store_u32(frame, size - 4);
    uint32_t crc = crc32c(0, frame + 4, 4);
    store_u32(frame + 8, crc32c(crc, frame + 12, covered - 12));
}

START_TEST(each_kind_comes_back)
{
    struct cluster_writer first = {0}, second = {0};
    struct arena arena = ARENA_INIT;
    unsigned kind = kinds[_i];
    struct view frame = sample(&first, kind);
    uint32_t size = 0;
    ck_assert_int_eq(cluster_frame_size(frame, &size), 0);
    ck_assert_uint_eq(size, frame.size);
    struct cluster_message m;
    ck_assert_int_eq(cluster_frame_decode(frame, &arena, &m), 0);
    ck_assert_uint_eq(m.kind, kind);
    cluster_frame_encode(&second, &m);
    ck_assert_uint_eq(second.size, first.size - (kind == CLUSTER_KIND_PUSHES ? 13 : 0));
    ck_assert_mem_eq(second.data, first.data, second.size);
    arena_reset(&arena);
    cluster_writer_deinit(&first);
    cluster_writer_deinit(&second);
}
END_TEST

START_TEST(each_prefix_is_refused)
{
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct view frame = sample(&w, kinds[_i]);
    struct cluster_message m;
    for (uint32_t size = 0; size < frame.size; size++) {
        uint8_t *cut = malloc(size + 1);
        memcpy(cut, frame.base, size);
        struct view v = {cut, size};
        ck_assert_int_eq(cluster_frame_decode(v, &arena, &m), CLUSTER_FRAME_SHORT);
        if (size >= CLUSTER_FRAME_HEADER_SIZE) {
            repair(cut, size, size); /* a peer that lies */
            ck_assert_int_ne(cluster_frame_decode(v, &arena, &m), 0);
        }
        free(cut);
    }
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

START_TEST(each_flipped_bit_is_noticed)
{
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct view frame = sample(&w, kinds[_i]);
    uint32_t guarded = frame.size - (kinds[_i] == CLUSTER_KIND_PUSHES ? 13 : 0);
    struct cluster_message m;
    for (uint32_t i = 0; i < guarded * 8; i++) {
        w.data[i / 8] ^= (uint8_t)(1 << (i % 8));
        ck_assert_int_ne(cluster_frame_decode(frame, &arena, &m), 0);
        w.data[i / 8] ^= (uint8_t)(1 << (i % 8));
    }
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

START_TEST(trailing_bytes_are_refused)
{
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct view frame = sample(&w, kinds[_i]);
    uint8_t *more = calloc(1, frame.size + 1);
    memcpy(more, frame.base, frame.size);
    struct cluster_message m;
    struct view v = {more, frame.size + 1};
    ck_assert_int_eq(cluster_frame_decode(v, &arena, &m), CLUSTER_FRAME_BAD_SIZE);
    if (kinds[_i] != CLUSTER_KIND_PUSHES) {
        repair(more, v.size, v.size);
        ck_assert_int_eq(cluster_frame_decode(v, &arena, &m), CLUSTER_FRAME_BAD_CONTENT);
    }
    free(more);
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

START_TEST(fields_keep_their_values)
{
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct cluster_message m;
    ck_assert_int_eq(cluster_frame_decode(sample(&w, CLUSTER_KIND_METADATA), &arena, &m), 0);
    ck_assert_uint_eq(m.u.metadata.item_count, 5);
    const struct cluster_broker_item *b = &m.u.metadata.items[0].u.broker;
    ck_assert(b->alive && b->member.incarnation == UINT64_MAX && b->cluster_port == 10092);
    ck_assert(view_equal(b->host, VIEW_LITERAL("host")) && b->rack.base == NULL &&
              b->cluster_host.base != NULL);
    const struct cluster_partition_item *p = &m.u.metadata.items[4].u.partition;
    ck_assert(partition_id_equal(p->id, id_b) && p->leader == -1 && p->isr[1] == 3);
    w.size = 0;
    ck_assert_int_eq(cluster_frame_decode(sample(&w, CLUSTER_KIND_PUSHES), &arena, &m), 0);
    ck_assert_uint_eq(m.u.pushes.count, 3);
    ck_assert_int_eq(m.u.pushes.items[0].base, 101);
    ck_assert_mem_eq(w.data + m.u.pushes.bytes_pos, "0123456789abc", 13);
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

START_TEST(absurd_counts_take_no_memory)
{
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct view frame = sample(&w, CLUSTER_KIND_ACKS);
    struct cluster_message m;
    store_u32(w.data + 12, UINT32_MAX);
    repair(w.data, frame.size, frame.size);
    ck_assert_int_eq(cluster_frame_decode(frame, &arena, &m), CLUSTER_FRAME_BAD_CONTENT);
    ck_assert_uint_eq(arena.total, 0);
    uint8_t huge[4] = {0xff, 0xff, 0xff, 0xff}, tiny[4] = {0, 0, 0, 7};
    uint32_t size;
    ck_assert_int_eq(cluster_frame_size((struct view){huge, 4}, &size), CLUSTER_FRAME_BAD_SIZE);
    ck_assert_int_eq(cluster_frame_size((struct view){tiny, 4}, &size), CLUSTER_FRAME_BAD_SIZE);
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

/* Items of five bytes each would take forty times as much as values. */
START_TEST(small_items_take_no_more_than_a_frame)
{
    enum {
        COUNT = 400000,
        HEAD = 12 + 4 + 4 + 8 + 2 + 4
    };
    uint32_t size = HEAD + 5 * COUNT;
    uint8_t *frame = calloc(1, size);
    struct arena arena = ARENA_INIT;
    struct cluster_message m;
    frame[4] = CLUSTER_KIND_METADATA;
    store_u16(frame + 6, CLUSTER_VERSION_MAX);
    store_u32(frame + HEAD - 4, COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        frame[HEAD + 5 * i] = CLUSTER_ITEM_BROKER_GONE;
    repair(frame, size, size);
    ck_assert_int_eq(cluster_frame_decode((struct view){frame, size}, &arena, &m),
                     CLUSTER_FRAME_BAD_CONTENT);
    ck_assert_uint_eq(arena.total, 0);
    store_u32(frame + HEAD - 4, 1000);
    repair(frame, HEAD + 5000, HEAD + 5000);
    ck_assert_int_eq(cluster_frame_decode((struct view){frame, HEAD + 5000}, &arena, &m), 0);
    arena_reset(&arena);
    free(frame);
}
END_TEST

START_TEST(unknown_kinds_versions_and_flags_are_refused)
{
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct view frame = sample(&w, CLUSTER_KIND_PING);
    struct cluster_message m;
    for (unsigned kind = 0; kind < 256; kind++) {
        w.data[4] = (uint8_t)kind;
        repair(w.data, frame.size, frame.size);
        if (kind != CLUSTER_KIND_PING && kind != CLUSTER_KIND_PONG)
            ck_assert_int_ne(cluster_frame_decode(frame, &arena, &m), 0);
    }
    w.data[4] = CLUSTER_KIND_PING;
    store_u16(w.data + 6, CLUSTER_VERSION_MAX + 1);
    repair(w.data, frame.size, frame.size);
    ck_assert_int_eq(cluster_frame_decode(frame, &arena, &m), CLUSTER_FRAME_BAD_KIND);
    store_u16(w.data + 6, CLUSTER_VERSION_MAX);
    w.data[5] = 1;
    repair(w.data, frame.size, frame.size);
    ck_assert_int_eq(cluster_frame_decode(frame, &arena, &m), CLUSTER_FRAME_BAD_KIND);
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

/* ---- handshake ---- */
static struct cluster_open an_open(void)
{
    struct cluster_open o = {.version_min = CLUSTER_VERSION_MIN,
                             .version_max = CLUSTER_VERSION_MAX,
                             .purpose = CLUSTER_PURPOSE_LIVE,
                             .target_shard = 1,
                             .target_broker = 2,
                             .from = {1, 99},
                             .shard_count = 3,
                             .nonce = {1, 2, 3}};
    cluster_id_digest(VIEW_LITERAL("cluster"), o.cluster);
    cluster_open_encode(&o);
    return o;
}

static struct cluster_challenge a_challenge(void)
{
    struct cluster_challenge c = {
        .version = CLUSTER_VERSION_MAX, .from = {2, 98}, .shard_count = 2, .nonce = {9, 8, 7}};
    cluster_challenge_encode(&c);
    return c;
}

START_TEST(handshake_frames_come_back)
{
    struct cluster_open o = an_open(), o2;
    ck_assert(cluster_open_decode((struct view){o.frame, sizeof o.frame}, &o2));
    ck_assert_mem_eq(&o, &o2, sizeof o);
    struct cluster_challenge c = a_challenge(), c2;
    ck_assert(cluster_challenge_decode((struct view){c.frame, sizeof c.frame}, &c2));
    ck_assert_mem_eq(c.frame, c2.frame, sizeof c.frame);
    ck_assert(c2.from.incarnation == 98 && c2.shard_count == 2);
    for (uint32_t size = 0; size < sizeof o.frame; size++)
        ck_assert(!cluster_open_decode((struct view){o.frame, size}, &o2));
    for (uint32_t size = 0; size < sizeof c.frame; size++)
        ck_assert(!cluster_challenge_decode((struct view){c.frame, size}, &c2));
    for (uint32_t i = 0; i < sizeof o.frame; i++) {
        o.frame[i] ^= 0x10;
        ck_assert(!cluster_open_decode((struct view){o.frame, sizeof o.frame}, &o2));
        o.frame[i] ^= 0x10;
    }
}
END_TEST

START_TEST(open_is_checked_against_who_answers)
{
    uint8_t cluster[CLUSTER_ID_DIGEST_SIZE], other[CLUSTER_ID_DIGEST_SIZE];
    cluster_id_digest(VIEW_LITERAL("cluster"), cluster);
    cluster_id_digest(VIEW_LITERAL("another"), other);
    struct cluster_member self = {2, 98};
    struct cluster_open o = an_open();
    ck_assert_ptr_null(cluster_open_check(&o, self, 2, cluster));
    ck_assert_ptr_nonnull(cluster_open_check(&o, self, 2, other));
    ck_assert_ptr_nonnull(cluster_open_check(&o, self, 1, cluster));
    ck_assert_ptr_nonnull(cluster_open_check(&o, (struct cluster_member){3, 98}, 2, cluster));
    o.version_min = o.version_max = CLUSTER_VERSION_MAX + 1;
    ck_assert_ptr_nonnull(cluster_open_check(&o, self, 2, cluster));
    o = an_open();
    o.version_max = 7;
    ck_assert_ptr_null(cluster_open_check(&o, self, 2, cluster));
    ck_assert_uint_eq(cluster_open_version(&o), CLUSTER_VERSION_MAX);
    o.from.broker = 2;
    ck_assert_ptr_nonnull(cluster_open_check(&o, self, 2, cluster));
}
END_TEST

START_TEST(proofs_need_the_secret_and_this_connection)
{
    struct cluster_open o = an_open(), o2 = an_open();
    struct cluster_challenge c = a_challenge(), c2 = a_challenge();
    o2.nonce[0]++;
    cluster_open_encode(&o2);
    c2.from.incarnation++;
    cluster_challenge_encode(&c2);
    struct view right = VIEW_LITERAL("secret"), wrong = VIEW_LITERAL("Secret");
    uint8_t frame[CLUSTER_PROOF_FRAME_SIZE];
    struct view v = {frame, sizeof frame};
    for (int side = CLUSTER_OPENER; side <= CLUSTER_ACCEPTOR; side++) {
        enum cluster_side me = (enum cluster_side)side, they = (enum cluster_side) !side;
        cluster_proof_encode(me, right, &o, &c, frame);
        ck_assert(cluster_proof_check(me, right, &o, &c, v));
        ck_assert(!cluster_proof_check(they, right, &o, &c, v));
        ck_assert(!cluster_proof_check(me, wrong, &o, &c, v));
        ck_assert(!cluster_proof_check(me, VIEW_NULL, &o, &c, v));
        ck_assert(!cluster_proof_check(me, right, &o2, &c, v));
        ck_assert(!cluster_proof_check(me, right, &o, &c2, v));
        cluster_proof_encode(me, VIEW_NULL, &o, &c, frame);
        ck_assert(cluster_proof_check(me, VIEW_NULL, &o, &c, v));
        ck_assert(!cluster_proof_check(me, right, &o, &c, v));
    }
    /* One side's proof is not the other's, though both say the same things. */
    uint8_t back[CLUSTER_PROOF_FRAME_SIZE];
    cluster_proof_encode(CLUSTER_OPENER, right, &o, &c, frame);
    cluster_proof_encode(CLUSTER_ACCEPTOR, right, &o, &c, back);
    ck_assert_mem_ne(frame + 12, back + 12, CLUSTER_PROOF_SIZE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cluster frames");
    TCase *t = tcase_create("frames");
    int n = (int)COUNT_OF(kinds);
    tcase_add_loop_test(t, each_kind_comes_back, 0, n);
    tcase_add_loop_test(t, each_prefix_is_refused, 0, n);
    tcase_add_loop_test(t, each_flipped_bit_is_noticed, 0, n);
    tcase_add_loop_test(t, trailing_bytes_are_refused, 0, n);
    tcase_add_test(t, fields_keep_their_values);
    tcase_add_test(t, absurd_counts_take_no_memory);
    tcase_add_test(t, small_items_take_no_more_than_a_frame);
    tcase_add_test(t, unknown_kinds_versions_and_flags_are_refused);
    tcase_add_test(t, handshake_frames_come_back);
    tcase_add_test(t, open_is_checked_against_who_answers);
    tcase_add_test(t, proofs_need_the_secret_and_this_connection);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
