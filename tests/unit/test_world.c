/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/lib/world_host.h"

/* ---- mail ---- */

enum {
    MAILS = 20,
    ROUNDS = 2000,
    KIND_PING = 3,
    KIND_DONE = 4
};

struct ping {
    struct mail mail;
    unsigned number, hops;
};
struct ping_game {
    struct ping pings[MAILS];
    unsigned next_expected[HOST_NODES_MAX]; /* a shard's own */
    unsigned out_of_order;                  /* shard 0's */
    unsigned ended;
};

static void ping_heard(void *context, struct mail *mail)
{
    struct host_node *node = context;
    struct ping_game *game = node->host->context;
    struct ping *ping = CONTAINER_OF(mail, struct ping, mail);
    /* All go round in one direction, so each shard sees them in one order. */
    if (ping->number != game->next_expected[node->index])
        host_end(node, 2);
    game->next_expected[node->index] = (ping->number + 1) % MAILS;
    unsigned next = (node->index + 1) % node->host->count;
    if (++ping->hops < ROUNDS) {
        node->env->ops->mail(node->env->world, next, mail);
        return;
    }
    ping->mail.kind = KIND_DONE;
    node->env->ops->mail(node->env->world, 0, mail);
}

static void done_heard(void *context, struct mail *mail)
{
    struct host_node *node = context;
    struct ping_game *game = node->host->context;
    (void)mail;
    if (++game->ended == MAILS)
        host_end(node, 0);
}

static void ping_start(struct host_node *node)
{
    struct ping_game *game = node->host->context;
    reactor_mail_kind(&node->reactor, KIND_PING, ping_heard, node);
    reactor_mail_kind(&node->reactor, KIND_DONE, done_heard, node);
    if (node->index != 0)
        return;
    for (unsigned i = 0; i < MAILS; i++) {
        game->pings[i] = (struct ping){.mail.kind = KIND_PING, .number = i};
        node->env->ops->mail(node->env->world, 1 % node->host->count, &game->pings[i].mail);
    }
}

START_TEST(test_mail_goes_round_in_order)
{
    for (unsigned shards = 1; shards <= 3; shards++) {
        struct ping_game game = {0};
        struct host host = {.count = shards, .context = &game, .start = ping_start};
        ck_assert_int_eq(host_run(&host), 0);
        ck_assert_uint_eq(game.ended, MAILS);
    }
}
END_TEST

/* ---- timers ---- */

enum {
    TIMERS = 50
};
struct timer_game {
    struct numbered {
        struct timer timer;
        unsigned number;
        uint64_t wanted_ns;
        struct host_node *node;
    } timers[TIMERS];
    unsigned fired, wrong;
    uint64_t last_ns;
};

static void numbered_fired(struct timer *timer)
{
    struct numbered *n = CONTAINER_OF(timer, struct numbered, timer);
    struct timer_game *game = n->node->host->context;
    game->wrong += n->number % 5 == 0;                     /* was cancelled */
    game->wrong += n->wanted_ns < game->last_ns;           /* out of order */
    game->wrong += n->node->reactor.now_ns < n->wanted_ns; /* early */
    game->last_ns = n->wanted_ns;
    if (++game->fired == TIMERS - TIMERS / 5)
        host_end(n->node, game->wrong ? 1 : 0);
}

static void timers_start(struct host_node *node)
{
    struct timer_game *game = node->host->context;
    for (unsigned i = 0; i < TIMERS; i++) {
        struct numbered *n = &game->timers[i];
        *n = (struct numbered){.number = i, .node = node};
        timer_init(&n->timer, &node->reactor, numbered_fired);
        timer_set(&n->timer, 100000);
        timer_set(&n->timer, (i * 7) % 30);
        n->wanted_ns = n->timer.at_ns;
        if (i % 5 == 0)
            timer_cancel(&n->timer);
    }
}

START_TEST(test_timers_fire_in_order_and_not_early)
{
    struct timer_game game = {0};
    struct host host = {.count = 1, .context = &game, .start = timers_start};
    ck_assert_int_eq(host_run(&host), 0);
}
END_TEST

/* ---- start, turns, stop, halt ---- */

struct stop_game {
    unsigned started[HOST_NODES_MAX], stopped[HOST_NODES_MAX];
    unsigned told; /* shard 0's */
    struct mail mails[HOST_NODES_MAX];
    int code;
};

static void stop_told(void *context, struct mail *mail)
{
    struct host_node *node = context;
    struct stop_game *game = node->host->context;
    (void)mail;
    if (++game->told == node->host->count)
        host_end(node, game->code);
}

static void stop_start(struct host_node *node)
{
    struct stop_game *game = node->host->context;
    game->started[node->index]++;
    reactor_mail_kind(&node->reactor, KIND_DONE, stop_told, node);
    if (node->index == 0)
        kill(getpid(), SIGTERM);
}

