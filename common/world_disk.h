/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_DISK_H
#define CORDUROY_COMMON_WORLD_DISK_H

#include "common/env.h"

/* The disk threads: one for each lane of each directory, started when its first job comes. What is
 * queued with the same run and context at the head of a lane runs as one batch, so rounds gather
 * while the one before is on the disk. */
struct world_dir;
struct world_disk;

/* home is called on a disk thread, once for each job that has run, in order. */
struct world_disk *world_disk_new(const struct world_dir *dirs, unsigned dir_count,
                                  void (*home)(void *context, struct disk_job *job), void *context);
/* Any thread. */
void world_disk_put(struct world_disk *disk, struct disk_job *job);
/* Ends the threads after what they are running; queued jobs are dropped, later ones too. False when
 * one was still running after so many milliseconds: then the disk must not be freed. */
bool world_disk_stop(struct world_disk *disk, unsigned timeout_ms);
void world_disk_free(struct world_disk *disk);

#endif
