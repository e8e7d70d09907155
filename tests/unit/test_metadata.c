/* SPDX-License-Identifier: Apache-2.0 */
/* From the controller's numbered frames to what a shard knows: snapshots, gaps, stale controllers,
 * deletion. */
#include <check.h>

#include "broker/metadata.h"
#include "tests/lib/suite.h"

static struct broker_config config = {.cleanup_policy = "delete", .timestamp_type = "CreateTime"};

struct view_of_cluster {
    struct metadata now;
    struct metadata_feed *feed;
    bool again;
};

static void setup(struct view_of_cluster *v)
{
    metadata_init(&v->now);
    v->feed = metadata_feed_new(&config);
}

static void teardown(struct view_of_cluster *v)
{
    metadata_deinit(&v->now);
    metadata_feed_free(v->feed);
}

static struct uuid id_of(uint8_t n)
{
    return (struct uuid){{n, 1}};
}

static struct cluster_item topic(uint8_t n, const char *name, int32_t partitions)
{
    struct cluster_item item = {.kind = CLUSTER_ITEM_TOPIC};
    item.u.topic =
        (struct cluster_topic_item){id_of(n), view_of(name), partitions, VIEW_LITERAL("")};
    return item;
}

static struct cluster_item partition(uint8_t n, int32_t number, int32_t leader, int32_t epoch)
{
    struct cluster_item item = {.kind = CLUSTER_ITEM_PARTITION};
    item.u.partition = (struct cluster_partition_item){.id = {id_of(n), number},
                                                       .leader = leader,
                                                       .leader_epoch = epoch,
                                                       .replica_count = 1,
                                                       .replicas = {leader}};
    return item;
}

static struct cluster_item broker(int32_t number, bool alive)
{
    struct cluster_item item = {.kind = CLUSTER_ITEM_BROKER};
    item.u.broker = (struct cluster_broker_item){.member = {number, 7},
                                                 .alive = alive,
                                                 .host = VIEW_LITERAL("127.0.0.1"),
                                                 .cluster_host = VIEW_LITERAL("127.0.0.1")};
    return item;
}

static bool hear_frame(struct view_of_cluster *v, const struct cluster_metadata *frame)
{
    struct metadata_delta *d = metadata_feed_frame(v->feed, &v->now, frame, &v->again);
    if (d == NULL)
        return false;
    metadata_apply(&v->now, d);
    metadata_delta_unref(d);
    return true;
}

#define SNAPSHOT 1
#define PART 0
static bool hear(struct view_of_cluster *v, int32_t epoch, uint64_t first, int snapshot,
                 uint32_t count, struct cluster_item *items)
{
    struct cluster_metadata frame = {.controller_epoch = epoch,
                                     .controller = 1,
                                     .first_number = first,
                                     .snapshot_begin = snapshot,
                                     .snapshot_end = snapshot,
                                     .item_count = count,
                                     .items = items};
    return hear_frame(v, &frame);
}

START_TEST(a_snapshot_then_items)
{
    struct view_of_cluster v;
    setup(&v);
    struct cluster_item all[] = {broker(1, true), topic(1, "a", 2), partition(1, 0, 1, 0),
                                 partition(1, 1, 1, 0)};
    ck_assert(hear(&v, 3, 1, SNAPSHOT, 4, all));
    ck_assert_int_eq(metadata_by_name(&v.now, VIEW_LITERAL("a"))->partitions[1].leader, 1);
    struct topic_meta *before = topic_meta_ref(metadata_by_name(&v.now, VIEW_LITERAL("a")));
    struct cluster_item change[] = {partition(1, 1, 2, 1)};
    ck_assert(hear(&v, 3, 5, PART, 1, change));
    ck_assert_int_eq(metadata_by_name(&v.now, VIEW_LITERAL("a"))->partitions[1].leader, 2);
    ck_assert_int_eq(metadata_by_name(&v.now, VIEW_LITERAL("a"))->partitions[0].leader, 1);
    ck_assert_int_eq(before->partitions[1].leader, 1); /* what somebody holds does not change */
    topic_meta_unref(before);
    ck_assert_uint_eq(v.now.number, 5);
    teardown(&v);
}
END_TEST

START_TEST(a_gap_asks_for_a_snapshot)
{
    struct view_of_cluster v;
    setup(&v);
    struct cluster_item all[] = {topic(1, "a", 1), partition(1, 0, 1, 0)};
    struct cluster_item change[] = {partition(1, 0, 2, 1)};
    ck_assert(!hear(&v, 3, 1, PART, 1, change)); /* nothing before the first snapshot */
    ck_assert(v.again);
    ck_assert(hear(&v, 3, 1, SNAPSHOT, 2, all));
    ck_assert(!hear(&v, 3, 4, PART, 1, change));
    ck_assert(v.again);
    ck_assert(!hear(&v, 3, 3, PART, 1,
                    change)); /* even one that would fit: only a snapshot closes the gap */
    ck_assert_int_eq(metadata_by_id(&v.now, id_of(1))->partitions[0].leader, 1);
    ck_assert(hear(&v, 3, 9, SNAPSHOT, 2, all));
    ck_assert(!v.again);
    teardown(&v);
}
END_TEST

