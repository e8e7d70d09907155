/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "broker/zk/registrar_internal.h"
#include "common/assert.h"
#include "common/memory.h"

/* The phases and their moves, what a step asks for, and the texts that it writes. */

#define BIT(phase) (1u << (phase))
/* The session has ended; this broker must not go on. */
#define ENDS (BIT(REGISTRAR_IDLE) | BIT(REGISTRAR_HALTED))
/* Where replies are awaited, one may tell nothing. */
#define ASKS (ENDS | BIT(REGISTRAR_AGAIN))

static const struct {
    const char *name;
    unsigned moves;
} phases[REGISTRAR_PHASES] = {
    [REGISTRAR_IDLE] = {"idle", ENDS | BIT(REGISTRAR_CLUSTER) | BIT(REGISTRAR_READING)},
    [REGISTRAR_AGAIN] = {"again", ENDS | BIT(REGISTRAR_CLUSTER) | BIT(REGISTRAR_READING)},
    [REGISTRAR_CLUSTER] = {"cluster", ASKS | BIT(REGISTRAR_PATHS)},
    [REGISTRAR_PATHS] = {"paths", ASKS | BIT(REGISTRAR_FOUND) | BIT(REGISTRAR_NODES)},
    [REGISTRAR_FOUND] = {"found", ASKS | BIT(REGISTRAR_CLUSTER)},
    [REGISTRAR_NODES] = {"nodes", ASKS | BIT(REGISTRAR_OTHERS) | BIT(REGISTRAR_WAITING) |
                                      BIT(REGISTRAR_RESTING)},
    [REGISTRAR_OTHERS] = {"others", ASKS | BIT(REGISTRAR_MARKING)},
    [REGISTRAR_WAITING] = {"waiting", ENDS | BIT(REGISTRAR_CLUSTER)},
    [REGISTRAR_MARKING] = {"marking", ENDS | BIT(REGISTRAR_ENTERING)},
    [REGISTRAR_ENTERING] = {"entering", ASKS | BIT(REGISTRAR_READING)},
    [REGISTRAR_READING] = {"reading", ASKS | BIT(REGISTRAR_CLUSTER) | BIT(REGISTRAR_RESTING)},
    [REGISTRAR_RESTING] = {"resting", ENDS | BIT(REGISTRAR_READING)},
    [REGISTRAR_HALTED] = {"halted", 0},
};

const char *registrar_phase_name(enum registrar_phase phase)
{
    return phases[phase].name;
}

bool registrar_may_move(enum registrar_phase from, enum registrar_phase to)
{
    return from != to && (phases[from].moves & BIT(to)) != 0;
}

struct registrar_action *registrar_add(struct registrar *r, enum registrar_action_kind kind)
{
    struct registrar_action *a;

    r->actions = xgrow(r->actions, &r->action_capacity, r->action_count + 1, sizeof *r->actions);
    a = &r->actions[r->action_count++];
    *a = (struct registrar_action){.kind = kind};
    return a;
}

static struct view text_of(struct registrar *r, const char *format, va_list args)
{
    char text[600];

    vsnprintf(text, sizeof text, format, args);
    return view_of(arena_string(&r->step, view_of(text)));
}

void registrar_say(struct registrar *r, enum say_level level, const char *format, ...)
{
    struct registrar_action *a = registrar_add(r, REGISTRAR_SAY);
    va_list args;

    va_start(args, format);
    a->level = level;
    a->text = text_of(r, format, args);
    va_end(args);
}

void registrar_enter(struct registrar *r, enum registrar_phase phase)
{
    INVARIANT(r->phase == phase || registrar_may_move(r->phase, phase));
    r->phase = phase;
    r->serial++;
    r->outstanding = 0;
}

void registrar_halt(struct registrar *r, const char *format, ...)
{
    struct registrar_action *a = registrar_add(r, REGISTRAR_HALT);
    va_list args;

    va_start(args, format);
    a->text = text_of(r, format, args);
    va_end(args);
    registrar_enter(r, REGISTRAR_HALTED);
}

void registrar_set_timer(struct registrar *r, uint32_t after_ms)
{
    registrar_add(r, REGISTRAR_TIMER_SET)->after_ms = after_ms;
}

void registrar_send_ops(struct registrar *r, const struct zk_op *ops, uint32_t count)
{
    struct registrar_action *a = registrar_add(r, REGISTRAR_ZK);

    a->request = r->serial << 16 | r->outstanding;
    a->ops = ops;
    a->op_count = count;
    r->outstanding++;
}

void registrar_send(struct registrar *r, struct zk_op op)
{
    struct zk_op *copy = arena_alloc(&r->step, sizeof *copy);

    *copy = op;
    registrar_send_ops(r, copy, 1);
}

struct view registrar_print_node(struct registrar *r, enum znode_broker_state state)
{
    struct znode_broker_node node = {.incarnation = r->tried,
                                     .storage_id = r->config->storage_id,
                                     .directory_ids = r->config->directory_ids,
                                     .directory_count = r->config->directory_count,
                                     .state = state,
                                     .failed_directories = r->config->failed_directories,
                                     .failed_count = r->config->failed_count,
                                     .protocol_min = r->config->registration.protocol_min,
                                     .protocol_max = r->config->registration.protocol_max};

    if (r->node_seen.valid)
        node.unknown = r->node.unknown;
    return znode_broker_node_print(&node, &r->step);
}

struct view registrar_print_id(struct registrar *r)
{
    struct znode_registration id = r->config->registration;

    id.incarnation = r->tried;
    id.timestamp_ms = r->event->wall_ms;
    return znode_registration_print(&id, &r->step);
}