static void stop_heard(struct host_node *node)
{
    struct stop_game *game = node->host->context;
    game->stopped[node->index]++;
    world_stop(node->host->world); /* asking again changes nothing */
    game->mails[node->index].kind = KIND_DONE;
    node->env->ops->mail(node->env->world, 0, &game->mails[node->index]);
}

START_TEST(test_a_signal_stops_every_shard_once)
{
    struct stop_game game = {.code = 7};
    struct host host = {.count = 3, .context = &game, .start = stop_start, .stop = stop_heard};
    ck_assert_int_eq(host_run(&host), 7);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(game.started[i], 1);
        ck_assert_uint_eq(game.stopped[i], 1);
    }
}
END_TEST

static void interrupt_once_more(struct host_node *node)
{
    if (node->index == 0)
        kill(getpid(), SIGINT);
}

static void interrupt_start(struct host_node *node)
{
    if (node->index == 0)
        kill(getpid(), SIGINT);
}

START_TEST(test_a_second_interrupt_does_not_wait)
{
    struct host host = {.count = 2, .start = interrupt_start, .stop = interrupt_once_more};
    ck_assert_int_eq(host_run(&host), 130);
}
END_TEST

struct halt_game {
    struct timer again;
    struct mail mail;
    bool halted;
    unsigned heard_after;
};

static void halt_again(struct timer *timer)
{
    struct halt_game *game = CONTAINER_OF(timer, struct halt_game, again);
    game->heard_after += game->halted;
}

static void halt_mail_heard(void *context, struct mail *mail)
{
    (void)mail;
    ((struct halt_game *)context)->heard_after++;
}

static void halt_start(struct host_node *node)
{
    if (node->index != 1)
        return;
    struct halt_game *game = node->host->context;
    reactor_mail_kind(&node->reactor, 1, halt_mail_heard, game);
    timer_init(&game->again, &node->reactor, halt_again);
    timer_set(&game->again, 0);
    game->mail.kind = 1;
    node->env->ops->mail(node->env->world, 1, &game->mail);
    game->halted = true;
    host_end(node, 3);
    host_end(node, 4);
}

START_TEST(test_after_halt_nothing_is_heard_and_the_first_code_counts)
{
    struct halt_game game = {0};
    struct host host = {.count = 2, .context = &game, .start = halt_start};
    ck_assert_int_eq(host_run(&host), 3);
    ck_assert_uint_eq(game.heard_after, 0);
}
END_TEST

struct turn_game {
    struct turn_task task;
    struct host_node *node;
    struct mail mails[2];
    unsigned mails_heard, turns;
};

static void turn_run(struct turn_task *task)
{
    struct turn_game *game = CONTAINER_OF(task, struct turn_game, task);
    game->turns++;
    if (game->mails_heard == 2)
        host_end(game->node, (int)game->turns);
}

static void turn_mail(void *context, struct mail *mail)
{
    struct turn_game *game = context;
    (void)mail;
    game->mails_heard++;
    reactor_at_turn(&game->node->reactor, &game->task);
}

static void turn_start(struct host_node *node)
{
    struct turn_game *game = node->host->context;
    game->node = node;
    game->task.run = turn_run;
    reactor_mail_kind(&node->reactor, 1, turn_mail, game);
    for (int i = 0; i < 2; i++) {
        game->mails[i].kind = 1;
        node->env->ops->mail(node->env->world, 0, &game->mails[i]);
    }
}

START_TEST(test_a_turn_follows_the_batch)
{
    struct turn_game game = {0};
    struct host host = {.count = 1, .context = &game, .start = turn_start};
    ck_assert_int_eq(host_run(&host), 1);
}
END_TEST

/* ---- small things ---- */

struct small_game {
    uint64_t random[100];
    int64_t wall_ms;
};

static void small_start(struct host_node *node)
{
    struct small_game *game = node->host->context;
    for (int i = 0; i < 100; i++)
        game->random[i] = node->env->ops->random(node->env->world);
    game->wall_ms = node->env->ops->wall_ms(node->env->world);
    say(node->env, SAY_WARN, "test", "two\nlines of %s", "one");
    say(node->env, SAY_DEBUG, "test", "dropped");
    host_end(node, 0);
}

START_TEST(test_random_wall_and_lines)
{
    FILE *lines = tmpfile();
    int before = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(fileno(lines), STDERR_FILENO), 0);
    struct small_game game = {0};
    struct host host = {.count = 1, .context = &game, .start = small_start};
    int code = host_run(&host);
    dup2(before, STDERR_FILENO);
    close(before);
    ck_assert_int_eq(code, 0);
    for (int i = 0; i < 100; i++)
        for (int k = 0; k < i; k++)
            ck_assert_uint_ne(game.random[i], game.random[k]);
    ck_assert_int_gt(game.wall_ms, INT64_C(1600000000000));
    rewind(lines);
    char line[200];
    ck_assert_ptr_nonnull(fgets(line, sizeof line, lines));
    ck_assert_uint_eq(strlen(line), 24 + strlen(" WARN  test: two?lines of one\n"));
    ck_assert_int_eq(line[10], 'T');
    ck_assert_int_eq(line[23], 'Z');
    ck_assert_str_eq(line + 24, " WARN  test: two?lines of one\n");
    ck_assert_ptr_null(fgets(line, sizeof line, lines));
    fclose(lines);
}
END_TEST