START_TEST(a_deposed_controller_is_not_heard)
{
    struct view_of_cluster v;
    setup(&v);
    struct cluster_item all[] = {topic(1, "a", 1), partition(1, 0, 1, 5)};
    struct cluster_item old[] = {topic(1, "a", 1), partition(1, 0, 2, 4)};
    ck_assert(hear(&v, 3, 1, SNAPSHOT, 2, all));
    ck_assert(!hear(&v, 2, 1, SNAPSHOT, 2, old));
    ck_assert(!v.again);
    ck_assert_int_eq(metadata_by_id(&v.now, id_of(1))->partitions[0].leader, 1);
    ck_assert(!hear(&v, 4, 3, PART, 1, old + 1)); /* a new reign begins with a snapshot */
    ck_assert(v.again);
    teardown(&v);
}
END_TEST

START_TEST(what_a_snapshot_does_not_name_is_gone_from_the_metadata)
{
    struct view_of_cluster v;
    setup(&v);
    struct cluster_item two[] = {broker(1, true), broker(2, true), topic(1, "a", 1),
                                 topic(2, "b", 1)};
    struct cluster_item one[] = {broker(2, false), topic(2, "b", 1)};
    ck_assert(hear(&v, 3, 1, SNAPSHOT, 4, two));
    struct cluster_metadata begin = {3, 1, 5, true, false, 1, one},
                            end = {3, 1, 6, false, true, 1, one + 1};
    ck_assert(!hear_frame(&v, &begin)); /* half a snapshot changes nothing */
    ck_assert_ptr_nonnull(metadata_by_name(&v.now, VIEW_LITERAL("a")));
    ck_assert(hear_frame(&v, &end));
    ck_assert_ptr_null(metadata_by_name(&v.now, VIEW_LITERAL("a")));
    ck_assert_ptr_nonnull(metadata_by_name(&v.now, VIEW_LITERAL("b")));
    ck_assert_ptr_null(brokers_meta_find(v.now.brokers, 1));
    ck_assert(!brokers_meta_find(v.now.brokers, 2)->alive);
    teardown(&v);
}
END_TEST

START_TEST(a_topic_made_again_under_its_name_is_another)
{
    struct view_of_cluster v;
    setup(&v);
    struct cluster_item all[] = {topic(1, "a", 1), partition(1, 0, 1, 0)};
    struct cluster_item gone = {.kind = CLUSTER_ITEM_TOPIC_GONE};
    gone.u.topic.id = id_of(1);
    gone.u.topic.name = VIEW_LITERAL("a");
    struct cluster_item again[] = {gone, topic(2, "a", 3)};
    ck_assert(hear(&v, 3, 1, SNAPSHOT, 2, all));
    ck_assert(hear(&v, 3, 3, PART, 2, again));
    ck_assert_ptr_null(metadata_by_id(&v.now, id_of(1)));
    ck_assert_uint_eq(metadata_by_name(&v.now, VIEW_LITERAL("a"))->partition_count, 3);
    ck_assert_ptr_null(metadata_partition(&v.now, (struct partition_id){id_of(2), 3}));
    teardown(&v);
}
END_TEST

START_TEST(growth_keeps_what_stood)
{
    struct view_of_cluster v;
    setup(&v);
    struct cluster_item all[] = {topic(1, "a", 1), partition(1, 0, 1, 7)};
    struct cluster_item more[] = {topic(1, "a", 3), partition(1, 2, 2, 0), partition(1, 9, 2, 0)};
    ck_assert(hear(&v, 3, 1, SNAPSHOT, 2, all));
    ck_assert(hear(&v, 3, 3, PART, 3, more));
    const struct topic_meta *t = metadata_by_name(&v.now, VIEW_LITERAL("a"));
    ck_assert_uint_eq(t->partition_count, 3);
    ck_assert_int_eq(t->partitions[0].leader_epoch, 7);
    ck_assert_uint_eq(t->partitions[1].replica_count, 0);
    ck_assert_int_eq(t->partitions[2].leader, 2);
    teardown(&v);
}
END_TEST

SUITE_MAIN("metadata", a_snapshot_then_items, a_gap_asks_for_a_snapshot,
           a_deposed_controller_is_not_heard,
           what_a_snapshot_does_not_name_is_gone_from_the_metadata,
           a_topic_made_again_under_its_name_is_another, growth_keeps_what_stood)
