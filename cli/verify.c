/* SPDX-License-Identifier: Apache-2.0 */
/* corduroy verify: writes numbered records with acks=all, keeps what was acknowledged and where,
 * reads every partition back from where it began and compares by content. What is acknowledged and
 * not read back is lost; the exit status says so. SIGINT or SIGTERM ends the writing early; the
 * reading back is done all the same. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define PARTITIONS_MAX 4096

struct acknowledged {
    int32_t partition;
    int64_t offset;
    uint64_t number;
    bool found;
};
struct verify {
    const struct cli *cli;
    const char *topic;
    int seconds, rate, size;
    uint64_t run;           /* in every record, so that runs do not take each other's for theirs */
    const char *acked_path; /* --acked: every acknowledgement as a line, when it comes; or NULL */
    FILE *acked;
    int signals; /* a descriptor that has something to read when the writing shall end */
    struct acknowledged *acks;
    size_t ack_count, ack_capacity, failed, sent;
    rd_kafka_resp_err_t why;               /* of the last record that was not written */
    double longest_pause, pause_at, began; /* of one partition; 0 since the start */
    double last_ack[PARTITIONS_MAX];       /* 0: none yet */
    int64_t low[PARTITIONS_MAX], high[PARTITIONS_MAX];
    int partition_count;
    size_t read_back, twice, other;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- writing ---- */
/* Pauses are a partition's own: others may go on while one waits for a new leader. */
static void note_pause(struct verify *v, int32_t partition, double at)
{
    double *last = &v->last_ack[partition];
    if (*last > 0 && at - *last > v->longest_pause) {
        v->longest_pause = at - *last;
        v->pause_at = *last - v->began;
    }
    *last = at;
}

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *m, void *opaque)
{
    struct verify *v = m->_private;
    (void)client;
    (void)opaque;
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        v->failed++;
        v->why = m->err;
        return;
    }
    if (v->ack_count == v->ack_capacity) {
        v->ack_capacity = v->ack_capacity > 0 ? v->ack_capacity * 2 : 4096;
        v->acks = realloc(v->acks, v->ack_capacity * sizeof *v->acks);
    }
    uint64_t number;
    memcpy(&number, (const char *)m->payload + 8, sizeof number);
    v->acks[v->ack_count++] = (struct acknowledged){m->partition, m->offset, number, false};
    double at = now();
    note_pause(v, m->partition, at);
    if (v->acked != NULL) {
        fprintf(v->acked, "%d %lld %llu %.0f\n", m->partition, (long long)m->offset,
                (unsigned long long)number, (at - v->began) * 1000);
    }
}

static void fill(const struct verify *v, uint64_t number, unsigned char *bytes)
{
    memcpy(bytes, &v->run, 8);
    memcpy(bytes + 8, &number, 8);
    for (int i = 16; i < v->size; i++)
        bytes[i] = (unsigned char)((number * 31 + (uint64_t)i * 7) & 0xff);
}

static bool told_to_end(const struct verify *v)
{
    struct signalfd_siginfo told;
    return read(v->signals, &told, sizeof told) == (ssize_t)sizeof told;
}

static void write_records(struct verify *v, rd_kafka_t *client)
{
    unsigned char *bytes = malloc((size_t)v->size);
    double end = v->began + v->seconds;
    while (now() < end && !told_to_end(v)) {
        size_t due = (size_t)((now() - v->began) * v->rate) + 1;
        while (v->sent < due) {
            fill(v, v->sent, bytes);
            rd_kafka_resp_err_t wrong = rd_kafka_producev(
                client, RD_KAFKA_V_TOPIC(v->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                RD_KAFKA_V_VALUE(bytes, (size_t)v->size), RD_KAFKA_V_OPAQUE(v), RD_KAFKA_V_END);
            if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
                v->why = wrong;
                break; /* mostly its queue is full: the broker is behind */
            }
            v->sent++;
        }
        rd_kafka_poll(client, 5);
        if (v->acked != NULL)
            fflush(v->acked);
    }
    rd_kafka_flush(client, 60000);
    free(bytes);
}

