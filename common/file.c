/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <errno.h>

#include "common/assert.h"

bool file_out_of_descriptors(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

struct file *file_ref(struct file *file)
{
    uint32_t before = atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
    PRE(before > 0);
    return file;
}

void file_unref(struct file *file)
{
    if (!file)
        return;
    uint32_t before = atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel);
    PRE(before > 0);
    if (before == 1)
        file->ops->free(file);
}
