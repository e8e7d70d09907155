/* SPDX-License-Identifier: Apache-2.0 */
/* corduroy-broker FILE.properties: reads the configuration, makes the real world and one broker in
 * it, and runs until it is told to stop. All that can be refused is refused here or in
 * control_start.c, with one line that says what to do. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/config.h"
#include "broker/zk/zk_adapter.h"
#include "common/memory.h"
#include "common/resolve.h"
#include "common/world.h"

#define CONFIG_SIZE_MAX (1u << 20)
#define SECRET_SIZE_MAX 4096u

static const char usage[] =
    "usage: corduroy-broker [--check] FILE.properties\n"
    "       corduroy-broker --version | --help\n"
    "\n"
    "Runs one broker of a Corduroy cluster. FILE.properties has its settings, in Kafka's format.\n"
    "\n"
    "  --check    only says what is wrong with the file; exit status 0 when nothing is\n"
    "  --version  prints the version\n"
    "  --help     prints this text\n"
    "\n"
    "SIGTERM, SIGINT or SIGHUP stops the broker in good order: leadership moves to other\n"
    "brokers first. Log lines go to standard error (corduroy.log.level).\n";

struct program {
    const char *file;
    bool check;
    struct broker_config *config;
    struct broker_setup setup;
    struct world *world;
    struct broker *broker;
    struct zk_connect connect;
    void *roots[CONFIG_DIRS_MAX];
    char *secret;
    char cluster_address[RESOLVE_TEXT_SIZE];
    char label[32]; /* of every log line */
};

__attribute__((format(printf, 1, 2))) static int refuse(const char *format, ...)
{
    va_list arguments;
    fputs("corduroy-broker: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return 1;
}

/* A whole small file, zero-terminated; NULL with errno. */
static char *read_file(const char *path, size_t size_max, size_t *ret_size)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    char *text = xmalloc(size_max + 2);
    *ret_size = fread(text, 1, size_max + 1, f);
    int wrong = ferror(f) ? errno : *ret_size > size_max ? EFBIG : 0;
    fclose(f);
    if (wrong != 0) {
        free(text);
        errno = wrong;
        return NULL;
    }
    text[*ret_size] = '\0';
    return text;
}

/* ---- the configuration ---- */
static int load_config(struct program *p)
{
    size_t size;
    struct config_report report;
    char *text = read_file(p->file, CONFIG_SIZE_MAX, &size);
    if (text == NULL)
        return refuse("cannot read %s: %s", p->file, strerror(errno));
    p->config =
        config_parse((struct view){(const uint8_t *)text, (uint32_t)size}, p->file, &report);
    free(text);
    for (size_t i = 0; i < report.warning_count; i++)
        fprintf(stderr, "corduroy-broker: warning: %s\n", report.warnings[i]);
    for (size_t i = 0; i < report.error_count; i++)
        refuse("%s", report.errors[i]);
    int result = report.error_count > 0;
    config_report_deinit(&report);
    const char *why;
    if (result == 0 && zk_connect_parse(p->config->zookeeper_connect, &p->connect, &why) != 0) {
        return refuse("zookeeper.connect: \"%s\" is not allowed: %s", p->config->zookeeper_connect,
                      why);
    }
    return result;
}

static int load_secret(struct program *p)
{
    size_t size;
    if (p->config->cluster_secret_file == NULL)
        return 0;
    p->secret = read_file(p->config->cluster_secret_file, SECRET_SIZE_MAX, &size);
    if (p->secret == NULL) {
        return refuse("corduroy.cluster.secret.file: cannot read %s: %s",
                      p->config->cluster_secret_file, strerror(errno));
    }
    while (size > 0 && (p->secret[size - 1] == '\n' || p->secret[size - 1] == '\r'))
        size--;
    if (size < 16) {
        return refuse("corduroy.cluster.secret.file: %s holds %zu bytes: at least 16 are needed",
                      p->config->cluster_secret_file, size);
    }
    p->setup.secret = (struct view){(const uint8_t *)p->secret, (uint32_t)size};
    return 0;
}