/* ---- reading back ---- */
static int by_place(const void *a, const void *b)
{
    const struct acknowledged *x = a, *y = b;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void take_record(struct verify *v, const rd_kafka_message_t *m, unsigned char *expected)
{
    struct acknowledged key = {.partition = m->partition, .offset = m->offset};
    struct acknowledged *a = bsearch(&key, v->acks, v->ack_count, sizeof key, by_place);
    if (a == NULL) {
        v->other++; /* another run's, or written without its acknowledgement having reached us */
        return;
    }
    fill(v, a->number, expected);
    if (m->len == (size_t)v->size && memcmp(m->payload, expected, m->len) == 0) {
        v->twice += a->found;
        v->read_back += !a->found;
        a->found = true;
    }
}

/* Where a partition ends. The client may still ask a broker that does not lead any more: then its
 * metadata is read again and it is asked once more, for half a minute. */
static rd_kafka_resp_err_t query_end(struct verify *v, rd_kafka_t *client, int32_t partition,
                                     int64_t *ret_high)
{
    int64_t low;
    double deadline = now() + 30;
    rd_kafka_resp_err_t wrong;
    do {
        wrong = rd_kafka_query_watermark_offsets(client, v->topic, partition, &low, ret_high, 5000);
        if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const struct rd_kafka_metadata *m;
            if (cli_try_metadata(v->cli, client, &m) == RD_KAFKA_RESP_ERR_NO_ERROR)
                rd_kafka_metadata_destroy(m);
        }
    } while (wrong != RD_KAFKA_RESP_ERR_NO_ERROR && now() < deadline);
    return wrong;
}

static bool take_marks(struct verify *v, rd_kafka_t *client, int64_t *to_high)
{
    for (int i = 0; i < v->partition_count; i++) {
        int64_t high;
        rd_kafka_resp_err_t wrong = query_end(v, client, i, &high);
        if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
            cli_fail("cannot learn where partition %d of topic \"%s\" ends: %s", i, v->topic,
                     rd_kafka_err2str(wrong));
            return false;
        }
        to_high[i] = high;
    }
    return true;
}

static int left_to_read(const struct verify *v, const int64_t *at)
{
    int left = 0;
    for (int i = 0; i < v->partition_count; i++)
        left += at[i] < v->high[i];
    return left;
}

static bool read_records(struct verify *v, rd_kafka_t *client)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(v->partition_count);
    int64_t *at = malloc((size_t)v->partition_count * sizeof *at);
    unsigned char *expected = malloc((size_t)v->size);
    for (int i = 0; i < v->partition_count; i++) {
        at[i] = v->low[i];
        rd_kafka_topic_partition_list_add(list, v->topic, i)->offset = v->low[i];
    }
    rd_kafka_assign(client, list);
    double quiet_since = now();
    while (left_to_read(v, at) > 0 && now() - quiet_since < 60) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(client, 500);
        if (m == NULL)
            continue;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            quiet_since = now();
            at[m->partition] = m->offset + 1;
            take_record(v, m, expected);
        }
        rd_kafka_message_destroy(m);
    }
    bool all = left_to_read(v, at) == 0;
    rd_kafka_topic_partition_list_destroy(list);
    free(at);
    free(expected);
    return all;
}

/* ---- the whole ---- */
static int tell(struct verify *v, bool all_read)
{
    size_t lost = v->ack_count - v->read_back;
    if (v->cli->json) {
        cli_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "acknowledged",
                                 (json_int_t)v->ack_count, "read_back", (json_int_t)v->read_back,
                                 "lost", (json_int_t)lost, "failed", (json_int_t)v->failed, "other",
                                 (json_int_t)v->other, "longest_pause_ms", v->longest_pause * 1000,
                                 "pause_at_s", v->pause_at));
    } else {
        printf("longest pause between acknowledgements of a partition: %.0f ms, %.1f s after the "
               "start\n",
               v->longest_pause * 1000, v->pause_at);
        printf("%zu acknowledged, %zu read back, %zu lost\n", v->ack_count, v->read_back, lost);
    }
    if (v->failed > 0 || v->ack_count == 0) {
        cli_fail("%zu records were acknowledged, %zu were not: %s", v->ack_count, v->failed,
                 rd_kafka_err2str(v->why));
    }
    if (!all_read)
        cli_fail("topic \"%s\" could not be read to its end", v->topic);
    return lost > 0 || !all_read || v->ack_count == 0;
}

static int find_topic(struct verify *v, rd_kafka_t *client)
{
    const struct rd_kafka_metadata *m = cli_metadata(v->cli, client);
    if (m == NULL)
        return 1;
    for (int i = 0; i < m->topic_cnt; i++)
        if (strcmp(m->topics[i].topic, v->topic) == 0)
            v->partition_count = m->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(m);
    if (v->partition_count > PARTITIONS_MAX) {
        return cli_fail("topic \"%s\" has %d partitions: verify takes at most %d", v->topic,
                        v->partition_count, PARTITIONS_MAX);
    }
    if (v->partition_count == 0) {
        return cli_fail("topic \"%s\" does not exist: corduroy topic create %s --partitions 3",
                        v->topic, v->topic);
    }
    return 0;
}

