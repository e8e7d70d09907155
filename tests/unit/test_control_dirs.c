/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a data directory is as this broker left it: what markers and notes of the others say. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/step_world.h"
#include "tests/lib/suite.h"

static struct step_world world;
static struct broker_config *config;
static struct broker *broker;
static struct control *control;

static void setup(void)
{
    struct config_report report;
    config = config_parse(VIEW_LITERAL("broker.id=1\nzookeeper.connect=localhost:2181\n"
                                       "log.dirs=/a,/b,/c\n"),
                          "test", &report);
    ck_assert_uint_eq(report.error_count, 0);
    config_report_deinit(&report);
    step_world_init(&world, 1, &file_mem_ops);
    struct broker_setup s = {.config = config,
                             .envs = &step_world_reactor(&world, 0)->env,
                             .shard_count = 1,
                             .cluster_address = "127.0.0.1"};
    broker = broker_new(&s);
    control = broker_shard(broker, 0)->control;
    control->notes_left = 1; /* one is on its way: no further one is written */
}

static void teardown(void)
{
    broker_free(broker);
    step_world_deinit(&world);
    config_free(config);
}

static void marker(unsigned i, uint64_t last, uint64_t next)
{
    control->loads[i].incarnation_last = last;
    control->loads[i].incarnation_next = next;
}

/* Directory i noted that another one has been away since then. */
static void noted(unsigned i, const char *path, uint64_t since)
{
    struct log_dir_load *load = &control->loads[i];
    load->offline = xcalloc(1, sizeof *load->offline);
    load->offline[load->offline_count++] = (struct log_dir_offline){xstrdup(path), since};
}

START_TEST(one_that_was_left_out_is_known_by_the_note)
{
    marker(0, 7, 7);
    marker(1, 4, 4);
    marker(2, 5, 5);
    noted(0, "/b", 4);
    control_dirs_take_notes(control, 7);
    ck_assert(control_dir_is_known(control, 0, 7));
    ck_assert(control_dir_is_known(control, 1, 7));
    ck_assert(!control_dir_is_known(control, 2, 7));
}
END_TEST

/* /c was away when /b came back and went again; so an old image of /b is no longer as it was left,
 * and the present one is. */
START_TEST(notes_of_one_that_was_away_do_not_hold)
{
    marker(0, 9, 9);
    marker(1, 7, 7);
    marker(2, 5, 5);
    noted(2, "/b", 4);
    noted(0, "/b", 7);
    control_dirs_take_notes(control, 9);
    ck_assert(control_dir_is_known(control, 1, 9));
    marker(1, 4, 4);
    ck_assert(!control_dir_is_known(control, 1, 9));
}
END_TEST

/* One that comes back and cannot be marked says what it said before, and is noted so. */
START_TEST(one_that_cannot_be_marked_is_noted_as_it_is)
{
    marker(0, 7, 7);
    marker(1, 4, 4);
    marker(2, 7, 7);
    noted(0, "/b", 4);
    control_dirs_take_notes(control, 7);
    control_dirs_note_offline(control, 7);
    ck_assert_uint_eq(control->offline_count, 0);
    for (unsigned i = 0; i < 3; i++)
        marker(i, 7, 8);
    log_dir_give_up(broker_dirs(broker)[1], control->reactor);
    control_dirs_note_lost(control, 1);
    ck_assert_uint_eq(control->offline_count, 1);
    ck_assert_str_eq(control->offline[0].path, "/b");
    ck_assert_uint_eq(control->offline[0].since, 4);
    log_dir_give_up(broker_dirs(broker)[2], control->reactor);
    control_dirs_note_lost(control, 2);
    ck_assert_uint_eq(control->offline_count, 2);
    ck_assert_uint_eq(control->offline[0].since, 4);
    ck_assert_uint_eq(control->offline[1].since, 7);
}
END_TEST

static unsigned marked;

static void count_marked(struct log_dir_mark *mark)
{
    ck_assert_int_eq(mark->error, 0);
    marked++;
}

/* One that was swapped, and could not be told so, must not pass for this broker's at the next
 * start. One that failed later must, when it is the only one. */
START_TEST(one_that_could_not_be_marked_takes_no_mark)
{
    struct log_dir_mark marks[3];
    struct file_mem *disks[3];
    for (unsigned i = 0; i < 3; i++) {
        disks[i] = file_mem_new(i + 1);
        world.fs[i] = file_mem_mount(disks[i], "");
        marker(i, 7, 7);
    }
    marker(1, 3, 3);
    log_dir_give_up(broker_dirs(broker)[1], control->reactor);
    control_dirs_note_lost(control, 1);
    log_dir_give_up(broker_dirs(broker)[2], control->reactor);
    marked = 0;
    ck_assert_uint_eq(control_dirs_mark_in(control, 8, marks, count_marked), 2);
    step_world_run(&world);
    ck_assert_uint_eq(marked, 2);
    ck_assert_uint_eq(file_mem_count(disks[1], FILE_MEM_CALLS), 0);
    ck_assert(file_mem_count(disks[2], FILE_MEM_CALLS) > 0);
    ck_assert_uint_eq(control->loads[2].incarnation_last, 8);
    ck_assert_uint_eq(control->loads[1].incarnation_last, 3);
    for (unsigned i = 0; i < 3; i++) {
        file_mem_kill(world.fs[i]);
        file_mem_free(disks[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("control_dirs");
    TCase *tcase = tcase_create("control_dirs");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, one_that_was_left_out_is_known_by_the_note);
    tcase_add_test(tcase, notes_of_one_that_was_away_do_not_hold);
    tcase_add_test(tcase, one_that_cannot_be_marked_is_noted_as_it_is);
    tcase_add_test(tcase, one_that_could_not_be_marked_takes_no_mark);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
