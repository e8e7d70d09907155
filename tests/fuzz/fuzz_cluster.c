/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster protocol's decoder: any bytes are refused or understood, and what was understood is
 * written back byte for byte. The checksum is repaired first, or nothing would get behind it. */
#include <stdlib.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/cluster/frames.h"
#include "proto/cluster/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair(uint8_t *frame, uint32_t size)
{
    uint32_t covered = size;
    if (frame[4] == CLUSTER_KIND_PUSHES && size >= CLUSTER_FRAME_HEADER_SIZE + 4) {
        uint32_t head = load_u32(frame + CLUSTER_FRAME_HEADER_SIZE);
        if (head <= size - CLUSTER_FRAME_HEADER_SIZE - 4)
            covered = CLUSTER_FRAME_HEADER_SIZE + 4 + head;
    }
    store_u32(frame, size - 4);
    uint32_t crc = crc32c(0, frame + 4, 4);
    store_u32(frame + 8,
              crc32c(crc, frame + CLUSTER_FRAME_HEADER_SIZE, covered - CLUSTER_FRAME_HEADER_SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cluster_open open;
    struct cluster_challenge challenge;
    struct cluster_message m;
    struct arena arena = ARENA_INIT;
    struct view bytes = {data, (uint32_t)size};
    (void)!cluster_open_decode(bytes, &open);
    (void)!cluster_challenge_decode(bytes, &challenge);
    (void)!cluster_frame_decode(bytes, &arena, &m);
    if (size >= CLUSTER_FRAME_HEADER_SIZE && size < (1 << 20)) {
        uint8_t *copy = malloc(size);
        memcpy(copy, data, size);
        repair(copy, (uint32_t)size);
        if (cluster_frame_decode((struct view){copy, (uint32_t)size}, &arena, &m) == 0) {
            struct cluster_writer w = {0};
            cluster_frame_encode(&w, &m);
            POST(w.size <= size);
            if (m.kind == CLUSTER_KIND_REFUSED) { /* understood in any version, said in ours */
                memcpy(copy + 6, w.data + 6, 2);
                repair(copy, (uint32_t)size);
            }
            POST(memcmp(w.data, copy, w.size) == 0);
            cluster_writer_deinit(&w);
        }
        free(copy);
    }
    arena_reset(&arena);
    return 0;
}
