/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONFIG_LISTENER_H
#define CORDUROY_BROKER_CONFIG_LISTENER_H

#include "broker/config.h"

/* Fills the listeners and the cluster listener from the texts of their keys. */
void config_settle_listeners(struct broker_config *config, struct config_report *report);

#endif
