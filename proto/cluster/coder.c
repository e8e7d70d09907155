/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cluster/coder.h"

#include "common/bytes.h"
#include "common/memory.h"

void code_bytes(struct coder *c, void *bytes, uint32_t size)
{
    if (!c->decoding) {
        c->w->data = xgrow(c->w->data, &c->w->capacity, c->w->size + size, 1);
        if (size > 0)
            memcpy(c->w->data + c->w->size, bytes, size);
        c->w->size += size;
        return;
    }
    if (c->failed || c->rest.size < size) {
        c->failed = true;
        return;
    }
    if (size > 0)
        memcpy(bytes, c->rest.base, size);
    c->rest.base += size;
    c->rest.size -= size;
}

void code_u16(struct coder *c, uint16_t *v)
{
    uint8_t raw[2];
    store_u16(raw, *v);
    code_bytes(c, raw, sizeof raw);
    *v = load_u16(raw);
}

void code_u32(struct coder *c, uint32_t *v)
{
    uint8_t raw[4];
    store_u32(raw, *v);
    code_bytes(c, raw, sizeof raw);
    *v = load_u32(raw);
}

void code_u64(struct coder *c, uint64_t *v)
{
    uint8_t raw[8];
    store_u64(raw, *v);
    code_bytes(c, raw, sizeof raw);
    *v = load_u64(raw);
}

void code_i16(struct coder *c, int16_t *v)
{
    uint16_t u = (uint16_t)*v;
    code_u16(c, &u);
    *v = (int16_t)u;
}

void code_i32(struct coder *c, int32_t *v)
{
    uint32_t u = (uint32_t)*v;
    code_u32(c, &u);
    *v = (int32_t)u;
}

void code_i64(struct coder *c, int64_t *v)
{
    uint64_t u = (uint64_t)*v;
    code_u64(c, &u);
    *v = (int64_t)u;
}

uint8_t code_choice(struct coder *c, unsigned v, unsigned min, unsigned max)
{
    uint8_t raw = (uint8_t)v;
    code_bytes(c, &raw, 1);
    if (c->decoding && (raw < min || raw > max))
        c->failed = true;
    return c->failed ? (uint8_t)min : raw;
}

void code_bool(struct coder *c, bool *v)
{
    *v = code_choice(c, *v, 0, 1);
}

void code_view(struct coder *c, struct view *v)
{
    int32_t size = v->base ? (int32_t)v->size : -1;
    code_i32(c, &size);
    if (!c->decoding) {
        if (v->base)
            code_bytes(c, (void *)(uintptr_t)v->base, v->size);
        return;
    }
    *v = VIEW_NULL;
    if (c->failed || size < -1 || (size > 0 && (uint32_t)size > c->rest.size)) {
        c->failed = true;
        return;
    }
    if (size >= 0) {
        *v = (struct view){c->rest.base, (uint32_t)size};
        c->rest.base += size;
        c->rest.size -= (uint32_t)size;
    }
}

void code_partition(struct coder *c, struct partition_id *id)
{
    code_bytes(c, id->topic.bytes, sizeof id->topic.bytes);
    code_i32(c, &id->number);
}

void code_member(struct coder *c, struct cluster_member *member)
{
    code_i32(c, &member->broker);
    code_u64(c, &member->incarnation);
}

void *code_array(struct coder *c, uint32_t *count, void *items, uint32_t size_min,
                 size_t element_size)
{
    code_u32(c, count);
    if (!c->decoding)
        return items;
    if (c->failed || *count > c->rest.size / size_min ||
        *count > (CLUSTER_MEMORY_MAX - c->memory) / element_size) {
        c->failed = true;
        *count = 0;
    }
    c->memory += *count * element_size;
    return *count > 0 ? arena_array(c->arena, *count, element_size) : NULL;
}

void code_count(struct coder *c, uint32_t *count, uint32_t max)
{
    code_u32(c, count);
    if (!c->decoding) {
        PRE(*count <= max);
        return;
    }
    if (c->failed || *count > max) {
        c->failed = true;
        *count = 0;
    }
}