/* ---- addresses ---- */
static int resolve(const char *key, const char *host, int32_t port, struct addr *ret)
{
    bool numeric;
    if (resolve_host(host, (uint16_t)port, ret, &numeric) != RESOLVE_OK)
        return refuse("%s: host \"%s\" cannot be resolved on this machine", key, host);
    return 0;
}

/* Other brokers are told an IP address, so that none of them ever has to wait for a resolver. */
static int resolve_all(struct program *p)
{
    const struct broker_config *c = p->config;
    for (unsigned i = 0; i < c->listener_count; i++)
        if (resolve("listeners", c->listeners[i].host, c->listeners[i].port,
                    &p->setup.listeners[i]) != 0)
            return 1;
    if (resolve("corduroy.cluster.listener", c->cluster_host, c->cluster_port,
                &p->setup.cluster_listener) != 0)
        return 1;
    struct addr told = p->setup.cluster_listener;
    const char *advertised = c->listeners[c->inter_broker_listener].advertised_host;
    if (resolve_is_wildcard(&told) &&
        resolve("advertised.listeners", advertised, c->cluster_port, &told) != 0)
        return 1;
    resolve_ip_text(&told, p->cluster_address);
    p->setup.cluster_address = p->cluster_address;
    if (p->setup.secret.base == NULL && !resolve_is_loopback(&p->setup.cluster_listener)) {
        fprintf(stderr,
                "corduroy-broker: warning: other brokers are not authenticated, and whoever "
                "can connect to %s:%d is taken for one: set "
                "corduroy.cluster.secret.file\n",
                c->cluster_host, c->cluster_port);
    }
    return 0;
}

/* ---- the world ---- */
static int make_directory(const char *path)
{
    char *copy = xstrdup(path);
    for (char *at = copy + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(copy, 0755); /* what is missing shows at the last one */
        *at = '/';
    }
    int wrong = mkdir(copy, 0755) != 0 && errno != EEXIST ? errno : 0;
    free(copy);
    return wrong;
}

/* Opens every entry of log.dirs. One that cannot be used is left out, as long as another can be. */
static int open_directories(struct program *p, struct world_dir *dirs)
{
    unsigned usable = 0;
    for (unsigned i = 0; i < p->config->dir_count; i++) {
        const char *path = p->config->dirs[i];
        int wrong = make_directory(path);
        p->roots[i] = wrong == 0 ? file_posix_new(path) : NULL;
        if (p->roots[i] == NULL) {
            p->setup.dir_errors[i] = wrong != 0 ? -wrong : -errno;
            p->roots[i] = file_posix_new(NULL);
            refuse("log.dirs: cannot use %s: %s", path, strerror(-p->setup.dir_errors[i]));
        } else {
            usable++;
        }
        dirs[i] = (struct world_dir){&file_posix_ops, p->roots[i]};
    }
    return usable == 0;
}

static void post_zk(void *context, struct world_zk_post *post)
{
    world_post_zk(context, post);
}

static void say_zk(void *context, enum say_level level, struct view line)
{
    world_say(context, level, line);
}

static unsigned shard_count(const struct broker_config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (c->shards > 0)
        return (unsigned)c->shards;
    return cores < 4 ? 1 : cores > 16 ? 8 : (unsigned)cores / 2;
}

static enum say_level say_level(const struct broker_config *c)
{
    const char *text = c->log_level;
    return strcmp(text, "error") == 0   ? SAY_ERROR
           : strcmp(text, "warn") == 0  ? SAY_WARN
           : strcmp(text, "debug") == 0 ? SAY_DEBUG
                                        : SAY_INFO;
}

