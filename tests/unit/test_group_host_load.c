/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinators of a shard: what is told while they load, and what leadership that comes and
 * goes does. */
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_records.h"
#include "common/memory.h"
#include "proto/record_reader.h"
#include "tests/lib/group_host_rig.h"
#include "tests/lib/suite.h"

HOST_RIG_REPLICAS

START_TEST(test_not_the_coordinator)
{
    host_rig_init();
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_NOT_COORDINATOR);
    ck_assert_int_eq(host_rig_commit_error(host_rig_commit("g", "t", 1)), ERROR_NOT_COORDINATOR);
    struct group_request *r = host_rig_join("", "");
    ck_assert_int_eq(r->out.join.error_code, ERROR_INVALID_GROUP_ID);
    host_rig.leads = true; /* it leads, and this host has not heard of it yet */
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    host_rig_deinit();
}
END_TEST

START_TEST(test_other_topics_are_none_of_ours)
{
    host_rig_init();
    free(host_rig.topic->name);
    host_rig.topic->name = xstrdup("orders");
    host_rig_lead(1);
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    host_rig_deinit();
}
END_TEST

START_TEST(test_loading_waits_for_what_is_committed)
{
    host_rig_init();
    host_rig_put_offset("g", "t", 7);
    host_rig_put_offset("g", "u", 8);
    host_rig.committed = 1;
    host_rig_lead(3);
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    ck_assert(host_rig_feed());
    ck_assert(!host_rig_feed()); /* the second batch could still vanish */
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    host_rig_feed_all();
    ck_assert_int_eq(host_rig_fetched("g", "t"), 7);
    ck_assert_int_eq(host_rig_fetched("g", "u"), 8);
    ck_assert_int_eq(host_rig_fetched("h", "t"), -1);
    host_rig_deinit();
}
END_TEST

START_TEST(test_start_of_the_log_moves_while_loading)
{
    host_rig_init();
    host_rig_put_offset("g", "t", 7);
    host_rig_put_offset("g", "t", 8);
    host_rig_lead(3);
    host_rig.start = 1;
    host_rig.fetch_result = REPLICA_OUT_OF_RANGE;
    host_rig_feed_all();
    ck_assert_int_eq(host_rig_fetched("g", "t"), 8);
    host_rig_deinit();
}
END_TEST

START_TEST(test_loading_is_tried_again)
{
    host_rig_init();
    host_rig_put_offset("g", "t", 7);
    host_rig_put_offset("g", "t", 8);
    host_rig_lead(3);
    host_rig.committed = 2;
    ck_assert(host_rig_feed());
    host_rig.fetch_result = REPLICA_CORRUPT;
    ck_assert(host_rig_feed());
    ck_assert(!host_rig_feed());
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    host_rig_pass(1000);
    host_rig_feed_all();
    ck_assert_int_eq(host_rig_fetched("g", "t"), 8);
    host_rig_deinit();
}
END_TEST

START_TEST(test_records_of_unknown_versions_are_skipped)
{
    const struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    struct record_builder b;
    host_rig_init();
    record_builder_init(&b);
    record_builder_add(&b, 1, VIEW_LITERAL("\0\3\0\1g"), VIEW_LITERAL("\0\0"), NULL, 0);
    record_builder_add(&b, 1, VIEW_LITERAL("x"), VIEW_LITERAL("y"), NULL, 0);
    record_builder_add(&b, 1, VIEW_NULL, VIEW_NULL, NULL, 0);
    struct view bytes = record_builder_finish(&b, &options);
    struct buf *buf = buf_copy(NULL, bytes.base, bytes.size);
    host_rig_append(buf);
    buf_unref(buf);
    record_builder_deinit(&b);
    host_rig_put_offset("g", "t", 7);
    host_rig_lead(3);
    host_rig_feed_all();
    ck_assert_int_eq(host_rig_fetched("g", "t"), 7);
    host_rig_deinit();
}
END_TEST

