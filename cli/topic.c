/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- create and delete: one request, one result ---- */
static int not_there(const char *name)
{
    return cli_fail("topic \"%s\" does not exist; corduroy topic list shows those that do", name);
}

static int report(const struct cli *cli, rd_kafka_event_t *event,
                  const rd_kafka_topic_result_t **results, size_t count, const char *done,
                  const char *name)
{
    if (event == NULL)
        return cli_fail("topic \"%s\": no answer in time", name);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return cli_fail("topic \"%s\": %s", name, rd_kafka_event_error_string(event));
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t wrong = rd_kafka_topic_result_error(results[i]);
        if (wrong == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            return not_there(name);
        if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const char *text = rd_kafka_topic_result_error_string(results[i]);
            return cli_fail("topic \"%s\": %s", name,
                            text != NULL ? text : rd_kafka_err2str(wrong));
        }
    }
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s}", "topic", name, "done", done));
    else
        printf("topic \"%s\" %s\n", name, done);
    return 0;
}

/* Admin requests wait for a controller and say nothing of an address where nobody is. */
static rd_kafka_t *reached_client(const struct cli *cli)
{
    rd_kafka_t *client = cli_client(cli, RD_KAFKA_PRODUCER, NULL);
    const struct rd_kafka_metadata *m = client != NULL ? cli_metadata(cli, client) : NULL;
    if (m != NULL) {
        rd_kafka_metadata_destroy(m);
    } else if (client != NULL) {
        rd_kafka_destroy(client);
        client = NULL;
    }
    return client;
}

static rd_kafka_AdminOptions_t *new_options(const struct cli *cli, rd_kafka_t *client,
                                            rd_kafka_admin_op_t what)
{
    char why[512];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, what);
    rd_kafka_AdminOptions_set_request_timeout(options, cli->timeout_ms, why, sizeof why);
    rd_kafka_AdminOptions_set_operation_timeout(options, cli->timeout_ms, why, sizeof why);
    return options;
}

static bool set_config(rd_kafka_NewTopic_t *topic, char *pair)
{
    char *mark = strchr(pair, '=');
    if (mark == NULL)
        return false;
    *mark = '\0';
    return rd_kafka_NewTopic_set_config(topic, pair, mark + 1) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The options behind a new topic's name; 0 or the status of wrong usage. */
static int take_numbers(int argc, char **argv, int *partitions, int *replicas)
{
    for (int i = 1; i < argc; i += 2) {
        bool of_partitions = strcmp(argv[i], "--partitions") == 0;
        bool number = of_partitions || strcmp(argv[i], "--replicas") == 0;
        if (!number && strcmp(argv[i], "--config") != 0)
            return cli_misused("topic create takes no \"%s\"", argv[i]);
        if (i + 1 == argc)
            return cli_misused("%s needs a value", argv[i]);
        int most = of_partitions ? 100000 : 16;
        if (number && !cli_number(argv[i + 1], 1, most, of_partitions ? partitions : replicas)) {
            return cli_misused("%s: \"%s\" is not a number from 1 to %d", argv[i], argv[i + 1],
                               most);
        }
        if (!number && strchr(argv[i + 1], '=') == NULL)
            return cli_misused("--config: \"%s\" is not KEY=VALUE", argv[i + 1]);
    }
    return 0;
}

static int new_topic(int argc, char **argv, rd_kafka_NewTopic_t **ret)
{
    char why[512];
    int partitions = -1, replicas = -1;
    int status = take_numbers(argc, argv, &partitions, &replicas);
    if (status != 0)
        return status;
    *ret = rd_kafka_NewTopic_new(argv[0], partitions, replicas, why, sizeof why);
    if (*ret == NULL)
        return cli_fail("topic \"%s\": %s", argv[0], why);
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--config") == 0 && !set_config(*ret, argv[i + 1])) {
            rd_kafka_NewTopic_destroy(*ret);
            return cli_fail("--config: \"%s\" cannot be used", argv[i + 1]);
        }
    }
    return 0;
}

