/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/partition_place.h"

#include <errno.h>

#include "broker/log/partition_metadata.h"

int partition_set_aside(const struct file_ops *ops, void *fs, const char *name, const char *topic,
                        int32_t partition, enum partition_dir_kind kind, struct uuid unique,
                        char ret_aside[PARTITION_DIR_NAME_SIZE])
{
    for (unsigned i = 0; i < 256; i++, unique.bytes[15]++) {
        int error = partition_dir_name(ret_aside, topic, partition, kind, unique);
        if (!error)
            error = ops->rename(fs, name, ret_aside);
        if (error != -ENOTEMPTY && error != -EEXIST)
            return error;
    }
    return -EEXIST;
}

/* Whose directory is it? *ret_ours also when a run that was cut short left it without a name. */
static int look_at_owner(const struct file_ops *ops, void *fs, const char *name, struct uuid topic,
                         struct uuid *ret_owner, bool *ret_ours)
{
    int error = partition_metadata_load(ops, fs, name, ret_owner);
    if (error && error != -ENOENT && error != PARTITION_METADATA_MALFORMED)
        return error;
    *ret_ours = error == 0 && uuid_equal(*ret_owner, topic);
    return 0;
}

int partition_place(const struct file_ops *ops, void *fs, const char *topic, struct partition_id id,
                    char ret_name[PARTITION_DIR_NAME_SIZE], char ret_aside[PARTITION_DIR_NAME_SIZE])
{
    struct uuid owner = {{0}};
    bool ours = false;
    ret_aside[0] = 0;
    int error = partition_dir_name(ret_name, topic, id.number, PARTITION_DIR_LIVE, owner);
    if (!error)
        error = ops->mkdir(fs, ret_name);
    if (error == -EEXIST) {
        error = look_at_owner(ops, fs, ret_name, id.topic, &owner, &ours);
        if (error || ours)
            return error;
        error = partition_set_aside(ops, fs, ret_name, topic, id.number, PARTITION_DIR_STRAY, owner,
                                    ret_aside);
        if (!error)
            error = ops->mkdir(fs, ret_name);
    }
    return error ? error : partition_metadata_store(ops, fs, ret_name, id.topic);
}
