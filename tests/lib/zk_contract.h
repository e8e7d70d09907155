/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_ZK_CONTRACT_H
#define CORDUROY_TESTS_LIB_ZK_CONTRACT_H

#include <check.h>

/* The parts of the contract (zk_under_test.h) that stand in files of their own. */
void zk_contract_add_session_tests(TCase *tc);
void zk_contract_add_registrar_tests(TCase *tc);

#endif
