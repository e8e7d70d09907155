/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of frame between brokers, byte for byte as proto/cluster/README.md has it. The bytes
 * here were written down from there: what one broker says, another version of it must understand.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/cluster/digest.h"
#include "proto/cluster/frames.h"
#include "proto/cluster/handshake.h"
#include "tests/lib/suite.h"

#define TOPIC "000102030405060708090a0b0c0d0e0f "
#define PARTITION TOPIC "00000007 "
#define MEMBER "00000003 1112131415161718 "
#define ENTRY PARTITION "00000005 a1a2a3a4 " /* leader epoch, session */
#define HOST "00000004 686f7374 "            /* "host" */
#define NULL_TEXT "ffffffff "
static const struct partition_id id = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, 7};
static const struct cluster_member member = {3, 0x1112131415161718};

static uint32_t from_hex(const char *hex, uint8_t *ret)
{
    uint32_t size = 0;
    while (*hex) {
        unsigned byte;
        if (*hex == ' ') {
            hex++;
            continue;
        }
        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
        ret[size++] = (uint8_t)byte;
        hex += 2;
    }
    return size;
}

/* The header before a body of which the first `covered` bytes are under the checksum. */
static uint32_t frame_of(unsigned kind, unsigned version, const char *body, uint32_t covered,
                         uint8_t *ret)
{
    uint32_t size = from_hex(body, ret + 12);
    if (covered == 0)
        covered = size;
    store_u32(ret, size + 8);
    ret[4] = (uint8_t)kind;
    ret[5] = 0;
    store_u16(ret + 6, (uint16_t)version);
    store_u32(ret + 8, crc32c(crc32c(0, ret + 4, 4), ret + 12, covered));
    return size + 12;
}

