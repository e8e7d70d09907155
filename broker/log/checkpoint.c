/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/small_file.h"
#include "common/memory.h"

/* A directory with a hundred thousand partitions of the longest names needs 27 MB. */
#define CHECKPOINT_SIZE_MAX (64u << 20)

void checkpoint_deinit(struct checkpoint *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->entries[i].topic);
    free(c->entries);
    *c = CHECKPOINT_INIT;
}

static void add(struct checkpoint *c, struct view topic, int32_t partition, int64_t offset)
{
    c->entries = xgrow(c->entries, &c->capacity, c->count + 1, sizeof c->entries[0]);
    c->entries[c->count++] = (struct checkpoint_entry){
        .topic = xstrndup(topic.base, topic.size), .partition = partition, .offset = offset};
}

void checkpoint_add(struct checkpoint *c, const char *topic, int32_t partition, int64_t offset)
{
    add(c, view_of(topic), partition, offset);
}

int checkpoint_store(const struct checkpoint *c, const struct file_ops *ops, void *fs,
                     const char *path)
{
    struct text text = {0};
    text_printf(&text, "0\n%zu\n", c->count);
    for (size_t i = 0; i < c->count; i++)
        text_printf(&text, "%s %" PRId32 " %" PRId64 "\n", c->entries[i].topic,
                    c->entries[i].partition, c->entries[i].offset);
    int error = small_file_replace(ops, fs, path, text.data, text.size);
    text_deinit(&text);
    return error;
}

PRINTF_LIKE(2, 3)
static int malformed(char why[CHECKPOINT_WHY_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, CHECKPOINT_WHY_SIZE, format, arguments);
    va_end(arguments);
    return CHECKPOINT_MALFORMED;
}

static bool number_line(struct view *rest, int64_t *ret)
{
    struct view line, word, more;
    return line_next(rest, &line) && word_next(&line, &word) && !word_next(&line, &more) &&
           number_parse(word, ret);
}

int checkpoint_parse(struct view text, bool (*each)(void *context, struct view line), void *context,
                     char why[CHECKPOINT_WHY_SIZE])
{
    int64_t version, count;
    struct view line;
    if (!number_line(&text, &version))
        return malformed(why, "line 1 is no version");
    if (version != 0)
        return malformed(why, "version %" PRId64 " is not known, only 0 is", version);
    if (!number_line(&text, &count) || count < 0)
        return malformed(why, "line 2 is no number of entries");
    for (int64_t i = 0; i < count; i++) {
        if (!line_next(&text, &line))
            return malformed(why, "line 2 promises %" PRId64 " entries, there are %" PRId64, count,
                             i);
        if (!each(context, line))
            return malformed(why, "line %" PRId64 " is malformed: \"%.*s\"", i + 3,
                             line.size < 80 ? (int)line.size : 80, (const char *)line.base);
    }
    while (line_next(&text, &line)) {
        if (line.size > 0)
            return malformed(
                why, "there are more than the %" PRId64 " entries that line 2 promises", count);
    }
    return 0;
}

static bool add_line(void *context, struct view line)
{
    struct checkpoint *c = context;
    struct view topic, partition, offset, more;
    int64_t partition_number, offset_number;
    if (!word_next(&line, &topic) || !word_next(&line, &partition) || !word_next(&line, &offset) ||
        word_next(&line, &more))
        return false;
    if (!number_parse(partition, &partition_number) || !number_parse(offset, &offset_number))
        return false;
    if (partition_number < 0 || partition_number > INT32_MAX || memchr(topic.base, 0, topic.size))
        return false;
    add(c, topic, (int32_t)partition_number, offset_number);
    return true;
}

int checkpoint_load(struct checkpoint *c, const struct file_ops *ops, void *fs, const char *path,
                    char why[CHECKPOINT_WHY_SIZE])
{
    uint8_t *bytes;
    size_t size;
    checkpoint_deinit(c);
    int error = small_file_read(ops, fs, path, CHECKPOINT_SIZE_MAX, &bytes, &size);
    if (error == -EFBIG)
        return malformed(why, "it is larger than %u bytes", CHECKPOINT_SIZE_MAX);
    if (error)
        return error;
    error = checkpoint_parse((struct view){bytes, (uint32_t)size}, add_line, c, why);
    free(bytes);
    if (error)
        checkpoint_deinit(c);
    return error;
}
