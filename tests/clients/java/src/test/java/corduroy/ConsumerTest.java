/* SPDX-License-Identifier: Apache-2.0 */
package corduroy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsumerTest {
    private static final int COUNT = 1000;
    private static Admin admin;
    private static String topic;
    private static TopicPartition p;

    /** One partition whose record N has the value "vN" and the timestamp 10000 + 10 N. */
    @BeforeAll
    static void fill() throws Exception {
        admin = Ours.admin();
        topic = Ours.topic(admin, "consumer", 1);
        p = new TopicPartition(topic, 0);
        try (KafkaProducer<String, String> producer = Ours.producer("batch.size", 2000)) {
            for (int i = 0; i < COUNT; i++) {
                producer.send(new ProducerRecord<>(topic, 0, 10000L + 10 * i, "k", "v" + i));
            }
        }
    }

    @AfterAll
    static void close() {
        admin.close();
    }

    private static KafkaConsumer<String, String> assigned(Object... settings) {
        KafkaConsumer<String, String> c = Ours.consumer(settings);
        c.assign(List.of(p));
        return c;
    }

    @Test
    void seeksAnywhere() {
        try (KafkaConsumer<String, String> c = assigned()) {
            for (int at : new int[] {777, 0, COUNT - 1, 123}) {
                c.seek(p, at);
                ConsumerRecord<String, String> r = Ours.poll(c, 1).get(0);
                assertEquals(at, r.offset());
                assertEquals("v" + at, r.value());
            }
            c.seekToBeginning(List.of(p));
            assertEquals(0, c.position(p));
            c.seekToEnd(List.of(p));
            assertEquals(COUNT, c.position(p));
        }
    }

    @Test
    void readsTheWholeInOrder() {
        List<ConsumerRecord<String, String>> all = Ours.readAll(List.of(p));
        assertEquals(COUNT, all.size());
        for (int i = 0; i < COUNT; i++) {
            assertEquals(i, all.get(i).offset());
            assertEquals("v" + i, all.get(i).value());
            assertTrue(all.get(i).leaderEpoch().isPresent());
        }
    }

    @Test
    void readsInSmallPieces() {
        try (KafkaConsumer<String, String> c = assigned("max.partition.fetch.bytes", 1,
                "max.poll.records", 7, "fetch.max.bytes", 1)) {
            c.seek(p, 0);
            List<ConsumerRecord<String, String>> some = Ours.poll(c, 200);
            for (int i = 0; i < 200; i++) {
                assertEquals("v" + i, some.get(i).value());
            }
        }
    }

    /** A record is found by its time inside of a compressed batch, too. */
    @ParameterizedTest
    @ValueSource(strings = {"gzip", "snappy", "lz4", "zstd"})
    void findsOffsetsByTimeInCompressedBatches(String codec) throws Exception {
        TopicPartition q = new TopicPartition(Ours.topic(admin, "times-" + codec, 1), 0);
        try (KafkaProducer<String, String> producer = Ours.producer("compression.type", codec,
                "linger.ms", 100)) {
            for (int i = 0; i < 100; i++) {
                producer.send(new ProducerRecord<>(q.topic(), 0, 10000L + 10 * i, "k", "v" + i));
            }
        }
        try (KafkaConsumer<String, String> c = Ours.consumer()) {
            for (int i = 0; i < 100; i += 9) {
                OffsetAndTimestamp found = c.offsetsForTimes(Map.of(q, 10000L + 10 * i)).get(q);
                assertEquals(i, found.offset());
                assertEquals(10000 + 10 * i, found.timestamp());
            }
            assertNull(c.offsetsForTimes(Map.of(q, 11000L)).get(q));
        }
    }

    @Test
    void findsOffsetsByTime() {
        try (KafkaConsumer<String, String> c = assigned()) {
            assertEquals(0, c.offsetsForTimes(Map.of(p, 0L)).get(p).offset());
            assertEquals(500, c.offsetsForTimes(Map.of(p, 15000L)).get(p).offset());
            assertEquals(501, c.offsetsForTimes(Map.of(p, 15001L)).get(p).offset());
            assertEquals(15010, c.offsetsForTimes(Map.of(p, 15001L)).get(p).timestamp());
            assertNull(c.offsetsForTimes(Map.of(p, 30000L)).get(p));
            assertEquals(0L, c.beginningOffsets(List.of(p)).get(p));
            assertEquals(COUNT, c.endOffsets(List.of(p)).get(p));
        }
    }

    @Test
    void commitsAndResumes() {
        String group = Ours.name("resume");
        try (KafkaConsumer<String, String> c = assigned("group.id", group, "enable.auto.commit",
                false, "auto.offset.reset", "earliest", "max.poll.records", 100)) {
            assertNull(c.committed(Set.of(p)).get(p));
            List<ConsumerRecord<String, String>> some = Ours.poll(c, 250);
            c.commitSync(Map.of(p, new OffsetAndMetadata(250, some.get(249).leaderEpoch(),
                    "a note")));
        }
        try (KafkaConsumer<String, String> c = assigned("group.id", group)) {
            OffsetAndMetadata found = c.committed(Set.of(p)).get(p);
            assertEquals(250, found.offset());
            assertEquals("a note", found.metadata());
            assertTrue(found.leaderEpoch().isPresent());
            assertEquals("v250", Ours.poll(c, 1).get(0).value());
        }
    }

    @Test
    void obeysTheResetPolicy() {
        try (KafkaConsumer<String, String> c = assigned("auto.offset.reset", "earliest")) {
            c.seek(p, COUNT + 50);
            assertEquals("v0", Ours.poll(c, 1).get(0).value());
        }
        try (KafkaConsumer<String, String> c = assigned("auto.offset.reset", "none")) {
            c.seek(p, COUNT + 50);
            assertThrows(OffsetOutOfRangeException.class, () -> Ours.poll(c, 1));
        }
    }

    /** The consumer asks where the epoch of its position ends, and hears that it was never there. */
    @Test
    void noticesAPositionThatIsNotInTheLog() {
        int epoch = Ours.readAll(List.of(p)).get(COUNT - 1).leaderEpoch().get();
        try (KafkaConsumer<String, String> c = assigned("auto.offset.reset", "none")) {
            c.seek(p, new OffsetAndMetadata(COUNT / 2, java.util.Optional.of(epoch), ""));
            assertEquals("v" + COUNT / 2, Ours.poll(c, 1).get(0).value());
            c.seek(p, new OffsetAndMetadata(COUNT + 50, java.util.Optional.of(epoch), ""));
            LogTruncationException wrong = assertThrows(LogTruncationException.class,
                    () -> Ours.poll(c, 1));
            assertEquals(COUNT, wrong.divergentOffsets().get(p).offset());
        }
    }

    @Test
    void waitsForWhatIsWrittenLater() throws Exception {
        String later = Ours.topic(admin, "later", 1);
        TopicPartition at = new TopicPartition(later, 0);
        try (KafkaConsumer<String, String> c = Ours.consumer("fetch.max.wait.ms", 5000);
                KafkaProducer<String, String> producer = Ours.producer()) {
            c.assign(List.of(at));
            c.seekToBeginning(List.of(at));
            assertTrue(c.poll(Duration.ofMillis(300)).isEmpty());
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>(later, 0, null, "n" + i)).get();
                assertEquals("n" + i, Ours.poll(c, 1).get(0).value());
            }
        }
    }

    @Test
    void readsCommittedLikeEverythingElse() {
        try (KafkaConsumer<String, String> c = assigned("isolation.level", "read_committed")) {
            c.seek(p, 990);
            assertEquals(10, Ours.poll(c, 10).size());
        }
    }

    @Test
    void pausesAndListsTopics() throws Exception {
        String other = Ours.topic(admin, "paused", 1);
        TopicPartition q = new TopicPartition(other, 0);
        try (KafkaProducer<String, String> producer = Ours.producer()) {
            producer.send(new ProducerRecord<>(other, 0, null, "other")).get();
        }
        try (KafkaConsumer<String, String> c = Ours.consumer("max.poll.records", 10)) {
            c.assign(List.of(p, q));
            c.seekToBeginning(List.of(p, q));
            c.pause(List.of(p));
            assertEquals("other", Ours.poll(c, 1).get(0).value());
            c.resume(List.of(p));
            assertEquals("v0", Ours.poll(c, 1).get(0).value());
            assertTrue(c.listTopics().containsKey(topic));
            assertEquals(1, c.partitionsFor(topic).size());
            assertEquals(3, c.partitionsFor(topic).get(0).inSyncReplicas().length);
        }
    }

    @Test
    void subscribesByPattern() throws Exception {
        String prefix = Ours.name("pattern");
        String one = Ours.topic(admin, prefix + "-one", 1);
        String two = Ours.topic(admin, prefix + "-two", 1);
        try (KafkaProducer<String, String> producer = Ours.producer()) {
            producer.send(new ProducerRecord<>(one, "1")).get();
            producer.send(new ProducerRecord<>(two, "2")).get();
        }
        try (KafkaConsumer<String, String> c = Ours.consumer("group.id", prefix,
                "auto.offset.reset", "earliest")) {
            c.subscribe(Pattern.compile(prefix + ".*"));
            assertEquals(2, Ours.poll(c, 2).stream().map(ConsumerRecord::topic).distinct()
                    .count());
            assertEquals(Set.of(one, two), c.subscription());
            assertFalse(c.assignment().isEmpty());
        }
    }
}
