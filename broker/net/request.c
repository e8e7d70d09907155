/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/net/conn_internal.h"
#include "common/assert.h"
#include "common/memory.h"

#define ANSWER_SIZE_MAX (256u << 20)

struct request *request_ref(struct request *r)
{
    r->refs++;
    return r;
}

void request_unref(struct request *r)
{
    PRE(r->refs > 0);
    if (--r->refs > 0)
        return;
    if (r->ended != NULL)
        r->ended(r);
    for (unsigned i = 0; i < r->piece_count; i++) {
        buf_unref(r->pieces[i].buf);
        file_unref(r->pieces[i].file);
    }
    free(r->pieces);
    buf_unref(r->buf);
    arena_reset(&r->arena);
    free(r);
}

/* ApiVersions in a version that is not known is answered in version 0, so that the client learns
 * which are (KIP-511). */
static bool version_is_told(const struct request *r, int wrong)
{
    return wrong == FRAME_UNSUPPORTED_VERSION && r->header.api != NULL &&
           r->header.api_key == API_API_VERSIONS;
}

void request_start(struct conn *c, struct view frame)
{
    struct request *r = xcalloc(1, sizeof *r);
    r->refs = 1;
    r->conn = c;
    r->net = c->net;
    r->buf = buf_ref(c->buf);
    r->body = wire_reader_of(frame);
    *c->last = r;
    c->last = &r->next;
    c->request_count++;
    c->net->request_count++;
    int wrong = frame_read_request_header(&r->body, &r->header);
    if (wrong == 0 || version_is_told(r, wrong)) {
        c->net->config.serve(c->net->config.context, r);
        return;
    }
    const char *why = wrong == FRAME_UNKNOWN_API ? "a request of an api that is not served"
                      : wrong == FRAME_UNSUPPORTED_VERSION
                          ? "a request in a version that is not served"
                          : "a request without a readable header";
    request_hang_up(r, why);
}

void request_serve_when_first(struct request *r, void (*serve)(void *context, struct request *r))
{
    if (r->conn == NULL || r->conn->first == r)
        serve(r->net->config.context, r);
    else
        r->when_first = serve;
}

void request_begin_answer(struct request *r, struct wire_writer *w)
{
    wire_writer_init(w, r->net->config.answers, 256, ANSWER_SIZE_MAX);
    /* A version that is not served is answered by ApiVersions only: one header for all versions. */
    frame_begin_response(w, r->header.api, r->header.api_version, r->header.correlation_id);
}

static void become_ready(struct request *r)
{
    PRE(!r->ready);
    r->ready = true;
    if (r->conn != NULL)
        conn_touch(r->conn);
}

/* Cuts the written bytes where gaps were left and puts the pieces between. */
static void lay_out(struct request *r, struct buf *buf, const struct wire_writer *w,
                    const struct piece *gaps, unsigned gap_count)
{
    unsigned next = 0, n = 0;
    uint32_t at = 0;
    r->pieces = xcalloc(2 * w->gap_count + gap_count + 1, sizeof *r->pieces);
    for (size_t i = 0; i < w->gap_count; i++) {
        const struct wire_gap *gap = &w->gaps[i];
        if (gap->pos > at) {
            r->pieces[n++] = (struct piece){.buf = buf_ref(buf), .pos = at, .size = gap->pos - at};
            at = gap->pos;
        }
        for (uint32_t filled = 0; filled < gap->size; next++) {
            INVARIANT(next < gap_count);
            filled += gaps[next].size;
            INVARIANT(filled <= gap->size);
            r->pieces[n++] = gaps[next];
        }
    }
    INVARIANT(next == gap_count);
    if (buf->used > at)
        r->pieces[n++] = (struct piece){.buf = buf_ref(buf), .pos = at, .size = buf->used - at};
    r->piece_count = n;
    buf_unref(buf);
}

void request_answer(struct request *r, struct wire_writer *w, const struct piece *gaps,
                    unsigned gap_count)
{
    frame_end(w, 0);
    struct buf *buf = wire_writer_take(w);
    if (buf == NULL) {
        for (unsigned i = 0; i < gap_count; i++) {
            buf_unref(gaps[i].buf);
            file_unref(gaps[i].file);
        }
        wire_writer_deinit(w);
        request_hang_up(r, "an answer that would be too large");
        return;
    }
    lay_out(r, buf, w, gaps, gap_count);
    wire_writer_deinit(w);
    become_ready(r);
}

void request_answer_nothing(struct request *r)
{
    become_ready(r);
}

void request_hang_up(struct request *r, const char *why)
{
    if (r->conn != NULL)
        client_net_say(r->net, &r->conn->peer, why);
    r->hang_up = true;
    become_ready(r);
}

const struct addr *request_peer(const struct request *r)
{
    return r->conn != NULL ? &r->conn->peer : NULL;
}

token request_connection(const struct request *r)
{
    return r->conn != NULL ? r->conn->source.token : 0;
}
