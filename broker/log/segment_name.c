/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/segment_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/assert.h"

#define DIGITS 20

static const char *const file_suffixes[SEGMENT_FILES] = {
    [SEGMENT_LOG] = ".log",
    [SEGMENT_INDEX] = ".index",
    [SEGMENT_TIME_INDEX] = ".timeindex",
    [SEGMENT_TXN_INDEX] = ".txnindex",
    [SEGMENT_SNAPSHOT] = ".snapshot",
};

static const char *const stage_suffixes[] = {
    [SEGMENT_LIVE] = "",
    [SEGMENT_DELETED] = ".deleted",
    [SEGMENT_CLEANED] = ".cleaned",
    [SEGMENT_SWAP] = ".swap",
};

void segment_name(char ret[SEGMENT_NAME_SIZE], int64_t base_offset, enum segment_file file,
                  enum segment_stage stage)
{
    PRE(base_offset >= 0);
    int size = snprintf(ret, SEGMENT_NAME_SIZE, "%0*" PRId64 "%s%s", DIGITS, base_offset,
                        file_suffixes[file], stage_suffixes[stage]);
    POST(size > 0 && size < SEGMENT_NAME_SIZE);
}

static bool parse_digits(const char *name, int64_t *ret)
{
    int64_t value = 0;
    for (unsigned i = 0; i < DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(name[i] - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool segment_name_parse(const char *name, int64_t *ret_base_offset, enum segment_file *ret_file,
                        enum segment_stage *ret_stage)
{
    int64_t base_offset;
    if (!parse_digits(name, &base_offset))
        return false;
    for (unsigned file = 0; file < SEGMENT_FILES; file++) {
        size_t size = strlen(file_suffixes[file]);
        if (strncmp(name + DIGITS, file_suffixes[file], size) != 0)
            continue;
        for (unsigned stage = 0; stage < COUNT_OF(stage_suffixes); stage++) {
            if (strcmp(name + DIGITS + size, stage_suffixes[stage]) != 0)
                continue;
            *ret_base_offset = base_offset;
            *ret_file = (enum segment_file)file;
            *ret_stage = (enum segment_stage)stage;
            return true;
        }
    }
    return false;
}
