/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/clean_mark.h"

#include <errno.h>
#include <string.h>

#include "broker/log/small_file.h"

int clean_mark_set(const struct file_ops *ops, void *fs)
{
    static const char content[] = "{\"version\":0,\"brokerEpoch\":-1}";
    return small_file_replace(ops, fs, CLEAN_MARK_FILE, content, strlen(content));
}

int clean_mark_take(const struct file_ops *ops, void *fs, bool *ret_was_clean)
{
    int error = ops->unlink(fs, CLEAN_MARK_FILE);
    if (error && error != -ENOENT)
        return error;
    bool was_clean = error == 0;
    /* Also when it was not there: a removal before a crash may not be durable yet, and a mark that
     * comes back after the first append would vouch for a torn log. */
    error = ops->sync_dir(fs, "");
    if (error)
        return error;
    *ret_was_clean = was_clean;
    return 0;
}
