/* SPDX-License-Identifier: Apache-2.0 */
/* corduroy: the command-line client, on librdkafka. Tables for people, --json for programs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char usage[] =
    "usage: corduroy [OPTION]... COMMAND\n"
    "       corduroy --version | --help\n"
    "\n"
    "  --bootstrap-server HOST:PORT[,HOST:PORT]...   brokers to ask first (localhost:9092)\n"
    "  --timeout-ms N                                how long to wait for an answer (10000)\n"
    "  --json                                        prints JSON, for programs\n"
    "  --verbose                                     prints librdkafka's own log lines, too\n"
    "\n"
    "  topic create NAME [--partitions N] [--replicas N] [--config KEY=VALUE]...\n"
    "  topic list\n"
    "  topic describe [NAME]\n"
    "  topic delete NAME\n"
    "  cluster                  brokers, controller, leaders, what is under-replicated or offline\n"
    "  verify [--topic NAME] [--seconds N] [--rate N] [--size BYTES] [--acked FILE]\n"
    "                           writes with acks=all, then reads everything acknowledged back;\n"
    "                           FILE gets a line (partition, offset, number, ms) for each\n"
    "\n"
    "verify's topic is \"verify\" when none is named.\n"
    "Exit status: 0 when it worked, 1 when it did not, 2 for wrong usage.\n";

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments)
{
    fputs("corduroy: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int cli_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return 1;
}

int cli_misused(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    fputs("corduroy --help says how it is used\n", stderr);
    return 2;
}

bool cli_number(const char *text, int least, int most, int *ret)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < least || number > most)
        return false;
    *ret = (int)number;
    return true;
}

void cli_print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    fputc('\n', stdout);
    json_decref(value);
}

/* What matters comes as the results of calls; librdkafka's own lines would only repeat it. */
static void quiet(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

/* Served by rd_kafka_poll, on our thread. */
static void noticed(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    const struct cli *cli = opaque;
    (void)client;
    (void)reason;
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        *cli->unreachable = true;
}

rd_kafka_t *cli_client(const struct cli *cli, rd_kafka_type_t type,
                       const struct cli_client_options *options)
{
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *const *pair = options != NULL ? options->settings : NULL;
    bool good = rd_kafka_conf_set(conf, "bootstrap.servers", cli->bootstrap, why, sizeof why) ==
                RD_KAFKA_CONF_OK;
    for (; good && pair != NULL && pair[0] != NULL; pair += 2)
        good = rd_kafka_conf_set(conf, pair[0], pair[1], why, sizeof why) == RD_KAFKA_CONF_OK;
    if (!cli->verbose)
        rd_kafka_conf_set_log_cb(conf, quiet);
    else
        good = good && rd_kafka_conf_set(conf, "debug", "eos", why, sizeof why) == RD_KAFKA_CONF_OK;
    if (options != NULL && options->delivered != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, options->delivered);
    rd_kafka_conf_set_error_cb(conf, noticed);
    rd_kafka_conf_set_opaque(conf, (void *)(uintptr_t)cli);
    rd_kafka_t *client = good ? rd_kafka_new(type, conf, why, sizeof why) : NULL;
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        cli_fail("cannot make a Kafka client: %s", why);
    }
    return client;
}

/* Asks with short time-outs that grow, because rd_kafka_metadata waits for the whole of its
 * time-out even when no broker can be reached. */
rd_kafka_resp_err_t cli_try_metadata(const struct cli *cli, rd_kafka_t *client,
                                     const struct rd_kafka_metadata **ret)
{
    rd_kafka_resp_err_t wrong;
    int left = cli->timeout_ms, slice = 500;
    *cli->unreachable = false;
    *ret = NULL;
    do {
        slice = slice < left ? slice : left;
        wrong = rd_kafka_metadata(client, 1, NULL, ret, slice);
        left -= slice;
        slice *= 2;
        rd_kafka_poll(client, 0);
    } while (wrong != RD_KAFKA_RESP_ERR_NO_ERROR && left > 0 && !*cli->unreachable);
    return wrong;
}

const struct rd_kafka_metadata *cli_metadata(const struct cli *cli, rd_kafka_t *client)
{
    const struct rd_kafka_metadata *m;
    rd_kafka_resp_err_t wrong = cli_try_metadata(cli, client, &m);
    if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
        cli_fail("no broker answers at %s (%s): is the cluster running? --bootstrap-server "
                 "HOST:PORT names another",
                 cli->bootstrap, rd_kafka_err2str(wrong));
        return NULL;
    }
    return m;
}

enum taken {
    TAKEN,
    NOT_OURS,
    MISUSED
};

static enum taken take_option(struct cli *cli, int *at, int argc, char **argv)
{
    const char *option = argv[*at];
    if (strcmp(option, "--json") == 0) {
        cli->json = true;
        return TAKEN;
    }
    if (strcmp(option, "--verbose") == 0) {
        cli->verbose = true;
        return TAKEN;
    }
    bool bootstrap = strcmp(option, "--bootstrap-server") == 0;
    if (!bootstrap && strcmp(option, "--timeout-ms") != 0)
        return NOT_OURS;
    if (*at + 1 == argc) {
        cli_misused("%s needs a value", option);
        return MISUSED;
    }
    const char *value = argv[++*at];
    if (bootstrap && *value == '\0') {
        cli_misused("%s: \"\" names no broker: give HOST:PORT", option);
        return MISUSED;
    }
    if (bootstrap) {
        cli->bootstrap = value;
    } else if (!cli_number(value, 1, 3600000, &cli->timeout_ms)) {
        cli_misused("--timeout-ms: \"%s\" is not a number from 1 to 3600000", value);
        return MISUSED;
    }
    return TAKEN;
}

static int run(const struct cli *cli, int count, char **rest)
{
    if (count == 0) {
        fputs(usage, stderr);
        return 2;
    }
    if (strcmp(rest[0], "topic") == 0)
        return cli_topic(cli, count - 1, rest + 1);
    if (strcmp(rest[0], "cluster") == 0)
        return cli_cluster(cli, count - 1, rest + 1);
    if (strcmp(rest[0], "verify") == 0)
        return cli_verify(cli, count - 1, rest + 1);
    return cli_misused("\"%s\" is not %s", rest[0],
                       rest[0][0] == '-' ? "an option" : "a command: topic, cluster or verify");
}

static bool told_itself(const char *argument)
{
    bool help = strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
    if (!help && strcmp(argument, "--version") != 0)
        return false;
    fputs(help ? usage : "corduroy " CORDUROY_VERSION "\n", stdout);
    return true;
}

int main(int argc, char **argv)
{
    bool unreachable = false;
    struct cli cli = {
        .bootstrap = "localhost:9092", .timeout_ms = 10000, .unreachable = &unreachable};
    char **rest = calloc((size_t)argc + 1, sizeof *rest);
    int count = 0;
    for (int i = 1; i < argc; i++) {
        enum taken taken = TAKEN;
        bool told = told_itself(argv[i]);
        if (!told)
            taken = take_option(&cli, &i, argc, argv);
        if (told || taken == MISUSED) {
            free(rest);
            return told ? 0 : 2;
        }
        if (taken == NOT_OURS)
            rest[count++] = argv[i];
    }
    int status = run(&cli, count, rest);
    free(rest);
    return status;
}
