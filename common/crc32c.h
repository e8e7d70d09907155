/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_CRC32C_H
#define CORDUROY_COMMON_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli), as in Kafka's batches, RFC 3720 appendix B.4. crc32c(0, ...) starts; the
 * result of one piece is the start of the next. SSE4.2 or ARMv8 instructions where the processor
 * has them, chosen at run time. Any thread. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);
/* The portable way, for tests against the others. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t size);

#endif
