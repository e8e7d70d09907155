/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_PARTITION_MODEL_INTERNAL_H
#define CORDUROY_TESTS_LIB_PARTITION_MODEL_INTERNAL_H

#include "common/assert.h"
#include "tests/lib/partition_model.h"

/* What the files of the model say to each other: brokers and the network
 * (partition_model_broker.c), the controller (partition_model_controller.c), processes, faults and
 * the run (partition_model.c). */
#define MODEL_ID ((struct partition_id){{{7}}, 0})

uint32_t model_below(struct partition_model *m, int64_t bound);
bool model_chance(struct partition_model *m, uint32_t percent);
void model_violated(struct partition_model *m, const char *format, ...) PRINTF_LIKE(2, 3);
int32_t model_id_of(const struct partition_model *m, const struct model_broker *b);
struct partition_log model_log_numbers(const struct model_broker *b);
void model_log_put(struct partition_model *m, struct model_broker *b, struct model_record r);
struct model_message *model_send(struct partition_model *m, enum model_message_kind kind,
                                 const struct model_broker *from, struct cluster_member to);
struct model_message model_take(struct partition_model *m, uint32_t at);
bool model_in_state_isr(const struct partition_model *m, int32_t broker);
void model_check_isr_synced(struct partition_model *m);
void model_step(struct partition_model *m, struct model_broker *b, struct partition_event *e);
void model_tell_log(struct partition_model *m, struct model_broker *b);
void model_stream_event(struct partition_model *m, struct model_broker *b,
                        enum partition_event_kind kind, struct cluster_member from);
void model_turn(struct partition_model *m, struct model_broker *b);
void model_deliver_replica(struct partition_model *m, struct model_broker *b,
                           const struct model_message *msg);
void model_push(struct partition_model *m, struct model_broker *b, struct model_feed *f);
void model_break_stream(struct partition_model *m, int32_t leader, int32_t follower);
void model_connect_streams(struct partition_model *m);
struct cluster_item model_member_item(const struct partition_model *m, int32_t broker);
void model_say_member(struct partition_model *m, int32_t broker);
void model_elect(struct partition_model *m, bool other);
void model_declare_dead(struct partition_model *m, int32_t broker);
void model_let_in(struct partition_model *m, int32_t broker);
void model_on_isr_change(struct partition_model *m, const struct model_message *msg);
void model_on_report(struct partition_model *m, const struct model_message *msg);

#endif
