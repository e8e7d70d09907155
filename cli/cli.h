/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CLI_CLI_H
#define CORDUROY_CLI_CLI_H

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* What the subcommands of `corduroy` share. Each returns the exit status: 0 good, 1 it did not
 * work, 2 wrong usage. */
struct cli {
    const char *bootstrap; /* --bootstrap-server, default localhost:9092 */
    bool json, verbose;    /* --verbose: what librdkafka says goes to stderr */
    int timeout_ms;
    bool *unreachable; /* every broker that a client knows refused it: waiting is of no use */
};

int cli_topic(const struct cli *cli, int argc, char **argv);
int cli_cluster(const struct cli *cli, int argc, char **argv);
int cli_verify(const struct cli *cli, int argc, char **argv);

/* A client with these settings (pairs, ended by NULL; may be NULL) and delivery report callback
 * (may be NULL); NULL after a message. */
struct cli_client_options {
    const char *const *settings;
    void (*delivered)(rd_kafka_t *client, const rd_kafka_message_t *message, void *cli);
};
rd_kafka_t *cli_client(const struct cli *cli, rd_kafka_type_t type,
                       const struct cli_client_options *options);
/* The metadata of all topics; NULL after a message. */
const struct rd_kafka_metadata *cli_metadata(const struct cli *cli, rd_kafka_t *client);
/* The same without a message. */
rd_kafka_resp_err_t cli_try_metadata(const struct cli *cli, rd_kafka_t *client,
                                     const struct rd_kafka_metadata **ret);
/* Is this a whole number from least to most? */
bool cli_number(const char *text, int least, int most, int *ret);
/* One line to stderr that says what is wrong and what to do; returns 1. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for wrong usage; returns 2. */
int cli_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_print_json(json_t *value); /* takes the reference */
/* The rest of a table's line: leader, replicas, ISR, and what is wrong. */
void cli_print_partition(const struct rd_kafka_metadata_partition *p);
/* An object; a name other than NULL is its first field, "topic". */
json_t *cli_partition_json(const char *topic, const struct rd_kafka_metadata_partition *p);

#endif
