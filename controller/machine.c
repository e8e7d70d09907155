/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/machine.h"

#include "common/assert.h"

#define TO(state) (1u << (state))

const struct machine machine_controller = {
    "controller",
    "What this broker is in the race for `/controller`.",
    CONTROLLER_STATE_COUNT,
    {
        [CONTROLLER_NO_SESSION] = {"no-session", "no ZooKeeper session, or not registered in it",
                                   TO(CONTROLLER_CONTENDING) | TO(CONTROLLER_STOPPED)},
        [CONTROLLER_STANDBY] = {"standby", "another broker is controller",
                                TO(CONTROLLER_NO_SESSION) | TO(CONTROLLER_CONTENDING) |
                                    TO(CONTROLLER_STOPPED)},
        [CONTROLLER_CONTENDING] = {"contending", "reads `/controller`, or tries to create it",
                                   TO(CONTROLLER_NO_SESSION) | TO(CONTROLLER_STANDBY) |
                                       TO(CONTROLLER_LOADING) | TO(CONTROLLER_RESIGNING) |
                                       TO(CONTROLLER_STOPPED)},
        [CONTROLLER_LOADING] = {"loading", "has won; reads everything, decides nothing yet",
                                TO(CONTROLLER_NO_SESSION) | TO(CONTROLLER_CONTENDING) |
                                    TO(CONTROLLER_ACTIVE) | TO(CONTROLLER_RESIGNING)},
        [CONTROLLER_ACTIVE] = {"active", "decides",
                               TO(CONTROLLER_NO_SESSION) | TO(CONTROLLER_CONTENDING) |
                                   TO(CONTROLLER_RESIGNING)},
        [CONTROLLER_RESIGNING] = {"resigning", "gives `/controller` up",
                                  TO(CONTROLLER_NO_SESSION) | TO(CONTROLLER_CONTENDING) |
                                      TO(CONTROLLER_STOPPED)},
        [CONTROLLER_STOPPED] = {"stopped", "this broker ends; races no more", 0},
    },
};

const struct machine machine_broker = {
    "broker",
    "A broker as the controller sees it; a new incarnation is a death and a birth.",
    6,
    {
        [CTL_BROKER_ABSENT] = {"absent", "not registered, or its broker node says `out`",
                               TO(CTL_BROKER_STARTING) | TO(CTL_BROKER_IN) |
                                   TO(CTL_BROKER_LEAVING)},
        [CTL_BROKER_STARTING] = {"starting", "registered; its inventory is awaited",
                                 TO(CTL_BROKER_ABSENT) | TO(CTL_BROKER_ADMITTING) |
                                     TO(CTL_BROKER_IN) | TO(CTL_BROKER_LEAVING)},
        [CTL_BROKER_ADMITTING] = {"admitting",
                                  "inventory taken; what it must not count for is being written",
                                  TO(CTL_BROKER_ABSENT) | TO(CTL_BROKER_STARTING) |
                                      TO(CTL_BROKER_ENTERING) | TO(CTL_BROKER_IN) |
                                      TO(CTL_BROKER_LEAVING)},
        [CTL_BROKER_ENTERING] = {"entering", "its node is being set to `in`",
                                 TO(CTL_BROKER_ABSENT) | TO(CTL_BROKER_STARTING) |
                                     TO(CTL_BROKER_IN) | TO(CTL_BROKER_LEAVING)},
        [CTL_BROKER_IN] = {"in", "alive: may lead, and join in-sync replica sets",
                           TO(CTL_BROKER_ABSENT) | TO(CTL_BROKER_STARTING) |
                               TO(CTL_BROKER_LEAVING)},
        [CTL_BROKER_LEAVING] = {"leaving",
                                "its registration is gone; its node is being set to `out`",
                                TO(CTL_BROKER_ABSENT) | TO(CTL_BROKER_STARTING) |
                                    TO(CTL_BROKER_IN)},
    },
};

const struct machine machine_replica = {
    "replica",
    "One replica of a partition; the in-sync replica set in the state node is another matter.",
    4,
    {
        [CTL_REPLICA_OFFLINE] = {"offline", "its broker is absent or leaving",
                                 TO(CTL_REPLICA_STARTING) | TO(CTL_REPLICA_ONLINE)},
        [CTL_REPLICA_STARTING] = {"starting",
                                  "its broker is starting: stays in the ISR, cannot lead or join",
                                  TO(CTL_REPLICA_OFFLINE) | TO(CTL_REPLICA_ONLINE) |
                                      TO(CTL_REPLICA_FAILED)},
        [CTL_REPLICA_ONLINE] = {"online", "its broker is in",
                                TO(CTL_REPLICA_OFFLINE) | TO(CTL_REPLICA_STARTING) |
                                    TO(CTL_REPLICA_FAILED)},
        [CTL_REPLICA_FAILED] =
            {"failed",
             "this process of the broker cannot use it: leaves the ISR unless it "
             "is the last; its leader may take it in again",
             TO(CTL_REPLICA_OFFLINE) | TO(CTL_REPLICA_STARTING) | TO(CTL_REPLICA_ONLINE)},
    },
};

