/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_ROT_H
#define CORDUROY_TESTS_SIM_SIM_ROT_H

#include "tests/sim/sim_cluster.h"

/* Bits that flip in place, under running brokers as well as in disks that are off, and what becomes
 * of them. One copy of a partition at a time is hit, while all are in sync: what it had is whole
 * elsewhere. A copy so hit is not counted by the checker until its bytes are good again.
 *
 * In a segment a record or a checksum is hit, which the next read of the batch must notice. Fields
 * of a batch's header are left alone: a walk over headers reads them without the checksum. An index
 * may be hit anywhere; nothing may come of it. */
struct sim_rot;

struct sim_rot *sim_rot_new(struct sim_cluster *c);
void sim_rot_free(struct sim_rot *rot);
/* False: there is nothing that may be hit there now. The partition's leader may be hit instead,
 * whose bytes are read more often: *broker is whose it was. */
bool sim_rot_segment(struct sim_rot *rot, unsigned *broker);
/* Likewise. */
bool sim_rot_index(struct sim_rot *rot, unsigned broker);
/* The broker is off, all its copies are excused until they are in sync once more. */
bool sim_rot_journal(struct sim_rot *rot, unsigned broker);
/* Every partition has all its replicas in sync and no copy is hit. */
bool sim_rot_all_sound(const struct sim_rot *rot);
/* A copy of the partition is hit and not repaired. */
bool sim_rot_is_hit(const struct sim_rot *rot, uint32_t partition);
uint64_t sim_rot_flipped(const struct sim_rot *rot);
/* Of those in segments and journals: how many a broker noticed. */
uint64_t sim_rot_noticed(const struct sim_rot *rot);

#endif