static int make_world(struct program *p)
{
    struct world_dir dirs[CONFIG_DIRS_MAX];
    if (open_directories(p, dirs) != 0)
        return 1;
    snprintf(p->label, sizeof p->label, "broker %d ", p->config->broker_id);
    struct world_config config = {.shard_count = shard_count(p->config),
                                  .dir_count = p->config->dir_count,
                                  .dirs = dirs,
                                  .say_level = say_level(p->config),
                                  .label = p->label,
                                  .step = shard_step};
    p->world = world_new(&config);
    if (p->world == NULL)
        return refuse("cannot start a thread or make a socket: %s", strerror(errno));
    struct zk_adapter_options zk = {.connect = &p->connect,
                                    .session_timeout_ms =
                                        (uint32_t)p->config->zookeeper_session_timeout_ms,
                                    .digest = p->config->zookeeper_digest,
                                    .post = post_zk,
                                    .say = say_zk,
                                    .context = p->world};
    struct zk_adapter *adapter = zk_adapter_new(&zk);
    if (adapter == NULL)
        return refuse("cannot start a thread or make a socket: %s", strerror(errno));
    world_set_zk(p->world, &zk_adapter_ops, adapter);
    return 0;
}

/* Half of the descriptors, and no more than these, are not for clients: logs, other brokers and
 * ZooKeeper need some, however many clients there are. Half of those may be kept for segments. */
#define OWN_DESCRIPTORS_MAX 16384
#define FILES_MIN 8

static void share_descriptors(struct program *p)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t own =
        limit.rlim_cur / 2 < OWN_DESCRIPTORS_MAX ? limit.rlim_cur / 2 : OWN_DESCRIPTORS_MAX;
    if (limit.rlim_cur - own < (rlim_t)p->config->connections_max)
        p->config->connections_max = (int64_t)(limit.rlim_cur - own);
    /* One cache for writing and one a shard for reading, in each directory. */
    rlim_t caches = p->config->dir_count * (1 + shard_count(p->config));
    rlim_t files = own / 2 / caches;
    p->setup.files_max = files < FILES_MIN ? FILES_MIN : (unsigned)files;
}

/* The world hears these signals on a descriptor. They are blocked before any thread is made, so
 * that all threads inherit that. */
static void block_signals(void)
{
    sigset_t ours;
    world_signals(&ours);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
}

static int run(struct program *p)
{
    struct env envs[WORLD_SHARDS_MAX];
    unsigned count = shard_count(p->config);
    for (unsigned i = 0; i < count; i++)
        envs[i] = world_env(p->world, i);
    p->setup.config = p->config;
    p->setup.envs = envs;
    p->setup.shard_count = count;
    p->broker = broker_new(&p->setup);
    for (unsigned i = 0; i < count; i++)
        world_set_shard(p->world, i, broker_shard(p->broker, i));
    return world_run(p->world);
}

static void free_program(struct program *p)
{
    broker_free(p->broker);
    if (p->world != NULL)
        world_free(p->world);
    for (unsigned i = 0; i < CONFIG_DIRS_MAX; i++)
        if (p->roots[i] != NULL)
            file_posix_free(p->roots[i]);
    config_free(p->config);
    free(p->secret);
}

static int parse_arguments(struct program *p, int argc, char **argv)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            p->check = true;
            break;
        case 'v':
            puts("corduroy-broker " CORDUROY_VERSION);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind + 1 != argc) {
        fputs(usage, stderr);
        return 2;
    }
    p->file = argv[optind];
    return 0;
}

int main(int argc, char **argv)
{
    struct program p = {0};
    int result = parse_arguments(&p, argc, argv);
    if (result != 0)
        return result;
    result = load_config(&p) != 0 || load_secret(&p) != 0 || resolve_all(&p) != 0;
    if (result == 0 && p.check) {
        printf("%s: fine\n", p.file);
    } else if (result == 0) {
        share_descriptors(&p);
        block_signals();
        result = make_world(&p) != 0 ? 1 : run(&p);
        if (result != 0)
            _exit(result); /* some threads may still run, so nothing can be freed in order */
    }
    free_program(&p);
    return result;
}
