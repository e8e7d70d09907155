/* SPDX-License-Identifier: Apache-2.0 */
#include "common/assert.h"
#include "controller/znode.h"

/* Any bytes are parsed in good order by every parser, and what was understood is printed and read
 * back as the same: a second print gives the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define TRY(type, name)                                                                            \
    do {                                                                                           \
        struct type first, second;                                                                 \
        if (name##_parse(data, &arena, &first) == ZNODE_OK) {                                      \
            struct view printed = name##_print(&first, &arena);                                    \
            POST(name##_parse(printed, &arena, &second) == ZNODE_OK);                              \
            POST(view_equal(printed, name##_print(&second, &arena)));                              \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct view data = {bytes, (uint32_t)size}, text;
    struct znode_election election;
    int32_t number;

    TRY(znode_controller, znode_controller);
    TRY(znode_registration, znode_registration);
    TRY(znode_topic, znode_topic);
    TRY(znode_state, znode_state);
    TRY(znode_config, znode_config);
    TRY(znode_producer_id_block, znode_producer_id_block);
    TRY(znode_broker_node, znode_broker_node);
    (void)znode_cluster_id_parse(data, &arena, &text);
    (void)znode_config_change_parse(data, &arena, &text);
    (void)znode_election_parse(data, &arena, &election);
    (void)znode_controller_epoch_parse(data, &number);
    (void)znode_parse_id(data, &number);
    arena_reset(&arena);
    return 0;
}