START_TEST(test_leadership_goes)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *c = host_rig_commit("g", "t", 5), *j = host_rig_join("h", "");
    ck_assert_int_eq(host_rig_outcome(j), 0);
    host_rig.leads = false;
    group_host_leads_not(host_rig.shard.groups, host_rig.id);
    ck_assert_int_eq(host_rig_commit_error(c), ERROR_NOT_COORDINATOR);
    ck_assert_int_eq(host_rig_outcome(j), 1);
    ck_assert_int_eq(j->out.join.error_code, ERROR_NOT_COORDINATOR);
    ck_assert_uint_eq(host_rig.cancelled, 1);
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_NOT_COORDINATOR);
    host_rig_pass(60000); /* no timer of theirs is left */
    host_rig_deinit();
}
END_TEST

START_TEST(test_newer_epoch_loads_anew)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *c = host_rig_commit("g", "t", 5);
    host_rig.epoch = 2; /* the replica knows first */
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    host_rig_lead(2);
    ck_assert_int_eq(host_rig_commit_error(c), ERROR_NOT_COORDINATOR);
    ck_assert_uint_eq(host_rig.cancelled, 1);
    host_rig_feed_all(); /* it was appended, so it is there */
    ck_assert_int_eq(host_rig_fetched("g", "t"), 5);
    unsigned before = host_rig.fetches;
    group_host_leads(host_rig.shard.groups, host_rig.id, 1); /* late news */
    group_host_leads(host_rig.shard.groups, host_rig.id, 2);
    ck_assert_uint_eq(host_rig.fetches, before);
    ck_assert_int_eq(host_rig_fetched("g", "t"), 5);
    host_rig_deinit();
}
END_TEST

START_TEST(test_leadership_goes_while_loading)
{
    host_rig_init();
    host_rig_put_offset("g", "t", 7);
    host_rig_lead(1);
    host_rig.leads = false;
    group_host_leads_not(host_rig.shard.groups, host_rig.id);
    ck_assert_int_eq(host_rig_fetch_error(), ERROR_NOT_COORDINATOR);
    ck_assert(host_rig_feed()); /* the read comes home to nobody */
    host_rig_lead(2);
    host_rig_feed_all();
    ck_assert_int_eq(host_rig_fetched("g", "t"), 7);
    host_rig_deinit();
}
END_TEST

START_TEST(test_topic_goes_while_loading)
{
    host_rig_init();
    host_rig_put_offset("g", "t", 7);
    host_rig_put_offset("g", "u", 8);
    host_rig_put_offset("h", "t", 9);
    host_rig_lead(1);
    host_rig.committed = 1;
    ck_assert(host_rig_feed());
    group_host_topic_gone(host_rig.shard.groups, VIEW_LITERAL("t"));
    host_rig_feed_all();
    ck_assert_int_eq(host_rig_fetched("g", "t"), -1);
    ck_assert_int_eq(host_rig_fetched("g", "u"), 8);
    ck_assert_int_eq(host_rig_fetched("h", "t"), -1);
    ck_assert_uint_eq(host_rig.producing_count, 2); /* their tombstones */
    host_rig_settle(REPLICA_OK);
    group_host_topic_gone(host_rig.shard.groups, VIEW_LITERAL("u"));
    host_rig_settle(REPLICA_OK);
    ck_assert_int_eq(host_rig_fetched("g", "u"), -1);
    host_rig_deinit();
}
END_TEST

/* A member whose process died with the coordinator's says nothing any more. */
START_TEST(test_sessions_run_after_loading)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *one = host_rig_join("g", "");
    host_rig_pass(0);
    ck_assert_int_eq(host_rig_outcome(one), 1);
    (void)host_rig_sync_group("g", one->out.join.member_id, 1);
    host_rig_settle(REPLICA_OK);
    host_rig_lead(2);
    host_rig_feed_all();
    host_rig_pass(9999);
    ck_assert_uint_eq(host_rig.producing_count, 0);
    host_rig_pass(2);
    ck_assert_uint_eq(host_rig.producing_count, 1); /* the group is empty */
    host_rig_settle(REPLICA_OK);
    host_rig_deinit();
}
END_TEST

SUITE_MAIN("group_host_load", test_not_the_coordinator, test_other_topics_are_none_of_ours,
           test_loading_waits_for_what_is_committed, test_start_of_the_log_moves_while_loading,
           test_loading_is_tried_again, test_records_of_unknown_versions_are_skipped,
           test_leadership_goes, test_newer_epoch_loads_anew, test_leadership_goes_while_loading,
           test_topic_goes_while_loading, test_sessions_run_after_loading)