/* The message is written as these bytes; they are read as a message that is written so again. */
static void is(const struct cluster_message *m, const char *body)
{
    uint8_t wanted[1000];
    uint32_t size = frame_of(m->kind, 2, body, 0, wanted);
    struct cluster_writer w = {0};
    struct arena arena = ARENA_INIT;
    struct cluster_message back;
    cluster_frame_encode(&w, m);
    ck_assert_msg(w.size == size && memcmp(w.data, wanted, size) == 0, "kind %d: %s", (int)m->kind,
                  body);
    ck_assert_int_eq(cluster_frame_decode((struct view){wanted, size}, &arena, &back), 0);
    w.size = 0;
    cluster_frame_encode(&w, &back);
    ck_assert_mem_eq(w.data, wanted, size);
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
#define IS(body, ...) is(&(struct cluster_message){__VA_ARGS__}, body)

START_TEST(both_ways)
{
    IS("00000002 6e6f", .kind = 5, .u.refused = VIEW_LITERAL("no"));
    IS("0102030405060708", .kind = 6, .u.ping.number = 0x0102030405060708);
    IS("0102030405060708", .kind = 7, .u.pong.number = 0x0102030405060708);
}
END_TEST

START_TEST(control)
{
    struct cluster_directory directory = {id.topic, true};
    struct cluster_exception exception = {id, CLUSTER_REPLICA_SUSPECT};
    struct cluster_held held = {id, 4, 1000, 5, 6};
    IS(MEMBER "00000009 0000000000000064", .kind = 16,
       .u.subscribe = {member, .controller_epoch = 9, .next_number = 100});
    IS("00000009 0000000000000064 c1c2c3c4c5c6c7c8", .kind = 18,
       .u.digest = {9, 100, 0xc1c2c3c4c5c6c7c8});
    IS(MEMBER "00000009 00000001 " TOPIC "01 00000001 " PARTITION "02 00000001 " PARTITION
              "00000004 00000000000003e8 00000005 00000006",
       .kind = 19, .u.inventory = {member, 9, 1, 1, 1, &directory, &exception, &held});
    IS(MEMBER, .kind = 23, .u.shutdown.from = member);
    IS("0000000c", .kind = 24, .u.shutdown_reply.remaining = 12);
    IS("0000000000000021 0013 0007 00007530 00000002 6162", .kind = 25,
       .u.admin = {0x21, 19, 7, 30000, VIEW_LITERAL("ab")});
    IS("0000000000000021 0029 0000000000000064 " NULL_TEXT, .kind = 26,
       .u.admin_reply = {0x21, 41, 100, VIEW_NULL});
}
END_TEST

START_TEST(control_lists)
{
    struct cluster_isr_change change = {0x22, id, 5, 6, 1, {member}};
    struct cluster_isr_reply reply = {0x22, id, CLUSTER_ISR_REFUSED, 5, 6, 2, {3, 4}};
    struct cluster_report report = {id, CLUSTER_REPORT_RESIGNED, 5, 6};
    IS("00000001 0000000000000022 " PARTITION "00000005 00000006 00000001 " MEMBER, .kind = 20,
       .u.isr_changes = {1, &change});
    IS("00000001 0000000000000022 " PARTITION "01 00000005 00000006 00000002 00000003 00000004",
       .kind = 21, .u.isr_replies = {1, &reply});
    IS("00000001 " PARTITION "03 00000005 00000006", .kind = 22, .u.reports = {1, &report});
}
END_TEST

START_TEST(metadata)
{
    struct cluster_item items[] = {
        {CLUSTER_ITEM_BROKER, .u.broker = {member, true, VIEW_LITERAL("host"), 9092, VIEW_NULL,
                                           VIEW_LITERAL("host"), 10092, 2}},
        {CLUSTER_ITEM_BROKER_GONE, .u.broker.member.broker = 4},
        {CLUSTER_ITEM_TOPIC, .u.topic = {id.topic, VIEW_LITERAL("t"), 8, VIEW_LITERAL("a=b\n")}},
        {CLUSTER_ITEM_TOPIC_GONE, .u.topic = {id.topic, VIEW_LITERAL("t")}},
        {CLUSTER_ITEM_PARTITION, .u.partition = {id,
                                                 3,
                                                 0x1112131415161718,
                                                 5,
                                                 6,
                                                 2,
                                                 CLUSTER_PARTITION_NEW | CLUSTER_PARTITION_UNCLEAN,
                                                 3,
                                                 2,
                                                 {3, 4, 1},
                                                 {3, 4}}},
    };
    IS("00000009 00000003 0000000000000064 01 00 00000005 "
       "01 " MEMBER "01 " HOST "00002384 " NULL_TEXT HOST "0000276c 00000002 "
       "02 00000004 "
       "03 " TOPIC "00000001 74 00000008 00000004 613d620a "
       "04 " TOPIC "00000001 74 "
       "05 " PARTITION "00000003 1112131415161718 00000005 00000006 00000002 00000003 "
       "00000003 00000003 00000004 00000001 00000002 00000003 00000004",
       .kind = 17, .u.metadata = {9, 3, 100, true, false, 5, items});
}
END_TEST

START_TEST(replication)
{
    struct cluster_replica_open open = {id, 5, 0xa1a2a3a4, 40};
    struct cluster_replica_state state = {id, 5, 0xa1a2a3a4, 4, 41, 42, 43};
    struct cluster_diverge diverge = {id, 5, 0xa1a2a3a4, 3, 44};
    struct cluster_reset reset = {id, 5, 0xa1a2a3a4, 45};
    struct cluster_ack ack = {id, 5, 0xa1a2a3a4, 47, 46};
    struct cluster_refuse refuse = {id, 5, 0xa1a2a3a4, CLUSTER_REFUSED_GAP};
    IS("00000001 " ENTRY "0000000000000028", .kind = 32, .u.opens = {1, &open});
    IS("00000001 " ENTRY "00000004 0000000000000029 000000000000002a 000000000000002b", .kind = 33,
       .u.states = {1, &state});
    IS("00000001 " ENTRY "00000003 000000000000002c", .kind = 34, .u.diverges = {1, &diverge});
    IS("00000001 " ENTRY "000000000000002d", .kind = 35, .u.resets = {1, &reset});
    IS("00000001 " ENTRY "000000000000002f 000000000000002e", .kind = 37, .u.acks = {1, &ack});
    IS("00000001 " ENTRY "04", .kind = 38, .u.refuses = {1, &refuse});
}
END_TEST

/* The batches are not under the checksum, but within the length. */
START_TEST(pushes)
{
    struct cluster_push push[] = {{id, 5, 0xa1a2a3a4, 48, 49, 50, 3},
                                  {id, 5, 0xa1a2a3a4, 51, 49, 53, 0}};
    struct cluster_message m = {.kind = 36, .u.pushes = {2, push}}, back;
    struct arena arena = ARENA_INIT;
    struct cluster_writer w = {0};
    uint8_t wanted[200];
    uint32_t size = frame_of(36, 2,
                             "00000074 00000002 " ENTRY
                             "0000000000000030 0000000000000031 0000000000000032 00000003 " ENTRY
                             "0000000000000033 0000000000000031 0000000000000035 00000000 414243",
                             4 + 116, wanted);
    cluster_frame_encode(&w, &m);
    ck_assert_uint_eq(w.size, size - 3);
    ck_assert_mem_eq(w.data, wanted, w.size);
    ck_assert_int_eq(cluster_frame_decode((struct view){wanted, size}, &arena, &back), 0);
    ck_assert_uint_eq(back.u.pushes.bytes_pos, size - 3);
    ck_assert_int_eq(back.u.pushes.items[1].base, 53);
    arena_reset(&arena);
    cluster_writer_deinit(&w);
}
END_TEST

/* Without a secret, and with one: HMAC-SHA-256 by another program. */
START_TEST(handshake)
{
    uint8_t wanted[96], proof[CLUSTER_PROOF_FRAME_SIZE];
    struct cluster_open open = {1, 2, CLUSTER_PURPOSE_CATCH_UP, 6, 4, member, 5, .nonce = {0xaa}};
    struct cluster_challenge challenge = {2, {4, 0x2122232425262728}, 7, .nonce = {0xbb}};
    cluster_id_digest(VIEW_LITERAL("cluster"), open.cluster);
    cluster_open_encode(&open);
    cluster_challenge_encode(&challenge);
    ck_assert_uint_eq(frame_of(1, 0,
                               "43445259 0001 0002 03 000000 00000006 00000004 " MEMBER "00000005 "
                               "164cf1ca8391532e4f239c556c0c19589ae8877cb25ecfaf0b310c6c3713ba1f "
                               "aa000000000000000000000000000000",
                               0, wanted),
                      96);
    ck_assert_mem_eq(open.frame, wanted, 96);
    ck_assert_uint_eq(frame_of(2, 0,
                               "0002 0000 00000004 2122232425262728 00000007 "
                               "bb000000000000000000000000000000",
                               0, wanted),
                      48);
    ck_assert_mem_eq(challenge.frame, wanted, 48);
    cluster_proof_encode(CLUSTER_OPENER, VIEW_NULL, &open, &challenge, proof);
    memset(wanted, 0, sizeof wanted);
    ck_assert_mem_eq(proof + 12, wanted, 32);
    cluster_proof_encode(CLUSTER_OPENER, VIEW_LITERAL("secret"), &open, &challenge, proof);
    ck_assert_uint_eq(frame_of(3, 0,
                               "7454f27e5f58754ffb858dd2cf1ad22ee3c11963b5d1a48507b12fa82408a3dd",
                               0, wanted),
                      44);
    ck_assert_mem_eq(proof, wanted, 44);
    cluster_proof_encode(CLUSTER_ACCEPTOR, VIEW_LITERAL("secret"), &open, &challenge, proof);
    ck_assert_uint_eq(frame_of(4, 0,
                               "b5c31cea4ffcf35c8b8af547c2c67b03671dc8e8d67e88a6a2c3b2e91ce3f03a",
                               0, wanted),
                      44);
    ck_assert_mem_eq(proof, wanted, 44);
}
END_TEST

/* What both ends must compute alike. */
START_TEST(digest_and_shard)
{
    struct cluster_partition_item item = {.id = id, .leader = 3, .leader_epoch = 5, .version = 6};
    ck_assert_uint_eq(cluster_digest_of(&item), UINT64_C(0x422f39468326e056));
    item.leader = -1;
    ck_assert_uint_eq(cluster_digest_of(&item), UINT64_C(0x7c214b346c631fdf));
    ck_assert_uint_eq(partition_shard(id, 0x7fffffff), 990330534u);
    ck_assert_uint_eq(partition_shard(id, 3), 0u);
}
END_TEST

SUITE_MAIN("cluster bytes", both_ways, control, control_lists, metadata, replication, pushes,
           handshake, digest_and_shard)
