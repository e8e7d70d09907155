/* SPDX-License-Identifier: Apache-2.0 */
package corduroy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProducerTest {
    private static Admin admin;

    @BeforeAll
    static void open() {
        admin = Ours.admin();
    }

    @AfterAll
    static void close() {
        admin.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void writesWithEveryCodec(String codec) throws Exception {
        String topic = Ours.topic(admin, "codec-" + codec, 3);
        int count = 3000;
        String filler = "all work and no play ".repeat(10);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> p = Ours.producer("compression.type", codec,
                "linger.ms", 5)) {
            for (int i = 0; i < count; i++) {
                sent.add(p.send(new ProducerRecord<>(topic, "k" + i, filler + i)));
            }
        }
        long[] next = new long[3];
        for (Future<RecordMetadata> f : sent) {
            assertEquals(next[f.get().partition()]++, f.get().offset());
        }
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            wanted.add("k" + i + "=" + filler + i);
        }
        List<String> found = new ArrayList<>();
        for (ConsumerRecord<String, String> r : Ours.readAll(List.of(new TopicPartition(topic, 0),
                new TopicPartition(topic, 1), new TopicPartition(topic, 2)))) {
            found.add(r.key() + "=" + r.value());
        }
        wanted.sort(null);
        found.sort(null);
        assertEquals(wanted, found);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "all"})
    void writesWithEveryAcks(String acks) throws Exception {
        String topic = Ours.topic(admin, "acks-" + acks, 1);
        List<String> wanted = new ArrayList<>();
        try (KafkaProducer<String, String> p = Ours.producer("acks", acks, "enable.idempotence",
                "all".equals(acks))) {
            for (int i = 0; i < 500; i++) {
                wanted.add("v" + i);
                p.send(new ProducerRecord<>(topic, "v" + i));
            }
        }
        TopicPartition partition = new TopicPartition(topic, 0);
        List<ConsumerRecord<String, String>> found = new ArrayList<>();
        Ours.await("500 records", () -> {
            found.clear();
            found.addAll(Ours.readAll(List.of(partition)));
            return found.size() == 500;
        });
        assertEquals(wanted, found.stream().map(ConsumerRecord::value).toList());
    }

    @Test
    void keepsHeadersNullsAndTimes() throws Exception {
        String topic = Ours.topic(admin, "shapes", 1);
        try (KafkaProducer<String, String> p = Ours.producer()) {
            ProducerRecord<String, String> first = new ProducerRecord<>(topic, 0, 1234567890123L,
                    "key", "value");
            first.headers().add("trace", "abc".getBytes(StandardCharsets.UTF_8))
                    .add("trace", new byte[] {0, -1, 127}).add("empty", new byte[0])
                    .add("null", null);
            p.send(first);
            p.send(new ProducerRecord<>(topic, 0, "", ""));
            p.send(new ProducerRecord<>(topic, 0, null, null));
            p.send(new ProducerRecord<>(topic, 0, "tombstone", null));
            p.send(new ProducerRecord<>(topic, 0, null, "größer 水"));
        }
        List<ConsumerRecord<String, String>> r = Ours.readAll(
                List.of(new TopicPartition(topic, 0)));
        assertEquals(5, r.size());
        assertEquals(1234567890123L, r.get(0).timestamp());
        assertEquals(TimestampType.CREATE_TIME, r.get(0).timestampType());
        Header[] headers = r.get(0).headers().toArray();
        assertEquals(4, headers.length);
        assertArrayEquals("abc".getBytes(StandardCharsets.UTF_8), headers[0].value());
        assertArrayEquals(new byte[] {0, -1, 127}, headers[1].value());
        assertArrayEquals(new byte[0], headers[2].value());
        assertEquals("null", headers[3].key());
        assertNull(headers[3].value());
        assertEquals("", r.get(1).key());
        assertEquals("", r.get(1).value());
        assertNull(r.get(2).key());
        assertNull(r.get(2).value());
        assertEquals("tombstone", r.get(3).key());
        assertNull(r.get(3).value());
        assertEquals("größer 水", r.get(4).value());
    }

    @Test
    void writesLargeRecordsAndRefusesTooLarge() throws Exception {
        String topic = Ours.topic(admin, "large", 1);
        String large = "x".repeat(1_000_000);
        try (KafkaProducer<String, String> p = Ours.producer("max.request.size", 4_000_000)) {
            p.send(new ProducerRecord<>(topic, large)).get();
            assertInstanceOf(RecordTooLargeException.class, Ours.failure(
                    p.send(new ProducerRecord<>(topic, "y".repeat(1_200_000)))));
            p.send(new ProducerRecord<>(topic, large)).get();
        }
        List<ConsumerRecord<String, String>> found = Ours.readAll(
                List.of(new TopicPartition(topic, 0)));
        assertEquals(2, found.size());
        assertEquals(large, found.get(1).value());
    }

    @Test
    void makesATopicByWritingToIt() throws Exception {
        String topic = Ours.name("auto");
        try (KafkaProducer<String, String> p = Ours.producer()) {
            assertEquals(0, p.send(new ProducerRecord<>(topic, "first")).get().offset());
        }
        assertEquals(3, Ours.describe(admin, topic).partitions().get(0).replicas().size());
    }

    /** Several partitions on every broker in one request, from several threads. */
    @Test
    void writesToManyPartitionsAtOnce() throws Exception {
        String topic = Ours.topic(admin, "many", 24);
        int each = 1500;
        List<Thread> threads = new ArrayList<>();
        List<Throwable> wrong = new ArrayList<>();
        try (KafkaProducer<String, String> p = Ours.producer("linger.ms", 2)) {
            for (int t = 0; t < 4; t++) {
                int thread = t;
                Thread one = new Thread(() -> {
                    for (int i = 0; i < each; i++) {
                        p.send(new ProducerRecord<>(topic, i % 24, null, thread + "-" + i),
                                (m, e) -> {
                                    if (e != null) {
                                        synchronized (wrong) {
                                            wrong.add(e);
                                        }
                                    }
                                });
                    }
                });
                threads.add(one);
                one.start();
            }
            for (Thread one : threads) {
                one.join();
            }
        }
        assertTrue(wrong.isEmpty(), () -> wrong.get(0).toString());
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            all.add(new TopicPartition(topic, i));
        }
        assertEquals(4 * each,
                Ours.readAll(all).stream().map(ConsumerRecord::value).distinct().count());
        assertEquals(4 * each, Ours.readAll(all).size());
    }

    @Test
    void refusesTransactions() {
        try (KafkaProducer<String, String> p = Ours.producer("transactional.id", "tx")) {
            assertThrows(TransactionalIdAuthorizationException.class, p::initTransactions);
        }
    }
}
