/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/log/producer_state.h"
#include "common/memory.h"
#include "proto/record_reader.h"

/* Any bytes are a batch or are refused; what the header says stays inside of the bytes, and
 * records, markers and producer state are read from it in good order. The same again with the CRC
 * made right, so that the code behind it is reached. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_records(const struct record_batch *batch)
{
    struct record_reader reader;
    struct record record;
    struct record_header header;
    uint32_t count = 0;
    int result = record_reader_init(&reader, batch);
    while (result == 0 && (result = record_reader_next(&reader, &record)) == 0) {
        POST(record.offset >= batch->base_offset);
        POST(record.offset <= record_batch_last_offset(batch));
        uint32_t headers = 0;
        while (record_header_next(&record.headers, &header))
            headers++;
        POST(headers == record.header_count);
        POST(++count <= batch->count);
    }
    POST(result != RECORD_READER_END || count == batch->count);
}

static void check_producer(const struct record_batch *batch)
{
    struct producer_state state;
    struct producer_duplicate duplicate;
    struct aborted_txn aborted;
    producer_state_init(&state, 4);
    (void)producer_state_check(&state, batch, &duplicate);
    (void)producer_state_update(&state, batch, &aborted);
    POST(state.end_offset >= record_batch_end_offset(batch));
    if (record_batch_has_producer(batch) && !record_batch_is_control(batch) &&
        batch->base_sequence >= 0)
        POST(producer_state_check(&state, batch, &duplicate) == PRODUCER_DUPLICATE);
    producer_state_deinit(&state);
}

static void walk(struct view bytes)
{
    struct record_batch batch;
    struct view rest = bytes;
    while (record_batch_next(&rest, &batch) == 0) {
        POST(batch.bytes.base >= bytes.base && batch.size == batch.bytes.size);
        POST(batch.bytes.base + batch.size <= bytes.base + bytes.size);
        read_records(&batch);
        check_producer(&batch);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct record_batch batch;
    uint32_t batch_size;
    walk((struct view){bytes, (uint32_t)size});
    if (record_batch_size(bytes, size, &batch_size) || batch_size > size)
        return 0;
    uint8_t *copy = xmalloc(size);
    memcpy(copy, bytes, size);
    record_batch_seal(copy, batch_size);
    int error = record_batch_parse((struct view){copy, (uint32_t)size}, &batch);
    POST(error == 0 || error == RECORD_BATCH_BAD_HEADER);
    if (error == 0) {
        (void)record_batch_is_producible(&batch);
        record_batch_assign(copy, 7, 3);
        record_batch_set_append_time(copy, batch_size, 99);
        POST(record_batch_parse((struct view){copy, (uint32_t)size}, &batch) == 0 ||
             batch.last_offset_delta < 0);
    }
    free(copy);
    return 0;
}