/* The signals that end the writing are taken from a descriptor: blocked before librdkafka makes its
 * threads, which inherit that. */
static int prepare(struct verify *v)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    v->signals = signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC);
    if (v->acked_path == NULL)
        return 0;
    v->acked = fopen(v->acked_path, "we");
    if (v->acked == NULL)
        return cli_fail("cannot write \"%s\": %s", v->acked_path, strerror(errno));
    fprintf(v->acked, "run %llu size %d\n", (unsigned long long)v->run, v->size);
    return 0;
}

static int run(struct verify *v)
{
    static const char *const writing[] = {
        "acks",      "all", "enable.idempotence",       "true", "message.timeout.ms", "120000",
        "linger.ms", "2",   "reconnect.backoff.max.ms", "500",  "socket.timeout.ms",  "10000",
        NULL};
    static const char *const reading[] = {"group.id",
                                          "corduroy-verify",
                                          "enable.auto.commit",
                                          "false",
                                          "auto.offset.reset",
                                          "error",
                                          "check.crcs",
                                          "true",
                                          NULL};
    struct cli_client_options write_options = {writing, delivered}, read_options = {reading, NULL};
    rd_kafka_t *writer = cli_client(v->cli, RD_KAFKA_PRODUCER, &write_options);
    int status = 1;
    if (writer != NULL && find_topic(v, writer) == 0 && take_marks(v, writer, v->low)) {
        v->began = now();
        write_records(v, writer);
        qsort(v->acks, v->ack_count, sizeof *v->acks, by_place);
        /* A new client: one that was made before may still believe in leaders that are gone. */
        rd_kafka_t *reader = cli_client(v->cli, RD_KAFKA_CONSUMER, &read_options);
        if (reader != NULL && take_marks(v, reader, v->high))
            status = tell(v, read_records(v, reader));
        if (reader != NULL) {
            rd_kafka_consumer_close(reader);
            rd_kafka_destroy(reader);
        }
    }
    if (writer != NULL)
        rd_kafka_destroy(writer);
    free(v->acks);
    return status;
}

/* 0 or the status of wrong usage. */
static int take_options(struct verify *v, int argc, char **argv)
{
    static const struct {
        const char *name;
        int least, most;
        size_t place;
    } numbers[] = {{"--seconds", 1, 86400, offsetof(struct verify, seconds)},
                   {"--rate", 1, 1000000, offsetof(struct verify, rate)},
                   {"--size", 16, 8388608, offsetof(struct verify, size)}};
    for (int i = 0; i < argc; i += 2) {
        const char *option = argv[i], *value = argv[i + 1]; /* argv ends with NULL */
        size_t n = 0;
        while (n < 3 && strcmp(option, numbers[n].name) != 0)
            n++;
        if (n == 3 && strcmp(option, "--topic") != 0 && strcmp(option, "--acked") != 0)
            return cli_misused("verify takes no \"%s\"", option);
        if (value == NULL)
            return cli_misused("%s needs a value", option);
        if (n < 3 && !cli_number(value, numbers[n].least, numbers[n].most,
                                 (int *)(void *)((char *)v + numbers[n].place))) {
            return cli_misused("%s: \"%s\" is not a number from %d to %d", option, value,
                               numbers[n].least, numbers[n].most);
        }
        if (n == 3)
            *(strcmp(option, "--topic") == 0 ? &v->topic : &v->acked_path) = value;
    }
    return 0;
}

int cli_verify(const struct cli *cli, int argc, char **argv)
{
    struct verify *v = calloc(1, sizeof *v);
    *v = (struct verify){
        .cli = cli, .topic = "verify", .seconds = 10, .rate = 500, .size = 128, .signals = -1};
    v->run = (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    int status = take_options(v, argc, argv);
    if (status == 0)
        status = prepare(v) != 0 ? 1 : run(v);
    if (v->acked != NULL && fclose(v->acked) != 0)
        status = cli_fail("cannot write \"%s\": %s", v->acked_path, strerror(errno));
    if (v->signals >= 0)
        close(v->signals);
    free(v);
    return status;
}
