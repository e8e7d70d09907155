/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_CONTROLLER_RIG_INTERNAL_H
#define CORDUROY_TESTS_LIB_CONTROLLER_RIG_INTERNAL_H

#include "tests/lib/controller_rig.h"

/* Between controller_rig.c (messages, connections, actions) and controller_rig_life.c (processes,
 * ZooKeeper). */
void rig_disconnect(struct rig_broker *b);
void rig_reconnect_all(void *rig);
void rig_keep_connecting(void *rig);
void rig_free_topics(struct map *topics);
void rig_free_values(struct map *values);
void rig_run_parcel(void *parcel); /* frees it; it arrives if its process is still there */
uint64_t rig_digest_of(const struct rig_broker *b);

#endif
