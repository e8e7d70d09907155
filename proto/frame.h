/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_FRAME_H
#define CORDUROY_PROTO_FRAME_H

#include <stdint.h>

#include "common/assert.h"
#include "common/view.h"
#include "proto/gen/api_table.h"
#include "proto/wire.h"

/* What stands around a message on a connection: an int32 size that does not count itself, then a
 * header, then the body in the version that the request's header names. Request header 1 is
 * api key int16, version int16, correlation id int32, client id nullable string; header 2, from an
 * API's first flexible version, ends with tagged fields, but keeps the classic form of the client
 * id. Response header 0 is the correlation id; header 1, under the same rule, adds tagged fields.
 * Answers to ApiVersions always have header 0. */

#define FRAME_PREFIX_SIZE 4u
/* The fixed part of every request header, which can be read whatever follows. */
#define FRAME_REQUEST_SIZE_MIN 8u

enum frame_condition {
    FRAME_TOO_SMALL = 1,       /* negative, or no room for a request header */
    FRAME_TOO_LARGE,           /* over the limit */
    FRAME_MALFORMED,           /* the header is not one */
    FRAME_UNKNOWN_API,         /* close the connection, as Kafka does */
    FRAME_UNSUPPORTED_VERSION, /* ApiVersions is answered in version 0, for others close */
};

/* Checks the prefix of a request against socket.request.max.bytes, before any memory is taken for
 * it. On success *ret_size is the size of what follows the prefix. */
MUST_CHECK
int frame_request_size(const uint8_t prefix[FRAME_PREFIX_SIZE], uint32_t size_max,
                       uint32_t *ret_size);

struct request_header {
    int16_t api_key, api_version;
    int32_t correlation_id;
    struct view client_id; /* into the frame; may be null */
    const struct api *api; /* NULL: not one of ours */
};

/* Reads the header of a request and leaves the reader at its body. The api key, version and
 * correlation id of *ret are set also with FRAME_UNKNOWN_API and FRAME_UNSUPPORTED_VERSION; after
 * those the body must not be read. A version below the api's served_min is no condition here. */
MUST_CHECK
int frame_read_request_header(struct wire_reader *r, struct request_header *ret);

/* Writes a request header with the prefix before it: for tests and for brokers that ask as clients.
 * End with frame_end. Returns where the frame begins. */
uint32_t frame_begin_request(struct wire_writer *w, const struct request_header *header);

/* Writes the prefix and the response header of an answer in this version of the api. Returns where
 * the frame begins, for frame_end. The version 0 of ApiVersions serves unsupported ones too. */
uint32_t frame_begin_response(struct wire_writer *w, const struct api *api, int16_t version,
                              int32_t correlation_id);
/* Reads the response header, the prefix being consumed already. */
int32_t frame_read_response_header(struct wire_reader *r, const struct api *api, int16_t version);

/* Fills in the prefix of the frame that begins at `from`, gaps left by records counted. One frame
 * with gaps to a writer. */
void frame_end(struct wire_writer *w, uint32_t from);

#endif
