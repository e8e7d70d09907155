/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_MUTATION_H
#define CORDUROY_COMMON_MUTATION_H

/* Rules that the simulation takes away, one at a time, to show that each is needed: a run with the
 * rule removed must lose data. Compiled in only with -DCORDUROY_MUTATIONS; elsewhere `mutated` is
 * always false and the compiler removes the branch. */
enum mutation {
    MUTATION_NONE,
    MUTATION_TRUNCATE_TO_HIGH_WATERMARK,
    MUTATION_ACK_BEFORE_SYNC,
    MUTATION_JOIN_BY_LOG_END,
    MUTATION_NO_EPOCH_CHECK_ON_PUSH,
    MUTATION_NO_INCARNATION_CHECK,
    MUTATION_RESUME_OLD_EPOCH,
    MUTATION_READ_WITHOUT_SYNC,
    MUTATION_REPLAY_PAST_TRUNCATION,
    MUTATION_CONFIRM_OWN_LOGS_ONLY,
    MUTATION_EMPTY_FOR_MISSING,
    MUTATION_ANSWER_BEFORE_COMMIT,
    MUTATION_LOAD_TO_HIGH_WATERMARK,
    MUTATION_TAKE_ANY_GENERATION,
    MUTATION_BLOCK_WITHOUT_VERSION,
    MUTATION_ELECT_OUTSIDE_ISR,
    MUTATION_COUNT_COMMITTED_ISR,
    MUTATION_TRUST_ANY_DISK,
    MUTATION_KEEP_CUT_PRODUCERS,
};

#ifdef CORDUROY_MUTATIONS
#define mutated(chosen, which) ((chosen) == (unsigned)(which))
#else
#define mutated(chosen, which) ((void)(chosen), 0)
#endif

#endif
