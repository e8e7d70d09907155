/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_CODEC_RANDOM_H
#define CORDUROY_TESTS_LIB_CODEC_RANDOM_H

#include "common/arena.h"
#include "common/uuid.h"
#include "common/view.h"

/* Random content for messages: the same seed gives the same content. Borders (0, -1, the least and
 * the greatest value, empty, null) come often; what is pointed to lies in the arena. */
struct codec_random {
    uint64_t state;
};

uint64_t random_next(struct codec_random *random);
bool random_bool(struct codec_random *random);
int8_t random_i8(struct codec_random *random);
int16_t random_i16(struct codec_random *random);
int32_t random_i32(struct codec_random *random);
int64_t random_i64(struct codec_random *random);
struct uuid random_uuid(struct codec_random *random);
uint32_t random_count(struct codec_random *random); /* 0 to 3 */
/* Up to some hundred bytes, so that compact sizes take one byte and two. */
struct view random_string(struct codec_random *random, struct arena *arena, bool nullable);
struct view random_bytes(struct codec_random *random, struct arena *arena, bool nullable);
const int32_t *random_i32_list(struct codec_random *random, struct arena *arena,
                               uint32_t *ret_count);
const struct view *random_string_list(struct codec_random *random, struct arena *arena,
                                      uint32_t *ret_count);

/* The same bytes, and null only with null. */
bool codec_same_view(struct view a, struct view b);

#endif