const struct machine machine_partition = {
    "partition",
    "By its state node, as last read or written.",
    6,
    {
        [CTL_PARTITION_READING] = {"reading", "its state node is being read for the first time",
                                   TO(CTL_PARTITION_UNWRITTEN) | TO(CTL_PARTITION_NEW) |
                                       TO(CTL_PARTITION_ONLINE) | TO(CTL_PARTITION_OFFLINE) |
                                       TO(CTL_PARTITION_UNREADABLE)},
        [CTL_PARTITION_UNWRITTEN] = {"unwritten",
                                     "no state node; waits for a replica that is online",
                                     TO(CTL_PARTITION_NEW) | TO(CTL_PARTITION_ONLINE) |
                                         TO(CTL_PARTITION_OFFLINE) | TO(CTL_PARTITION_UNREADABLE)},
        [CTL_PARTITION_NEW] = {"new", "has a leader, but not all ISR members have made their logs",
                               TO(CTL_PARTITION_ONLINE) | TO(CTL_PARTITION_OFFLINE) |
                                   TO(CTL_PARTITION_UNREADABLE) | TO(CTL_PARTITION_UNWRITTEN)},
        [CTL_PARTITION_ONLINE] = {"online", "has a leader",
                                  TO(CTL_PARTITION_OFFLINE) | TO(CTL_PARTITION_NEW) |
                                      TO(CTL_PARTITION_UNREADABLE) | TO(CTL_PARTITION_UNWRITTEN)},
        [CTL_PARTITION_OFFLINE] = {"offline", "no leader: no member of its ISR is online",
                                   TO(CTL_PARTITION_ONLINE) | TO(CTL_PARTITION_NEW) |
                                       TO(CTL_PARTITION_UNREADABLE) | TO(CTL_PARTITION_UNWRITTEN)},
        [CTL_PARTITION_UNREADABLE] = {"unreadable", "what stands in its state node makes no sense",
                                      TO(CTL_PARTITION_UNWRITTEN) | TO(CTL_PARTITION_NEW) |
                                          TO(CTL_PARTITION_ONLINE) | TO(CTL_PARTITION_OFFLINE)},
    },
};

const struct machine machine_write = {
    "write",
    "The one write of a state node that may be under way; until it is settled the ISR counts as "
    "both.",
    5,
    {
        [CTL_WRITE_IDLE] = {"idle", "nothing is under way",
                            TO(CTL_WRITE_GATHERED) | TO(CTL_WRITE_COMPARING)},
        [CTL_WRITE_GATHERED] = {"gathered", "leaves with the next multi",
                                TO(CTL_WRITE_SENT) | TO(CTL_WRITE_IDLE)},
        [CTL_WRITE_SENT] = {"sent", "its reply is awaited",
                            TO(CTL_WRITE_IDLE) | TO(CTL_WRITE_GATHERED) | TO(CTL_WRITE_UNKNOWN) |
                                TO(CTL_WRITE_COMPARING)},
        [CTL_WRITE_UNKNOWN] = {"unknown",
                               "the connection was lost: done or not, nobody can say yet",
                               TO(CTL_WRITE_COMPARING) | TO(CTL_WRITE_IDLE)},
        [CTL_WRITE_COMPARING] = {"comparing", "the node is being read, after a sync, to find out",
                                 TO(CTL_WRITE_IDLE)},
    },
};

const struct machine machine_topic = {
    "topic",
    "A topic, by its node and the marker under `/admin/delete_topics`.",
    6,
    {
        [CTL_TOPIC_READING] = {"reading", "its nodes are being read",
                               TO(CTL_TOPIC_PRESENT) | TO(CTL_TOPIC_UNREADABLE) |
                                   TO(CTL_TOPIC_DELETING)},
        [CTL_TOPIC_UNREADABLE] = {"unreadable",
                                  "what stands in its node makes no sense: the brokers hear of no "
                                  "such topic; deleted, only its nodes go",
                                  TO(CTL_TOPIC_READING) | TO(CTL_TOPIC_ERASING)},
        [CTL_TOPIC_CREATING] = {"creating", "its node is being written",
                                TO(CTL_TOPIC_PRESENT) | TO(CTL_TOPIC_READING) |
                                    TO(CTL_TOPIC_DELETING)},
        [CTL_TOPIC_PRESENT] = {"present", "the brokers are told of it", TO(CTL_TOPIC_DELETING)},
        [CTL_TOPIC_DELETING] = {"deleting",
                                "gone for clients; its replicas' brokers remove their logs",
                                TO(CTL_TOPIC_ERASING)},
        [CTL_TOPIC_ERASING] = {"erasing", "no log is left; its znodes are being deleted", 0},
    },
};

bool machine_allows(const struct machine *m, unsigned from, unsigned to)
{
    return from < m->state_count && to < m->state_count && (m->states[from].next & TO(to));
}

const char *machine_state_name(const struct machine *m, unsigned state)
{
    PRE(state < m->state_count);
    return m->states[state].name;
}

void machine_move(const struct machine *m, uint8_t *state, unsigned to)
{
    if (*state == to)
        return;
    INVARIANT(machine_allows(m, *state, to));
    *state = (uint8_t)to;
}

static void print_one(const struct machine *m, FILE *to)
{
    fprintf(to, "### %s\n\n%s\n\n| state | meaning | may become |\n|---|---|---|\n", m->noun,
            m->about);
    for (unsigned i = 0; i < m->state_count; i++) {
        fprintf(to, "| %s | %s | ", m->states[i].name, m->states[i].about);
        const char *comma = "";
        for (unsigned k = 0; k < m->state_count; k++) {
            if (machine_allows(m, i, k)) {
                fprintf(to, "%s%s", comma, m->states[k].name);
                comma = ", ";
            }
        }
        fprintf(to, "%s |\n", *comma ? "" : "-");
    }
    fputc('\n', to);
}

void machine_print_all(FILE *to)
{
    const struct machine *const all[] = {&machine_controller, &machine_broker, &machine_replica,
                                         &machine_partition,  &machine_write,  &machine_topic};
    for (unsigned i = 0; i < COUNT_OF(all); i++)
        print_one(all[i], to);
}
