/* SPDX-License-Identifier: Apache-2.0 */
#include "common/assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void assert_failed(const char *kind, const char *fact, const char *file, int line)
{
    fprintf(stderr, "corduroy: %s failed: %s (%s:%d)\n", kind, fact, file, line);
    abort();
}
