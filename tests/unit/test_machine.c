/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/suite.h"

/* controller/README.md holds the tables of the state machines as they are. After a change of a
 * table MACHINE_PRINT=1 makes this program print what belongs between the marks. */

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s cannot be opened; tests run at the project's top", path);
    char *text = calloc(1, 1 << 20);
    ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 0);
    fclose(f);
    return text;
}

START_TEST(the_readme_shows_the_tables)
{
    char *tables = NULL;
    size_t size;
    FILE *to = open_memstream(&tables, &size);
    machine_print_all(to);
    fclose(to);
    if (getenv("MACHINE_PRINT"))
        fputs(tables, stdout);
    char *readme = read_file("controller/README.md");
    ck_assert_msg(strstr(readme, tables) != NULL,
                  "the tables in controller/README.md are not those of controller/machine.c");
    free(readme);
    free(tables);
}
END_TEST

START_TEST(only_what_the_table_says)
{
    ck_assert(machine_allows(&machine_broker, CTL_BROKER_STARTING, CTL_BROKER_ADMITTING));
    ck_assert(!machine_allows(&machine_broker, CTL_BROKER_ABSENT, CTL_BROKER_ENTERING));
    ck_assert(!machine_allows(&machine_partition, CTL_PARTITION_ONLINE, CTL_PARTITION_READING));
    ck_assert(!machine_allows(&machine_topic, CTL_TOPIC_DELETING, CTL_TOPIC_PRESENT));
    ck_assert(!machine_allows(&machine_topic, 77, 1));
    uint8_t state = CTL_WRITE_IDLE;
    machine_move(&machine_write, &state, CTL_WRITE_GATHERED);
    machine_move(&machine_write, &state, CTL_WRITE_GATHERED);
    ck_assert_str_eq(machine_state_name(&machine_write, state), "gathered");
}
END_TEST

/* Every state can be reached from its machine's first one, and has a name and a meaning. */
START_TEST(no_state_is_lost)
{
    static const struct machine *const all[] = {&machine_controller, &machine_broker,
                                                &machine_replica,    &machine_partition,
                                                &machine_write,      &machine_topic};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint32_t reached = 1;
        if (all[i] == &machine_topic)
            reached |= 1u << CTL_TOPIC_CREATING; /* where a topic made by request begins */
        for (unsigned round = 0; round < 12; round++) {
            for (unsigned k = 0; k < all[i]->state_count; k++)
                if (reached & 1u << k)
                    reached |= all[i]->states[k].next;
        }
        ck_assert_uint_eq(reached, (1u << all[i]->state_count) - 1);
        for (unsigned k = 0; k < all[i]->state_count; k++)
            ck_assert_ptr_nonnull(all[i]->states[k].about);
    }
}
END_TEST

SUITE_MAIN("machine", the_readme_shows_the_tables, only_what_the_table_says, no_state_is_lost)
