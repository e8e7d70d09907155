/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/registrar.h"

#include "tests/lib/registrar_host.h"
#include "tests/lib/suite.h"

/* Registrars against the model of ZooKeeper. */

/* ---- the ordinary course ---- */

START_TEST(the_first_broker_makes_everything)
{
    static const char *const paths[] = {"/consumers",
                                        "/brokers/ids",
                                        "/brokers/topics",
                                        "/config/changes",
                                        "/admin/delete_topics",
                                        "/brokers/seqid",
                                        "/isr_change_notification",
                                        "/latest_producer_id_block",
                                        "/log_dir_event_notification",
                                        "/config/topics",
                                        "/config/clients",
                                        "/config/users",
                                        "/config/brokers",
                                        "/config/ips",
                                        "/corduroy/brokers"};
    struct registrar_host *h;
    struct zk_model_node n;
    struct view id;

    registrar_hosts_begin(1);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    registrar_host_assert_known(h);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_msg(registrar_hosts_find(paths[i], &n), "%s is missing", paths[i]);
        ck_assert_ptr_null(n.data.base);
    }
    ck_assert(registrar_hosts_find("/cluster/id", &n));
    ck_assert_int_eq(znode_cluster_id_parse(n.data, &registrar_hosts_arena, &id), ZNODE_OK);
    ck_assert(view_equal(id, view_of(h->disk->cluster_id)));
    ck_assert_uint_eq(id.size, 22);
    ck_assert_uint_eq(h->previous, 0);
    ck_assert_int_eq(registrar_hosts_broker_node(1).state, ZNODE_BROKER_STARTING);
    ck_assert_uint_eq(registrar_hosts_broker_node(1).directory_count, 1);
    registrar_hosts_end();
}
END_TEST

START_TEST(brokers_that_start_together_agree_on_the_cluster)
{
    registrar_hosts_begin((uint64_t)_i);
    for (int i = 0; i < HOSTS; i++)
        registrar_host_start(registrar_host_init(i, i + 1, &registrar_disks[i]));
    for (int i = 0; i < HOSTS; i++)
        registrar_host_wait_registered(&registrar_hosts[i]);
    for (int i = 0; i < HOSTS; i++) {
        registrar_host_assert_known(&registrar_hosts[i]);
        ck_assert_str_eq(registrar_disks[i].cluster_id, registrar_disks[0].cluster_id);
    }
    registrar_hosts_end();
}
END_TEST

/* No waiting for its own ghost: its session has six seconds to live. */
START_TEST(a_restart_does_not_wait_for_its_ghost)
{
    struct registrar_host *h;
    uint64_t first, at;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    first = h->incarnation;
    at = registrar_hosts_schedule.now_ns;
    registrar_host_restart(h);
    registrar_host_wait_registered(h);
    ck_assert_uint_lt(registrar_hosts_schedule.now_ns, at + SECOND);
    registrar_host_assert_known(h);
    ck_assert_uint_ne(h->incarnation, first);
    ck_assert_uint_eq(h->previous, first);
    ck_assert_uint_eq(h->disk->marker[0], first);
    /* The ghost's session ends, and takes nothing with it. */
    registrar_hosts_run_for(20 * SECOND);
    registrar_host_assert_known(h);
    ck_assert_uint_eq(h->unregistered, 0);
    registrar_hosts_end();
}
END_TEST

