/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of states in READMEs say of every pair of states what the code says. (Those of the
 * controller: test_machine.c.) */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_internal.h"
#include "broker/replica/partition.h"
#include "broker/zk/registrar_internal.h"
#include "tests/lib/suite.h"

struct table {
    const char *readme;
    unsigned count;
    const char *(*name)(unsigned state);
    bool (*may_move)(unsigned from, unsigned to);
};

static char *text_of(const char *path)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s cannot be opened; tests run at the project's top", path);
    char *text = calloc(1, 1 << 20);
    ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 0);
    fclose(f);
    return text;
}

/* Whether a list of names, each perhaps with something in parentheses, has this one. */
static bool lists(const char *list, const char *name)
{
    int depth = 0;
    bool begins = true;
    for (const char *at = list; *at && *at != '\n'; at++) {
        size_t size = strlen(name);
        if (depth == 0 && begins && strncmp(at, name, size) == 0 && strchr(", )\n|", at[size]))
            return true;
        if (depth == 0 && *at == ')')
            break;
        depth += (*at == '(') - (*at == ')');
        begins = *at == ' ' && at > list && (at[-1] == ',' || at[-1] == '|');
    }
    return false;
}

/* The last cell of the row that begins with this name. */
static const char *moves_in_row(const char *text, const char *name)
{
    char begin[80];
    snprintf(begin, sizeof begin, "\n| %s | ", name);
    const char *row = strstr(text, begin);
    ck_assert_msg(row != NULL, "no row for the state %s", name);
    const char *cell = strstr(row + strlen(begin), " | ");
    ck_assert_msg(cell != NULL && cell < strchr(row + 1, '\n'), "the row of %s", name);
    return cell + 3;
}

static void compare(const struct table *t)
{
    char *text = text_of(t->readme);
    const char *head = strstr(text, "|---|---|---|"), *also = NULL;
    for (const char *at = text; (at = strstr(at, " also: ")) != NULL && at < head + 2000; at++)
        also = at + 7;
    unsigned allowed = 0;
    for (unsigned from = 0; from < t->count; from++) {
        const char *row = moves_in_row(text, t->name(from));
        bool ends = strncmp(row, "nothing", 7) == 0;
        for (unsigned to = 0; to < t->count; to++) {
            bool said = lists(row, t->name(to)) || (also && !ends && lists(also, t->name(to)));
            ck_assert_msg(from == to || said == t->may_move(from, to), "%s: from %s to %s",
                          t->readme, t->name(from), t->name(to));
            allowed += t->may_move(from, to);
        }
    }
    ck_assert_uint_gt(allowed, t->count);
    free(text);
}

static const char *replica_name(unsigned state)
{
    return partition_state_name((enum partition_state)state);
}
static bool replica_moves(unsigned from, unsigned to)
{
    return partition_state_may_move((enum partition_state)from, (enum partition_state)to);
}
START_TEST(replica)
{
    compare(
        &(struct table){"broker/replica/README.md", PARTITION_STATES, replica_name, replica_moves});
}
END_TEST

static const char *group_name(unsigned state)
{
    return group_state_name((enum group_state)state);
}
static bool group_moves(unsigned from, unsigned to)
{
    return group_state_may_move((enum group_state)from, (enum group_state)to);
}
START_TEST(group)
{
    compare(&(struct table){"broker/group/README.md", GROUP_STATES, group_name, group_moves});
}
END_TEST

static const char *registrar_name(unsigned phase)
{
    return registrar_phase_name((enum registrar_phase)phase);
}
static bool registrar_moves(unsigned from, unsigned to)
{
    return registrar_may_move((enum registrar_phase)from, (enum registrar_phase)to);
}
START_TEST(registrar)
{
    compare(
        &(struct table){"broker/zk/README.md", REGISTRAR_PHASES, registrar_name, registrar_moves});
}
END_TEST

SUITE_MAIN("tables", replica, group, registrar)
