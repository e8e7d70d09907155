/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/partition_dir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX_SIZE 32

static const char *const suffixes[] = {
    [PARTITION_DIR_LIVE] = "",
    [PARTITION_DIR_DELETE] = "-delete",
    [PARTITION_DIR_FUTURE] = "-future",
    [PARTITION_DIR_STRAY] = "-stray",
};

int partition_dir_name(char ret[PARTITION_DIR_NAME_SIZE], const char *topic, int32_t partition,
                       enum partition_dir_kind kind, struct uuid unique)
{
    PRE(partition >= 0);
    char tail[80];
    int tail_size = snprintf(tail, sizeof tail, "-%" PRId32, partition);
    if (kind != PARTITION_DIR_LIVE) {
        tail[tail_size++] = '.';
        for (unsigned i = 0; i < sizeof unique.bytes; i++)
            tail_size += snprintf(tail + tail_size, sizeof tail - (size_t)tail_size, "%02x",
                                  unique.bytes[i]);
        tail_size +=
            snprintf(tail + tail_size, sizeof tail - (size_t)tail_size, "%s", suffixes[kind]);
    }
    size_t topic_size = strlen(topic);
    size_t room = PARTITION_DIR_NAME_SIZE - 1 - (size_t)tail_size;
    if (topic_size > room) {
        if (kind == PARTITION_DIR_LIVE)
            return -ENAMETOOLONG;
        topic_size = room;
    }
    memcpy(ret, topic, topic_size);
    memcpy(ret + topic_size, tail, (size_t)tail_size + 1);
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool parse_hex(const char *at, struct uuid *ret)
{
    for (unsigned i = 0; i < sizeof ret->bytes; i++) {
        int high = hex_digit(at[2 * i]), low = high < 0 ? -1 : hex_digit(at[2 * i + 1]);
        if (low < 0)
            return false;
        ret->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Recognises ".<32 hex digits><suffix>" at the end of a name and says how long what precedes it
 * is. */
static bool parse_tail(const char *name, size_t size, struct partition_dir *dir, size_t *ret_size)
{
    for (unsigned kind = PARTITION_DIR_DELETE; kind < COUNT_OF(suffixes); kind++) {
        size_t suffix = strlen(suffixes[kind]), tail = 1 + HEX_SIZE + suffix;
        if (size <= tail || strcmp(name + size - suffix, suffixes[kind]) != 0)
            continue;
        if (name[size - tail] != '.' || !parse_hex(name + size - tail + 1, &dir->unique))
            return false;
        dir->kind = (enum partition_dir_kind)kind;
        *ret_size = size - tail;
        return true;
    }
    return false;
}

static bool parse_partition(const char *digits, size_t size, int32_t *ret)
{
    int64_t value = 0;
    if (size == 0 || size > 10 || (digits[0] == '0' && size > 1))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (digits[i] - '0');
    }
    if (value > INT32_MAX)
        return false;
    *ret = (int32_t)value;
    return true;
}

bool partition_dir_parse(const char *name, struct partition_dir *ret)
{
    struct partition_dir dir = {.kind = PARTITION_DIR_LIVE};
    size_t size = strnlen(name, PARTITION_DIR_NAME_SIZE);
    if (size >= PARTITION_DIR_NAME_SIZE)
        return false;
    (void)parse_tail(name, size, &dir, &size); /* false: a live one */
    size_t dash = size;
    while (dash > 0 && name[dash - 1] != '-')
        dash--;
    if (dash < 2 || !parse_partition(name + dash, size - dash, &dir.partition))
        return false;
    memcpy(dir.topic, name, dash - 1);
    dir.topic[dash - 1] = 0;
    *ret = dir;
    return true;
}
