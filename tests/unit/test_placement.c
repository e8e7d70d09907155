/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/placement.h"
#include "tests/lib/suite.h"

/* Kafka's placement, worked out by hand from its rule. */

static const struct placement_broker five[] = {{0}, {1}, {2}, {3}, {4}};

static void expect(const int32_t *placed, const int32_t *wanted, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert_msg(placed[i] == wanted[i], "place %u: %d, not %d", i, placed[i], wanted[i]);
}

START_TEST(leaders_go_round_and_followers_shift)
{
    struct arena arena = ARENA_INIT;
    struct placement_options o = {.partition_count = 10, .replication_factor = 3};
    int32_t *placed;
    ck_assert_int_eq(placement_assign(five, 5, &o, &arena, &placed), PLACEMENT_OK);
    static const int32_t wanted[] = {0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 0, 4, 0, 1,
                                     0, 2, 3, 1, 3, 4, 2, 4, 0, 3, 0, 1, 4, 1, 2};
    expect(placed, wanted, 30);
    arena_reset(&arena);
}
END_TEST

START_TEST(start_and_shift)
{
    struct arena arena = ARENA_INIT;
    struct placement_options o = {
        .partition_count = 5, .replication_factor = 3, .start = 4, .shift = 1};
    int32_t *placed;
    ck_assert_int_eq(placement_assign(five, 5, &o, &arena, &placed), PLACEMENT_OK);
    static const int32_t wanted[] = {4, 1, 2, 0, 2, 3, 1, 3, 4, 2, 4, 0, 3, 0, 1};
    expect(placed, wanted, 15);
    arena_reset(&arena);
}
END_TEST

/* Added partitions start where partition 0 does: the whole is as if made at once. */
START_TEST(growth_goes_on_where_it_stopped)
{
    struct arena arena = ARENA_INIT;
    struct placement_options whole = {
        .partition_count = 12, .replication_factor = 2, .start = 2, .shift = 2};
    struct placement_options more = whole;
    int32_t *all, *rest;
    more.first_partition = 5;
    more.partition_count = 4;
    ck_assert_int_eq(placement_assign(five, 5, &whole, &arena, &all), PLACEMENT_OK);
    ck_assert_int_eq(placement_assign(five, 5, &more, &arena, &rest), PLACEMENT_OK);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_eq(rest[2 * i], all[2 * (5 + i)]);
    arena_reset(&arena);
}
END_TEST

#define A VIEW_LITERAL("a")
#define B VIEW_LITERAL("b")
#define C VIEW_LITERAL("c")

START_TEST(every_rack_has_a_replica_and_every_broker_its_share)
{
    struct arena arena = ARENA_INIT;
    const struct placement_broker brokers[] = {{0, A}, {1, B}, {2, B}, {3, C}, {4, C}, {5, A}};
    struct placement_options o = {.partition_count = 6, .replication_factor = 3};
    int32_t *placed;
    uint32_t replicas[6] = {0}, leaders[6] = {0};
    ck_assert_int_eq(placement_assign(brokers, 6, &o, &arena, &placed), PLACEMENT_OK);
    for (uint32_t p = 0; p < 6; p++) {
        unsigned racks = 0;
        leaders[placed[3 * p]]++;
        for (uint32_t i = 0; i < 3; i++) {
            racks |= 1u << (brokers[placed[3 * p + i]].rack.base[0] - 'a');
            replicas[placed[3 * p + i]]++;
        }
        ck_assert_uint_eq(racks, 7);
    }
    for (uint32_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(leaders[i], 1);
        ck_assert_uint_eq(replicas[i], 3);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(fewer_racks_than_replicas)
{
    struct arena arena = ARENA_INIT;
    const struct placement_broker brokers[] = {{0, A}, {1, B}, {2, B}, {3, A}};
    struct placement_options o = {.partition_count = 8, .replication_factor = 4};
    int32_t *placed;
    ck_assert_int_eq(placement_assign(brokers, 4, &o, &arena, &placed), PLACEMENT_OK);
    for (uint32_t p = 0; p < 8; p++) {
        unsigned seen = 0;
        for (uint32_t i = 0; i < 4; i++)
            seen |= 1u << placed[4 * p + i];
        ck_assert_uint_eq(seen, 15);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(what_cannot_be_placed)
{
    struct arena arena = ARENA_INIT;
    const struct placement_broker mixed[] = {{0, A}, {1}};
    struct placement_options o = {.partition_count = 1, .replication_factor = 6};
    int32_t *placed;
    ck_assert_int_eq(placement_assign(five, 5, &o, &arena, &placed), PLACEMENT_TOO_FEW_BROKERS);
    o.replication_factor = 1;
    ck_assert_int_eq(placement_assign(five, 0, &o, &arena, &placed), PLACEMENT_TOO_FEW_BROKERS);
    ck_assert_int_eq(placement_assign(mixed, 2, &o, &arena, &placed), PLACEMENT_MIXED_RACKS);
    ck_assert_int_eq(placement_assign(five, 1, &o, &arena, &placed), PLACEMENT_OK);
    ck_assert_int_eq(placed[0], 0);
    arena_reset(&arena);
}
END_TEST

SUITE_MAIN("placement", leaders_go_round_and_followers_shift, start_and_shift,
           growth_goes_on_where_it_stopped, every_rack_has_a_replica_and_every_broker_its_share,
           fewer_racks_than_replicas, what_cannot_be_placed)
