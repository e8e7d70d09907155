/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/schedule.h"
#include "tests/lib/zk_under_test.h"
#include "tests/sim/zk_model.h"

/* The contract (tests/lib/zk_contract.c) against the model; tests/zk/ runs it against a server. */

struct model_under_test {
    struct zk_under_test base;
    struct schedule schedule;
    struct zk_model *model;
};

static struct zk_model *model; /* of the test that runs */

static void *client_new(struct zk_under_test *z, const char *chroot,
                        void (*heard)(void *owner, const struct event *event), void *owner)
{
    struct model_under_test *m = CONTAINER_OF(z, struct model_under_test, base);

    return zk_client_new(m->model, chroot, ZK_TEST_SESSION_MS, heard, owner);
}

static void client_kill(void *client)
{
    zk_client_kill(client);
}

static void client_open(void *client, bool open)
{
    zk_client_open(client, open);
}

static void client_submit(void *client, token name, const struct zk_op *ops, uint32_t count)
{
    zk_client_submit(client, name, ops, count);
}

static bool turn(struct zk_under_test *z)
{
    struct model_under_test *m = CONTAINER_OF(z, struct model_under_test, base);

    return schedule_step(&m->schedule) && m->schedule.now_ns < UINT64_C(3600000000000);
}

static void disconnect(void *client)
{
    zk_client_disconnect(client);
}

static void fault_at(void *client, uint32_t k, enum zk_fault how)
{
    zk_client_break_at(client, k, how == ZK_FAULT_REPLY ? ZK_BREAK_REPLY : ZK_BREAK_REQUEST);
}

static void cut(void *client, bool is_cut)
{
    zk_client_cut(client, is_cut);
}

/* Server 0 leads, and is never behind. */
#define FOLLOWER 1

static void follow(void *client)
{
    zk_client_prefer(client, FOLLOWER);
    zk_client_disconnect(client);
}

/* It stays behind until somebody asks it to sync. */
static void lag(void *client, bool lags)
{
    (void)client;
    if (lags)
        zk_model_lag(model, FOLLOWER, UINT64_C(2000000000));
}

static bool behind(void *client)
{
    (void)client;
    return true;
}

static void free_model(struct zk_under_test *z)
{
    struct model_under_test *m = CONTAINER_OF(z, struct model_under_test, base);

    zk_model_free(m->model);
    schedule_deinit(&m->schedule);
    free(m);
}

static const struct zk_under_test_ops model_ops = {
    .client_new = client_new,
    .client_kill = client_kill,
    .open = client_open,
    .submit = client_submit,
    .turn = turn,
    .disconnect = disconnect,
    .fault_at = fault_at,
    .cut = cut,
    .follow = follow,
    .lag = lag,
    .behind = behind,
    .free = free_model,
};

static uint64_t seed;

static struct zk_under_test *make(void)
{
    struct model_under_test *m = xcalloc(1, sizeof *m);
    struct zk_scheduler scheduler = {&m->schedule, schedule_now_ns, schedule_after,
                                     schedule_random};

    m->base.ops = &model_ops;
    schedule_init(&m->schedule, seed);
    m->model = model = zk_model_new(&scheduler, &zk_model_options_default);
    return &m->base;
}

int main(void)
{
    int failed = 0;

    for (seed = 1; seed <= 5; seed++)
        failed |= zk_contract_run("zk_contract (model)", make);
    return failed;
}
