/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_VIEW_CHECK_H
#define CORDUROY_TESTS_LIB_VIEW_CHECK_H

#include <check.h>

#include "common/view.h"

/* Fails, and prints both, when a view does not hold exactly the bytes of this string literal. */
#define ck_assert_view(actual, literal)                                                            \
    do {                                                                                           \
        struct view actual_ = (actual);                                                            \
        ck_assert_msg(view_equal(actual_, VIEW_LITERAL(literal)), "%s is \"%.*s\", not \"%s\"",    \
                      #actual, (int)actual_.size,                                                  \
                      actual_.base != NULL ? (const char *)actual_.base : "", literal);            \
    } while (0)

/* A view of these bytes: VIEW_BYTES(0x00, 0x02). It lives as long as the block. */
#define VIEW_BYTES(...)                                                                            \
    ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

#endif
