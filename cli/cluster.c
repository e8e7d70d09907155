/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cli.h"

struct counts {
    int partitions, under_replicated, offline;
};

static struct counts count_partitions(const struct rd_kafka_metadata *m)
{
    struct counts c = {0};
    for (int i = 0; i < m->topic_cnt; i++) {
        for (int k = 0; k < m->topics[i].partition_cnt; k++) {
            const struct rd_kafka_metadata_partition *p = &m->topics[i].partitions[k];
            c.partitions++;
            c.offline += p->leader < 0;
            c.under_replicated += p->isr_cnt < p->replica_cnt;
        }
    }
    return c;
}

static bool troubled(const struct rd_kafka_metadata_partition *p)
{
    return p->leader < 0 || p->isr_cnt < p->replica_cnt;
}

static json_t *troubled_json(const struct rd_kafka_metadata *m)
{
    json_t *all = json_array();
    for (int i = 0; i < m->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &m->topics[i];
        for (int k = 0; k < t->partition_cnt; k++)
            if (troubled(&t->partitions[k]))
                json_array_append_new(all, cli_partition_json(t->topic, &t->partitions[k]));
    }
    return all;
}

/* As many as a screen takes. */
#define TROUBLED_SHOWN 20

static void print_troubled(const struct rd_kafka_metadata *m)
{
    int count = 0;
    for (int i = 0; i < m->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &m->topics[i];
        for (int k = 0; k < t->partition_cnt; k++) {
            if (!troubled(&t->partitions[k]) || ++count > TROUBLED_SHOWN)
                continue;
            if (count == 1)
                printf("  %-36s%-8s%-16s%s\n", "partition", "leader", "replicas", "isr");
            int used = printf("  %s-%d", t->topic, t->partitions[k].id);
            printf("%*s", used < 37 ? 38 - used : 1, "");
            cli_print_partition(&t->partitions[k]);
        }
    }
    if (count > TROUBLED_SHOWN)
        printf("  and %d more: corduroy topic describe shows all\n", count - TROUBLED_SHOWN);
}

static int led_by(const struct rd_kafka_metadata *m, int broker)
{
    int n = 0;
    for (int i = 0; i < m->topic_cnt; i++)
        for (int k = 0; k < m->topics[i].partition_cnt; k++)
            n += m->topics[i].partitions[k].leader == broker;
    return n;
}

static void print_as_json(const struct rd_kafka_metadata *m, const char *cluster, int controller)
{
    struct counts c = count_partitions(m);
    json_t *brokers = json_array();
    for (int i = 0; i < m->broker_cnt; i++) {
        const struct rd_kafka_metadata_broker *b = &m->brokers[i];
        json_array_append_new(brokers,
                              json_pack("{s:i, s:s, s:i, s:i}", "id", b->id, "host", b->host,
                                        "port", b->port, "leads", led_by(m, b->id)));
    }
    cli_print_json(json_pack("{s:s, s:i, s:o, s:i, s:i, s:i, s:i, s:o}", "cluster", cluster,
                             "controller", controller, "brokers", brokers, "topics", m->topic_cnt,
                             "partitions", c.partitions, "under_replicated", c.under_replicated,
                             "offline", c.offline, "troubled", troubled_json(m)));
}

static void print_as_table(const struct rd_kafka_metadata *m, const char *cluster, int controller)
{
    struct counts c = count_partitions(m);
    printf("cluster %s, controller: broker %d\n", cluster, controller);
    printf("  %-8s%-28s%s\n", "broker", "address", "leads");
    for (int i = 0; i < m->broker_cnt; i++) {
        char address[300];
        snprintf(address, sizeof address, "%s:%d", m->brokers[i].host, m->brokers[i].port);
        printf("  %-8d%-28s%d\n", m->brokers[i].id, address, led_by(m, m->brokers[i].id));
    }
    printf("%d topics, %d partitions: %d under-replicated, %d offline\n", m->topic_cnt,
           c.partitions, c.under_replicated, c.offline);
    print_troubled(m);
}

int cli_cluster(const struct cli *cli, int argc, char **argv)
{
    if (argc > 0)
        return cli_misused("cluster takes no \"%s\"", argv[0]);
    rd_kafka_t *client = cli_client(cli, RD_KAFKA_PRODUCER, NULL);
    const struct rd_kafka_metadata *m = client != NULL ? cli_metadata(cli, client) : NULL;
    bool good = m != NULL;
    if (good) {
        char *cluster = rd_kafka_clusterid(client, cli->timeout_ms);
        int controller = rd_kafka_controllerid(client, cli->timeout_ms);
        (cli->json ? print_as_json : print_as_table)(m, cluster != NULL ? cluster : "?",
                                                     controller);
        rd_kafka_mem_free(client, cluster);
        rd_kafka_metadata_destroy(m);
    }
    if (client != NULL)
        rd_kafka_destroy(client);
    return good ? 0 : 1;
}