/* ---- ZooKeeper's side ---- */

struct fake_zk {
    struct host *host;
    pthread_t thread;
    bool open, freed;
    unsigned submitted;
};

static void post_text(struct fake_zk *zk, enum event_kind kind, const char *text)
{
    struct world_zk_post *post = world_zk_post_new();
    post->event.kind = kind;
    if (kind == EV_ZK_WATCH)
        post->event.u.watch.path = arena_copy(&post->arena, view_of(text));
    world_post_zk(zk->host->world, post);
}

static void *fake_zk_main(void *arg)
{
    struct fake_zk *zk = arg;
    post_text(zk, EV_ZK_SESSION, NULL);
    for (int i = 0; i < 100; i++) {
        char path[20];
        snprintf(path, sizeof path, "/node-%d", i);
        post_text(zk, EV_ZK_WATCH, path);
    }
    return NULL;
}

static void fake_zk_open(void *adapter)
{
    struct fake_zk *zk = adapter;
    zk->open = true;
    pthread_create(&zk->thread, NULL, fake_zk_main, zk);
}

static void fake_zk_close(void *adapter)
{
    ((struct fake_zk *)adapter)->open = false;
}

static void fake_zk_submit(void *adapter, token name, const struct zk_op *ops, unsigned count)
{
    struct fake_zk *zk = adapter;
    zk->submitted += count;
    struct world_zk_post *post = world_zk_post_new();
    struct zk_result *results = arena_array(&post->arena, count, sizeof *results);
    results[0].data = arena_copy(&post->arena, ops[0].path);
    post->event = (struct event){.kind = EV_ZK_REPLY, .token = name};
    post->event.u.reply.results = results;
    post->event.u.reply.count = count;
    world_post_zk(zk->host->world, post);
}

static void fake_zk_free(void *adapter)
{
    struct fake_zk *zk = adapter;
    pthread_join(zk->thread, NULL);
    post_text(zk, EV_ZK_WATCH, "/too/late");
    zk->freed = true;
}

static const struct world_zk_ops fake_zk_ops = {
    .open = fake_zk_open, .close = fake_zk_close, .submit = fake_zk_submit, .free = fake_zk_free};

struct zk_game {
    struct fake_zk zk;
    unsigned watches;
    struct source reply;
    struct host_node *node;
};

static void zk_reply(struct source *source, const struct event *event)
{
    struct zk_game *game = CONTAINER_OF(source, struct zk_game, reply);
    bool right = event->kind == EV_ZK_REPLY && event->u.reply.count == 2 &&
                 view_equal(event->u.reply.results[0].data, VIEW_LITERAL("/a"));
    game->node->env->ops->zk_open(game->node->env->world, false);
    host_end(game->node, right ? 0 : 1);
}

static void zk_other(struct host_node *node, const struct event *event)
{
    struct zk_game *game = node->host->context;
    if (event->kind == EV_ZK_SESSION)
        return;
    char path[20];
    snprintf(path, sizeof path, "/node-%u", game->watches++);
    if (event->kind != EV_ZK_WATCH || !view_equal(event->u.watch.path, view_of(path)))
        host_end(node, 2);
    if (game->watches < 100)
        return;
    struct zk_op ops[2] = {{.kind = ZK_CHECK, .path = VIEW_LITERAL("/a")},
                           {.kind = ZK_SET, .path = VIEW_LITERAL("/b")}};
    game->reply.heard = zk_reply;
    node->env->ops->zk(node->env->world, reactor_add(&node->reactor, &game->reply), ops, 2);
}

static void zk_start(struct host_node *node)
{
    struct zk_game *game = node->host->context;
    if (node->index != 0)
        return;
    game->node = node;
    node->env->ops->zk_open(node->env->world, true);
}

START_TEST(test_posts_of_an_adapter_arrive_in_order)
{
    struct zk_game game = {0};
    struct host host = {.count = 2,
                        .context = &game,
                        .start = zk_start,
                        .other = zk_other,
                        .zk_ops = &fake_zk_ops,
                        .zk = &game.zk};
    game.zk.host = &host;
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert_uint_eq(game.watches, 100);
    ck_assert(game.zk.freed && !game.zk.open);
    ck_assert_uint_eq(game.zk.submitted, 2);
}
END_TEST

SUITE_MAIN("world", test_mail_goes_round_in_order, test_timers_fire_in_order_and_not_early,
           test_a_signal_stops_every_shard_once, test_a_second_interrupt_does_not_wait,
           test_after_halt_nothing_is_heard_and_the_first_code_counts,
           test_a_turn_follows_the_batch, test_random_wall_and_lines,
           test_posts_of_an_adapter_arrive_in_order)
