/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_REGISTRAR_HOST_H
#define CORDUROY_TESTS_LIB_REGISTRAR_HOST_H

#include <check.h>

#include "broker/zk/registrar.h"
#include "tests/lib/schedule.h"
#include "tests/sim/zk_model.h"

/* Processes with a registrar each, in front of the model of ZooKeeper: a host is one process, a
 * disk holds its marker and survives it. Waiting in vain fails the test. */

#define HOSTS 3
#define SECOND UINT64_C(1000000000)

struct registrar_disk { /* survives the process */
    struct uuid storage_id;
    uint64_t marker[2];
    char cluster_id[32];
};
struct registrar_host {
    const char *name;
    struct registrar_disk *disk;
    struct registrar_config config;
    struct znode_endpoint endpoint;
    struct registrar *registrar;
    struct zk_client *client;
    uint64_t timer; /* the number of the one set last */
    uint64_t incarnation, previous;
    int64_t broker_epoch;
    enum znode_broker_state state;
    unsigned registered, unregistered, persisted;
    bool persisting;
    uint64_t persist_ns;
    char halted[600];
};
extern struct schedule registrar_hosts_schedule;
extern struct zk_model *registrar_hosts_model;
extern struct registrar_host registrar_hosts[HOSTS];
extern struct registrar_disk registrar_disks[HOSTS];
extern struct arena registrar_hosts_arena;

/* A fresh model with this seed; and its end. */
void registrar_hosts_begin(uint64_t seed);
void registrar_hosts_end(void);
void registrar_hosts_run_for(uint64_t ns);

struct registrar_host *registrar_host_init(int i, int32_t broker, struct registrar_disk *disk);
void registrar_host_start(struct registrar_host *h);
void registrar_host_kill(struct registrar_host *h); /* kill -9 */
void registrar_host_restart(struct registrar_host *h);
/* One event; what it asks for is carried out. */
void registrar_host_step(struct registrar_host *h, struct registrar_event e);
void registrar_host_wait_registered(struct registrar_host *h);
void registrar_host_wait_halted(struct registrar_host *h);
/* ZooKeeper knows this host as it knows itself. */
void registrar_host_assert_known(const struct registrar_host *h);

/* ---- the tree ---- */
bool registrar_hosts_find(const char *path, struct zk_model_node *ret);
struct znode_broker_node registrar_hosts_broker_node(int32_t broker);
bool registrar_hosts_find_id(int32_t broker, struct zk_model_node *ret);
/* As a controller would. */
void registrar_hosts_put_state(int32_t broker, enum znode_broker_state state, bool delete_id);

#endif
