/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/partition_metadata.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/small_file.h"
#include "common/memory.h"

#define FILE_SIZE_MAX 4096u

int partition_metadata_store(const struct file_ops *ops, void *fs, const char *dir_path,
                             struct uuid topic_id)
{
    char id[UUID_TEXT_SIZE];
    uuid_text(topic_id, id);
    char *path = xasprintf("%s/%s", dir_path, PARTITION_METADATA_FILE);
    char *text = xasprintf("version: 0\ntopic_id: %s", id);
    int error = small_file_replace(ops, fs, path, text, strlen(text));
    free(text);
    free(path);
    return error;
}

/* The word after "<key>:" on the next line. */
static bool take_value(struct view *rest, struct view key, struct view *ret)
{
    struct view line, word, more;
    return line_next(rest, &line) && word_next(&line, &word) && view_equal(word, key) &&
           word_next(&line, ret) && !word_next(&line, &more);
}

static bool parse(struct view text, struct uuid *ret)
{
    struct view version, id;
    return take_value(&text, VIEW_LITERAL("version:"), &version) &&
           view_equal(version, VIEW_LITERAL("0")) &&
           take_value(&text, VIEW_LITERAL("topic_id:"), &id) && uuid_parse(id, ret) &&
           !uuid_is_zero(*ret);
}

int partition_metadata_load(const struct file_ops *ops, void *fs, const char *dir_path,
                            struct uuid *ret_topic_id)
{
    uint8_t *bytes;
    size_t size;
    struct uuid id;
    char *path = xasprintf("%s/%s", dir_path, PARTITION_METADATA_FILE);
    int error = small_file_read(ops, fs, path, FILE_SIZE_MAX, &bytes, &size);
    free(path);
    if (error)
        return error == -EFBIG ? PARTITION_METADATA_MALFORMED : error;
    bool sound = parse((struct view){bytes, (uint32_t)size}, &id);
    free(bytes);
    if (!sound)
        return PARTITION_METADATA_MALFORMED;
    *ret_topic_id = id;
    return 0;
}
