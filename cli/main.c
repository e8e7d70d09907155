/* SPDX-License-Identifier: Apache-2.0 */
/* corduroy: the command-line client, on librdkafka. Tables for people, --json for programs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char usage[] =
    "usage: corduroy [--bootstrap-server HOST:PORT[,...]] [--json] [--verbose] [--timeout-ms N] "
    "COMMAND\n"
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
    "The bootstrap server is localhost:9092 when it is not given.\n";

int cli_fail(const char *format, ...)
{
    va_list arguments;
    fputs("corduroy: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return 1;
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

rd_kafka_t *cli_client(const struct cli *cli, rd_kafka_type_t type,
                       const struct cli_client_options *options)
{
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *const *pair = options != NULL ? options->settings : NULL;
    bool good = rd_kafka_conf_set(conf, "bootstrap.servers", cli->bootstrap, why, sizeof why) ==
                RD_KAFKA_CONF_OK;
    for (; good && pair != NULL && pair[0] != NULL; pair += 2) {
        good = rd_kafka_conf_set(conf, pair[0], pair[1], why, sizeof why) == RD_KAFKA_CONF_OK;
    }
    if (!cli->verbose) {
        rd_kafka_conf_set_log_cb(conf, quiet);
    } else {
        good = good && rd_kafka_conf_set(conf, "debug", "eos", why, sizeof why) == RD_KAFKA_CONF_OK;
    }
    if (options != NULL && options->delivered != NULL) {
        rd_kafka_conf_set_dr_msg_cb(conf, options->delivered);
        rd_kafka_conf_set_opaque(conf, options->opaque);
    }
    rd_kafka_t *client = good ? rd_kafka_new(type, conf, why, sizeof why) : NULL;
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        cli_fail("cannot make a client: %s", why);
    }
    return client;
}

const struct rd_kafka_metadata *cli_metadata(const struct cli *cli, rd_kafka_t *client)
{
    const struct rd_kafka_metadata *m = NULL;
    rd_kafka_resp_err_t wrong = rd_kafka_metadata(client, 1, NULL, &m, cli->timeout_ms);
    if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
        cli_fail("no broker answers at %s (%s): is the cluster running? --bootstrap-server "
                 "HOST:PORT names another",
                 cli->bootstrap, rd_kafka_err2str(wrong));
        return NULL;
    }
    return m;
}

static bool take_option(struct cli *cli, int *at, int argc, char **argv)
{
    const char *option = argv[*at];
    if (strcmp(option, "--json") == 0) {
        cli->json = true;
        return true;
    }
    if (strcmp(option, "--verbose") == 0) {
        cli->verbose = true;
        return true;
    }
    if (*at + 1 < argc && strcmp(option, "--bootstrap-server") == 0) {
        cli->bootstrap = argv[++*at];
        return true;
    }
    if (*at + 1 < argc && strcmp(option, "--timeout-ms") == 0 && atoi(argv[*at + 1]) > 0) {
        cli->timeout_ms = atoi(argv[++*at]);
        return true;
    }
    return false;
}

static int run(const struct cli *cli, int count, char **rest)
{
    if (count >= 2 && strcmp(rest[0], "topic") == 0) {
        return cli_topic(cli, count - 1, rest + 1);
    }
    if (count == 1 && strcmp(rest[0], "cluster") == 0) {
        return cli_cluster(cli, count - 1, rest + 1);
    }
    if (count >= 1 && strcmp(rest[0], "verify") == 0) {
        return cli_verify(cli, count - 1, rest + 1);
    }
    return 2;
}

int main(int argc, char **argv)
{
    struct cli cli = {.bootstrap = "localhost:9092", .timeout_ms = 10000};
    char **rest = calloc((size_t)argc + 1, sizeof *rest);
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--version") == 0) {
            fputs(argv[i][2] == 'h' ? usage : "corduroy " CORDUROY_VERSION "\n", stdout);
            free(rest);
            return 0;
        }
        if (!take_option(&cli, &i, argc, argv)) {
            rest[count++] = argv[i];
        }
    }
    int status = run(&cli, count, rest);
    if (status == 2) {
        fputs(usage, stderr);
    }
    free(rest);
    return status;
}
