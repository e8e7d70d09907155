/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CONTROLLER_MACHINE_H
#define CORDUROY_CONTROLLER_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "controller/controller.h"

/* The controller's state machines as tables: named states, and which may follow which. Every move
 * goes through machine_allows, and controller/README.md holds what machine_print says (a test
 * compares the two). */
struct machine {
    const char *noun;
    const char *about; /* one sentence */
    uint32_t state_count;
    struct machine_state {
        const char *name, *about;
        uint32_t next; /* bit n: may be followed by state n */
    } states[12];
};

/* One broker, as the controller sees it. */
enum ctl_broker_state {
    CTL_BROKER_ABSENT,
    CTL_BROKER_STARTING,
    CTL_BROKER_ADMITTING,
    CTL_BROKER_ENTERING,
    CTL_BROKER_IN,
    CTL_BROKER_LEAVING,
};
/* One replica of a partition. */
enum ctl_replica_state {
    CTL_REPLICA_OFFLINE,
    CTL_REPLICA_STARTING,
    CTL_REPLICA_ONLINE,
    CTL_REPLICA_FAILED,
};
enum ctl_partition_state {
    CTL_PARTITION_READING,
    CTL_PARTITION_UNWRITTEN,
    CTL_PARTITION_NEW,
    CTL_PARTITION_ONLINE,
    CTL_PARTITION_OFFLINE,
    CTL_PARTITION_UNREADABLE,
};
/* The write of a partition's state node. */
enum ctl_write_state {
    CTL_WRITE_IDLE,
    CTL_WRITE_GATHERED,
    CTL_WRITE_SENT,
    CTL_WRITE_UNKNOWN,
    CTL_WRITE_COMPARING,
};
enum ctl_topic_state {
    CTL_TOPIC_READING,
    CTL_TOPIC_CREATING,
    CTL_TOPIC_UNREADABLE,
    CTL_TOPIC_PRESENT,
    CTL_TOPIC_DELETING,
    CTL_TOPIC_ERASING,
};
extern const struct machine machine_controller, machine_broker, machine_replica, machine_partition,
    machine_write, machine_topic;

bool machine_allows(const struct machine *m, unsigned from, unsigned to);
const char *machine_state_name(const struct machine *m, unsigned state);
/* Moves *state, of any enum above held as unsigned char; a move that the table does not know ends
 * the process. Staying is no move. */
void machine_move(const struct machine *m, uint8_t *state, unsigned to);
/* All tables as Markdown. */
void machine_print_all(FILE *to);

#endif