static int create(const struct cli *cli, int argc, char **argv)
{
    size_t count = 0;
    rd_kafka_NewTopic_t *topic = NULL;
    if (argc < 1 || argv[0][0] == '-')
        return cli_misused("topic create needs a name");
    int status = new_topic(argc, argv, &topic);
    if (status != 0)
        return status;
    rd_kafka_t *client = reached_client(cli);
    if (client == NULL) {
        rd_kafka_NewTopic_destroy(topic);
        return 1;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AdminOptions_t *options = new_options(cli, client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(client, &topic, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, cli->timeout_ms + 5000);
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_topic_result_t **results =
        result != NULL ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    status = report(cli, event, results, count, "created", argv[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return status;
}

static int delete_topic(const struct cli *cli, const char *name)
{
    size_t count = 0;
    rd_kafka_t *client = reached_client(cli);
    if (client == NULL)
        return 1;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AdminOptions_t *options = new_options(cli, client, RD_KAFKA_ADMIN_OP_DELETETOPICS);
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_DeleteTopics(client, &topic, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, cli->timeout_ms + 5000);
    const rd_kafka_DeleteTopics_result_t *result = rd_kafka_event_DeleteTopics_result(event);
    const rd_kafka_topic_result_t **results =
        result != NULL ? rd_kafka_DeleteTopics_result_topics(result, &count) : NULL;
    int status = report(cli, event, results, count, "deleted", name);
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_DeleteTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return status;
}

/* ---- list and describe ---- */
static json_t *numbers(const int32_t *values, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_integer(values[i]));
    return list;
}

json_t *cli_partition_json(const char *topic, const struct rd_kafka_metadata_partition *p)
{
    json_t *all = topic != NULL ? json_pack("{s:s}", "topic", topic) : json_object();
    json_object_update_new(
        all, json_pack("{s:i, s:i, s:o, s:o}", "partition", p->id, "leader", p->leader, "replicas",
                       numbers(p->replicas, p->replica_cnt), "isr", numbers(p->isrs, p->isr_cnt)));
    return all;
}

static json_t *topic_json(const struct rd_kafka_metadata_topic *t)
{
    json_t *partitions = json_array();
    for (int i = 0; i < t->partition_cnt; i++)
        json_array_append_new(partitions, cli_partition_json(NULL, &t->partitions[i]));
    return json_pack("{s:s, s:o}", "topic", t->topic, "partitions", partitions);
}

static void print_numbers(const int32_t *values, int count, int width)
{
    int used = 0;
    for (int i = 0; i < count; i++)
        used += printf(i > 0 ? ",%d" : "%d", values[i]);
    printf("%*s", width == 0 ? 0 : width > used ? width - used : 1, "");
}

void cli_print_partition(const struct rd_kafka_metadata_partition *p)
{
    if (p->leader < 0)
        printf("%-8s", "none");
    else
        printf("%-8d", p->leader);
    print_numbers(p->replicas, p->replica_cnt, 16);
    print_numbers(p->isrs, p->isr_cnt, 0);
    printf("%s\n", p->leader < 0                 ? " offline"
                   : p->isr_cnt < p->replica_cnt ? " under-replicated"
                                                 : "");
}

static void print_topic(const struct rd_kafka_metadata_topic *t)
{
    printf("%s: %d partitions\n  %-10s%-8s%-16s%s\n", t->topic, t->partition_cnt, "partition",
           "leader", "replicas", "isr");
    for (int i = 0; i < t->partition_cnt; i++) {
        printf("  %-10d", t->partitions[i].id);
        cli_print_partition(&t->partitions[i]);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct rd_kafka_metadata_topic *const *x = a, *const *y = b;
    return strcmp((*x)->topic, (*y)->topic);
}

static bool show_all(const struct cli *cli, const struct rd_kafka_metadata *m, const char *name,
                     bool names_only)
{
    json_t *all = json_array();
    bool found = name == NULL;
    size_t count = (size_t)m->topic_cnt;
    const struct rd_kafka_metadata_topic **sorted = calloc(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &m->topics[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++) {
        const struct rd_kafka_metadata_topic *t = sorted[i];
        if (name != NULL && strcmp(name, t->topic) != 0)
            continue;
        found = true;
        if (cli->json)
            json_array_append_new(all, names_only ? json_string(t->topic) : topic_json(t));
        else if (names_only)
            puts(t->topic);
        else
            print_topic(t);
    }
    free(sorted);
    if (cli->json && found)
        cli_print_json(json_incref(all));
    json_decref(all);
    return found;
}

static int show(const struct cli *cli, const char *name, bool names_only)
{
    int status = 1;
    rd_kafka_t *client = cli_client(cli, RD_KAFKA_PRODUCER, NULL);
    const struct rd_kafka_metadata *m = client != NULL ? cli_metadata(cli, client) : NULL;
    if (m != NULL) {
        status = show_all(cli, m, name, names_only) ? 0 : not_there(name);
        rd_kafka_metadata_destroy(m);
    }
    if (client != NULL)
        rd_kafka_destroy(client);
    return status;
}

int cli_topic(const struct cli *cli, int argc, char **argv)
{
    const char *what = argc > 0 ? argv[0] : "";
    if (strcmp(what, "create") == 0)
        return create(cli, argc - 1, argv + 1);
    if (strcmp(what, "list") == 0)
        return argc == 1 ? show(cli, NULL, true) : cli_misused("topic list takes nothing more");
    if (strcmp(what, "describe") == 0) {
        return argc <= 2 ? show(cli, argc == 2 ? argv[1] : NULL, false)
                         : cli_misused("topic describe takes one name, or none for all");
    }
    if (strcmp(what, "delete") == 0)
        return argc == 2 ? delete_topic(cli, argv[1]) : cli_misused("topic delete takes one name");
    return cli_misused("topic needs one of create, list, describe and delete");
}
