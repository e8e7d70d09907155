/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_META_PROPERTIES_H
#define CORDUROY_BROKER_LOG_META_PROPERTIES_H

#include <stddef.h>
#include <stdint.h>

#include "broker/log/checkpoint.h"
#include "common/assert.h"
#include "common/file.h"

/* meta.properties of a log directory, Kafka's: a Java properties file that says whose directory it
 * is. Keys that we do not know are kept in their order; comments are not. Replaced as a whole. */

#define META_PROPERTIES_FILE "meta.properties"

/* Kafka's keys; version is "0" with ZooKeeper. */
#define META_VERSION "version"
#define META_BROKER_ID "broker.id"
#define META_CLUSTER_ID "cluster.id"
#define META_DIRECTORY_ID "directory.id"

struct meta_property {
    char *key, *value;
};
struct meta_properties {
    struct meta_property *items;
    size_t count, capacity;
};
#define META_PROPERTIES_INIT ((struct meta_properties){0})

void meta_properties_deinit(struct meta_properties *m);
/* NULL when the key is not there. */
const char *meta_properties_get(const struct meta_properties *m, const char *key);
/* Sets or adds; a NULL value removes. Both are copied. */
void meta_properties_set(struct meta_properties *m, const char *key, const char *value);
/* broker.id as a number; -1 when it is not there or no number. */
int32_t meta_properties_broker_id(const struct meta_properties *m);

MUST_CHECK int meta_properties_store(const struct meta_properties *m, const struct file_ops *ops,
                                     void *fs);
/* 0, -errno (-ENOENT: none), or CHECKPOINT_MALFORMED with why (no "version", or a version other
 * than 0: a directory of KRaft's). */
MUST_CHECK int meta_properties_load(struct meta_properties *m, const struct file_ops *ops, void *fs,
                                    char why[CHECKPOINT_WHY_SIZE]);

#endif
