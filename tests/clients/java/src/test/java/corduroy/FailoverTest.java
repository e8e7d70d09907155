/* SPDX-License-Identifier: Apache-2.0 */
package corduroy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Brokers are killed and come back while the client works. */
class FailoverTest {
    private static Admin admin;

    @BeforeAll
    static void open() {
        admin = Ours.admin();
    }

    @AfterAll
    static void close() {
        admin.close();
    }

    private static int coordinator(String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group).coordinator()
                .id();
    }

    private static void slowly(int i) throws InterruptedException {
        if (i % 50 == 0) {
            Thread.sleep(10);
        }
    }

    /** The default producer is idempotent: nothing is lost, doubled or reordered. */
    @Test
    void nothingIsLostOrDoubledWhenALeaderIsKilled() throws Exception {
        String topic = Ours.topic(admin, "killed", 1);
        TopicPartition p = new TopicPartition(topic, 0);
        int count = 9000;
        int killed = Ours.leader(admin, topic, 0);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        List<ConsumerRecord<String, String>> seen = new ArrayList<>();
        try (KafkaConsumer<String, String> c = Ours.consumer("auto.offset.reset", "none")) {
            c.assign(List.of(p));
            c.seek(p, 0);
            try (KafkaProducer<String, String> producer = Ours.producer("linger.ms", 1)) {
                for (int i = 0; i < count; i++) {
                    if (i == count / 3) {
                        Ours.control("kill9", killed);
                    }
                    sent.add(producer.send(new ProducerRecord<>(topic, "v" + i)));
                    slowly(i);
                    if (i % 300 == 0) {
                        c.poll(Duration.ofMillis(1)).forEach(seen::add);
                    }
                }
                producer.flush();
            }
            for (int i = 0; i < count; i++) {
                assertEquals(i, sent.get(i).get().offset());
            }
            assertNotEquals(killed, Ours.leader(admin, topic, 0));
            Ours.control("start", killed);
            seen.addAll(Ours.poll(c, count - seen.size()));
        }
        for (int i = 0; i < count; i++) {
            assertEquals("v" + i, seen.get(i).value());
            assertEquals(i, seen.get(i).offset());
        }
        assertEquals(count, seen.size());
        Ours.awaitInSync(admin, topic);
        assertTrue(seen.get(count - 1).leaderEpoch().get() > seen.get(0).leaderEpoch().get());
        validatesAgainstTheOlderEpoch(p, seen);
    }

    /** A position read in the older epoch is checked with its leader's successor, and is right. */
    private static void validatesAgainstTheOlderEpoch(TopicPartition p,
            List<ConsumerRecord<String, String>> seen) {
        try (KafkaConsumer<String, String> c = Ours.consumer("auto.offset.reset", "none")) {
            c.assign(List.of(p));
            c.seek(p, new OffsetAndMetadata(100, seen.get(99).leaderEpoch(), ""));
            assertEquals("v100", Ours.poll(c, 1).get(0).value());
        }
    }

    @Test
    void aControlledStopIsNotNoticed() throws Exception {
        String topic = Ours.topic(admin, "stopped", 3);
        int count = 6000;
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = Ours.producer("linger.ms", 1)) {
            for (int i = 0; i < count; i++) {
                if (i == count / 3) {
                    Ours.control("stop", 2);
                } else if (i == 2 * count / 3) {
                    Ours.control("start", 2);
                }
                sent.add(producer.send(new ProducerRecord<>(topic, i % 3, null, "v" + i)));
                slowly(i);
            }
        }
        for (int i = 0; i < count; i++) {
            assertEquals(i / 3, sent.get(i).get().offset());
        }
        for (int i = 0; i < 3; i++) {
            List<ConsumerRecord<String, String>> all = Ours.readAll(
                    List.of(new TopicPartition(topic, i)));
            assertEquals(count / 3, all.size());
            for (int j = 0; j < all.size(); j++) {
                assertEquals("v" + (3 * j + i), all.get(j).value());
            }
        }
        Ours.awaitInSync(admin, topic);
    }

    /** A group works on, and its commits are there, when its coordinator is killed. */
    @Test
    void aGroupSurvivesItsCoordinator() throws Exception {
        String topic = Ours.topic(admin, "coordinator", 3);
        String group = Ours.name("coordinator");
        try (KafkaProducer<String, String> producer = Ours.producer()) {
            for (int i = 0; i < 300; i++) {
                producer.send(new ProducerRecord<>(topic, i % 3, null, "v" + i));
            }
        }
        try (KafkaConsumer<String, String> c = Ours.consumer("group.id", group,
                "enable.auto.commit", false, "auto.offset.reset", "earliest",
                "session.timeout.ms", 30000, "heartbeat.interval.ms", 500)) {
            c.subscribe(List.of(topic));
            List<ConsumerRecord<String, String>> all = new ArrayList<>(Ours.poll(c, 300));
            c.commitSync();
            int killed = coordinator(group);
            Ours.control("kill9", killed);
            try (KafkaProducer<String, String> producer = Ours.producer()) {
                for (int i = 300; i < 600; i++) {
                    producer.send(new ProducerRecord<>(topic, i % 3, null, "v" + i));
                }
            }
            all.addAll(Ours.poll(c, 300));
            c.commitSync(Duration.ofSeconds(60));
            assertEquals(600, all.stream().map(ConsumerRecord::value).distinct().count());
            assertEquals(600, all.size());
            assertNotEquals(killed, coordinator(group));
            Ours.control("start", killed);
        }
        Ours.awaitInSync(admin, topic);
        Ours.awaitInSync(admin, "__consumer_offsets");
        Map<TopicPartition, OffsetAndMetadata> found =
                admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        assertEquals(Set.of(200L), Set.copyOf(found.values().stream().map(
                OffsetAndMetadata::offset).toList()));
        assertEquals(Optional.empty(), found.values().stream().filter(o -> o == null).findAny());
    }
}