START_TEST(an_expired_session_registers_anew)
{
    struct registrar_host *h;
    uint64_t first;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    first = h->incarnation;
    zk_client_expire(h->client);
    while (h->unregistered == 0)
        ck_assert(schedule_step(&registrar_hosts_schedule));
    registrar_host_wait_registered(h);
    ck_assert_uint_ne(h->incarnation, first);
    ck_assert_uint_eq(h->previous, first);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

/* A disk that takes longer than sessions live: markers are asked for one at a time. */
START_TEST(sessions_may_end_while_the_markers_are_written)
{
    struct registrar_host *h;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    h->persist_ns = 10 * SECOND;
    registrar_host_start(h);
    for (int i = 0; i < 3; i++) {
        registrar_hosts_run_for(2 * SECOND);
        zk_client_expire(h->client);
    }
    registrar_host_wait_registered(h);
    ck_assert_uint_eq(h->persisted, 2);
    ck_assert_uint_eq(h->incarnation, h->disk->marker[1]);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

START_TEST(a_lost_connection_changes_nothing)
{
    struct registrar_host *h;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    for (int i = 0; i < 5; i++) {
        zk_client_disconnect(h->client);
        registrar_hosts_run_for(SECOND / 2);
    }
    registrar_hosts_run_for(10 * SECOND);
    ck_assert_uint_eq(h->registered, 1);
    ck_assert_uint_eq(h->unregistered, 0);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

/* ---- declared dead, let in ---- */

START_TEST(a_broker_declared_dead_comes_back_as_another_incarnation)
{
    struct registrar_host *h;
    uint64_t first;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    first = h->incarnation;
    registrar_hosts_put_state(1, ZNODE_BROKER_IN, false);
    registrar_hosts_run_for(SECOND);
    ck_assert_int_eq(h->state, ZNODE_BROKER_IN);
    ck_assert_uint_eq(h->unregistered, 0);
    registrar_hosts_put_state(1, ZNODE_BROKER_OUT, true);
    while (h->unregistered == 0)
        ck_assert(schedule_step(&registrar_hosts_schedule));
    registrar_host_wait_registered(h);
    ck_assert_uint_ne(h->incarnation, first);
    ck_assert_uint_eq(h->previous, first);
    ck_assert_int_eq(h->state, ZNODE_BROKER_STARTING);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

START_TEST(a_hung_broker_finds_out_when_it_wakes)
{
    struct registrar_host *h;
    uint64_t first;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    first = h->incarnation;
    zk_client_cut(h->client, true);
    registrar_hosts_put_state(1, ZNODE_BROKER_OUT, true);
    registrar_hosts_run_for(3 * SECOND);
    zk_client_cut(h->client, false);
    while (h->unregistered == 0)
        ck_assert(schedule_step(&registrar_hosts_schedule));
    registrar_host_wait_registered(h);
    ck_assert_uint_ne(h->incarnation, first);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

START_TEST(an_ephemeral_deleted_by_hand_is_made_again)
{
    struct registrar_host *h;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    zk_model_delete(registrar_hosts_model, "/chroot/deep/brokers/ids/1");
    while (h->unregistered == 0)
        ck_assert(schedule_step(&registrar_hosts_schedule));
    registrar_host_wait_registered(h);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

START_TEST(failed_directories_are_written)
{
    static const struct uuid failed = {{7}};
    struct registrar_host *h;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    h->config.failed_directories = &failed;
    h->config.failed_count = 1;
    if (_i % 2)
        zk_client_break_at(h->client, (uint32_t)_i % 3, ZK_BREAK_REPLY);
    registrar_host_step(h, (struct registrar_event){.kind = REGISTRAR_FAILED});
    registrar_hosts_run_for(10 * SECOND);
    ck_assert_uint_eq(registrar_hosts_broker_node(1).failed_count, 1);
    ck_assert(uuid_equal(registrar_hosts_broker_node(1).failed_directories[0], failed));
    ck_assert_uint_eq(h->registered, 1);
    registrar_host_assert_known(h);
    registrar_hosts_end();
}
END_TEST

/* ---- who may not ---- */

START_TEST(another_host_with_the_same_id_is_refused)
{
    struct registrar_host *a, *b;
    uint64_t at;

    registrar_hosts_begin((uint64_t)_i);
    a = registrar_host_init(0, 1, &registrar_disks[0]);
    b = registrar_host_init(1, 1, &registrar_disks[1]);
    registrar_host_start(a);
    registrar_host_wait_registered(a);
    at = registrar_hosts_schedule.now_ns;
    registrar_host_start(b);
    registrar_host_wait_halted(b);
    ck_assert_uint_gt(registrar_hosts_schedule.now_ns, at + 6 * SECOND);
    ck_assert_msg(strstr(b->halted, "host0:9092"), "%s", b->halted);
    ck_assert_uint_eq(b->registered, 0);
    ck_assert_uint_eq(b->persisted, 0);
    registrar_host_assert_known(a);
    ck_assert_uint_eq(a->registered, 1);
    registrar_hosts_end();
}
END_TEST

START_TEST(a_replacement_waits_for_the_dead_ones_session)
{
    struct registrar_host *a, *b;

    registrar_hosts_begin((uint64_t)_i);
    a = registrar_host_init(0, 1, &registrar_disks[0]);
    b = registrar_host_init(1, 1, &registrar_disks[1]);
    registrar_host_start(a);
    registrar_host_wait_registered(a);
    registrar_host_kill(a);
    registrar_host_start(b);
    registrar_host_wait_registered(b);
    registrar_host_assert_known(b);
    registrar_hosts_end();
}
END_TEST

START_TEST(of_twins_the_newest_wins)
{
    struct registrar_host *a, *b;

    registrar_hosts_begin((uint64_t)_i);
    a = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(a);
    registrar_host_wait_registered(a);
    registrar_disks[1] = registrar_disks[0]; /* a cloned disk */
    b = registrar_host_init(1, 1, &registrar_disks[1]);
    registrar_host_start(b);
    registrar_host_wait_registered(b);
    registrar_host_wait_halted(a);
    ck_assert_msg(strstr(a->halted, "host1:9092"), "%s", a->halted);
    registrar_hosts_run_for(20 * SECOND);
    registrar_host_assert_known(b);
    ck_assert_uint_eq(b->unregistered, 0);
    registrar_hosts_end();
}
END_TEST

START_TEST(an_advertised_address_of_another_id_is_refused)
{
    struct registrar_host *a, *b;

    registrar_hosts_begin((uint64_t)_i);
    a = registrar_host_init(0, 1, &registrar_disks[0]);
    b = registrar_host_init(1, 2, &registrar_disks[1]);
    b->endpoint.host = VIEW_LITERAL("HOST0");
    registrar_host_start(a);
    registrar_host_wait_registered(a);
    registrar_host_start(b);
    registrar_host_wait_halted(b);
    ck_assert_msg(strstr(b->halted, "HOST0:9092"), "%s", b->halted);
    ck_assert_uint_eq(b->persisted, 0);
    registrar_hosts_end();
}
END_TEST

START_TEST(a_wiped_zookeeper_is_not_a_new_cluster)
{
    struct registrar_host *h;
    struct zk_model_node n;

    registrar_hosts_begin((uint64_t)_i);
    strcpy(registrar_disks[0].cluster_id, "Xv7e2FexRRSN4sLwnlJDsQ");
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_halted(h);
    ck_assert_msg(strstr(h->halted, "ZooKeeper was wiped"), "%s", h->halted);
    ck_assert(!registrar_hosts_find("/cluster/id", &n));
    registrar_hosts_end();
}
END_TEST

/* Also when it is wiped under a running broker that was the first of its cluster. */
START_TEST(a_zookeeper_wiped_while_running_is_noticed)
{
    struct registrar_host *h;

    registrar_hosts_begin((uint64_t)_i);
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_registered(h);
    zk_model_delete(registrar_hosts_model, "/chroot/deep/cluster/id");
    zk_client_expire(h->client);
    registrar_host_wait_halted(h);
    ck_assert_msg(strstr(h->halted, "ZooKeeper was wiped"), "%s", h->halted);
    registrar_hosts_end();
}
END_TEST

START_TEST(a_foreign_cluster_is_refused)
{
    struct registrar_host *h;

    registrar_hosts_begin((uint64_t)_i);
    zk_model_put(registrar_hosts_model, "/chroot/deep/cluster/id",
                 VIEW_LITERAL("{\"version\":\"1\",\"id\":\"DhQne6XgQuu5t9ZuZjexyg\"}"));
    strcpy(registrar_disks[0].cluster_id, "Xv7e2FexRRSN4sLwnlJDsQ");
    h = registrar_host_init(0, 1, &registrar_disks[0]);
    registrar_host_start(h);
    registrar_host_wait_halted(h);
    ck_assert_msg(strstr(h->halted, "wrong cluster") && strstr(h->halted, "DhQne6XgQuu5t9ZuZjexyg"),
                  "%s", h->halted);
    registrar_hosts_end();
}
END_TEST

/* ---- unknown outcomes at every request ---- */

#define REQUESTS_MAX 40

START_TEST(any_request_or_reply_may_be_lost)
{
    static const enum zk_break how[] = {ZK_BREAK_REQUEST, ZK_BREAK_REPLY, ZK_BREAK_LATE};
    struct registrar_host *h;

    for (int restart = 0; restart < 2; restart++) {
        registrar_hosts_begin((uint64_t)_i);
        h = registrar_host_init(0, 1, &registrar_disks[0]);
        registrar_host_start(h);
        if (restart) {
            registrar_host_wait_registered(h);
            registrar_host_restart(h);
        }
        zk_client_break_at(h->client, (uint32_t)_i / 3, how[_i % 3]);
        registrar_host_wait_registered(h);
        registrar_hosts_run_for(30 * SECOND);
        registrar_host_assert_known(h);
        ck_assert_uint_eq(h->unregistered, 0);
        ck_assert_uint_eq(h->registered, 1 + (unsigned)restart);
        registrar_hosts_end();
    }
}
END_TEST

/* The outcome of the registration itself is unknown: it is found out, not done twice. */
START_TEST(a_registration_whose_reply_was_lost_is_found)
{
    unsigned found = 0;

    for (uint32_t k = 0; k < REQUESTS_MAX; k++) {
        struct registrar_host *h;

        registrar_hosts_begin(k);
        h = registrar_host_init(0, 1, &registrar_disks[0]);
        registrar_host_start(h);
        zk_client_break_at(h->client, k, ZK_BREAK_REPLY);
        registrar_host_wait_registered(h);
        found += zk_model_counts(registrar_hosts_model).unknown > 0 &&
                 zk_model_counts(registrar_hosts_model).multis == 1;
        ck_assert_uint_eq(zk_model_counts(registrar_hosts_model).multis, 1);
        registrar_hosts_end();
    }
    ck_assert_uint_gt(found, 20);
}
END_TEST

START_TEST(in_the_end_each_broker_is_known)
{
    uint64_t until;

    registrar_hosts_begin((uint64_t)_i);
    for (int i = 0; i < HOSTS; i++)
        registrar_host_start(registrar_host_init(i, i + 1, &registrar_disks[i]));
    until = 60 * SECOND;
    while (registrar_hosts_schedule.now_ns < until) {
        struct registrar_host *h =
            &registrar_hosts[schedule_random(&registrar_hosts_schedule) % HOSTS];

        switch (schedule_random(&registrar_hosts_schedule) % 8) {
        case 0:
            zk_client_disconnect(h->client);
            break;
        case 1:
            zk_client_expire(h->client);
            break;
        case 2:
            registrar_host_restart(h);
            break;
        case 3:
            if (h->incarnation)
                registrar_hosts_put_state(h->config.broker, ZNODE_BROKER_OUT, true);
            break;
        case 4:
            zk_client_break_at(h->client, (uint32_t)schedule_random(&registrar_hosts_schedule) % 8,
                               (enum zk_break)(schedule_random(&registrar_hosts_schedule) % 3));
            break;
        case 5:
            zk_model_lag(registrar_hosts_model, 1,
                         schedule_random(&registrar_hosts_schedule) % (SECOND / 2));
            break;
        default:
            break;
        }
        registrar_hosts_run_for(schedule_random(&registrar_hosts_schedule) % SECOND);
    }
    zk_model_lag(registrar_hosts_model, 1, 0);
    registrar_hosts_run_for(60 * SECOND);
    for (int i = 0; i < HOSTS; i++) {
        ck_assert_msg(!registrar_hosts[i].halted[0], "%s", registrar_hosts[i].halted);
        registrar_host_assert_known(&registrar_hosts[i]);
    }
    registrar_hosts_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registrar");
    TCase *tc = tcase_create("registrar");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, SUITE_TIMEOUT_S);
    tcase_add_test(tc, the_first_broker_makes_everything);
    tcase_add_loop_test(tc, brokers_that_start_together_agree_on_the_cluster, 0, 20);
    tcase_add_loop_test(tc, a_restart_does_not_wait_for_its_ghost, 0, 10);
    tcase_add_loop_test(tc, an_expired_session_registers_anew, 0, 5);
    tcase_add_loop_test(tc, sessions_may_end_while_the_markers_are_written, 0, 5);
    tcase_add_loop_test(tc, a_lost_connection_changes_nothing, 0, 5);
    tcase_add_loop_test(tc, a_broker_declared_dead_comes_back_as_another_incarnation, 0, 5);
    tcase_add_loop_test(tc, a_hung_broker_finds_out_when_it_wakes, 0, 5);
    tcase_add_loop_test(tc, an_ephemeral_deleted_by_hand_is_made_again, 0, 5);
    tcase_add_loop_test(tc, failed_directories_are_written, 0, 12);
    tcase_add_loop_test(tc, another_host_with_the_same_id_is_refused, 0, 5);
    tcase_add_loop_test(tc, a_replacement_waits_for_the_dead_ones_session, 0, 5);
    tcase_add_loop_test(tc, of_twins_the_newest_wins, 0, 5);
    tcase_add_loop_test(tc, an_advertised_address_of_another_id_is_refused, 0, 5);
    tcase_add_loop_test(tc, a_wiped_zookeeper_is_not_a_new_cluster, 0, 2);
    tcase_add_loop_test(tc, a_zookeeper_wiped_while_running_is_noticed, 0, 2);
    tcase_add_loop_test(tc, a_foreign_cluster_is_refused, 0, 2);
    tcase_add_loop_test(tc, any_request_or_reply_may_be_lost, 0, 3 * REQUESTS_MAX);
    tcase_add_test(tc, a_registration_whose_reply_was_lost_is_found);
    tcase_add_loop_test(tc, in_the_end_each_broker_is_known, 0, 100);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
