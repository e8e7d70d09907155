/* SPDX-License-Identifier: Apache-2.0 */
package corduroy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ConsumerGroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ConsumerGroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GroupTest {
    private static final String COOPERATIVE =
            "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
    private static final String RANGE = "org.apache.kafka.clients.consumer.RangeAssignor";
    private static Admin admin;

    @BeforeAll
    static void open() {
        admin = Ours.admin();
    }

    @AfterAll
    static void close() {
        admin.close();
    }

    /** A member that polls on its own thread and remembers what it was given. */
    private static final class Member implements AutoCloseable {
        final KafkaConsumer<String, String> consumer;
        final List<ConsumerRecord<String, String>> records = new ArrayList<>();
        final List<Set<TopicPartition>> revoked = new ArrayList<>();
        final AtomicReference<Throwable> wrong = new AtomicReference<>();
        private final Thread thread;
        private Set<TopicPartition> assignment = Set.of();
        private int assigned;
        private volatile boolean ending;

        Member(String topic, Object... settings) {
            consumer = Ours.consumer(settings);
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> given) {
                    synchronized (Member.this) {
                        assigned++;
                    }
                }

                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> taken) {
                    synchronized (Member.this) {
                        revoked.add(Set.copyOf(taken));
                    }
                }
            });
            thread = new Thread(this::run);
            thread.start();
        }

        private void run() {
            try {
                while (!ending) {
                    var some = consumer.poll(Duration.ofMillis(100));
                    synchronized (this) {
                        some.forEach(records::add);
                        assignment = Set.copyOf(consumer.assignment());
                    }
                }
            } catch (Throwable e) {
                wrong.set(e);
            } finally {
                consumer.close();
            }
        }

        synchronized Set<TopicPartition> assignment() {
            return assignment;
        }

        synchronized int rebalances() {
            return assigned;
        }

        synchronized int count() {
            return records.size();
        }

        @Override
        public void close() {
            ending = true;
            try {
                thread.join(60000);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static Member member(String group, String topic, String strategy, Object... more) {
        List<Object> all = new ArrayList<>(List.of("group.id", group, "auto.offset.reset",
                "earliest", "partition.assignment.strategy", strategy, "heartbeat.interval.ms",
                500, "session.timeout.ms", 10000));
        all.addAll(List.of(more));
        return new Member(topic, all.toArray());
    }

    private static void fill(String topic, int partitions, int count) {
        try (KafkaProducer<String, String> p = Ours.producer()) {
            for (int i = 0; i < count; i++) {
                p.send(new ProducerRecord<>(topic, i % partitions, null, "v" + i));
            }
        }
    }

    private static void awaitShared(Member a, Member b, int each) throws Exception {
        Ours.await(each + " partitions each", () -> a.assignment().size() == each
                && b.assignment().size() == each);
        Set<TopicPartition> both = new HashSet<>(a.assignment());
        both.addAll(b.assignment());
        assertEquals(2 * each, both.size());
    }

    @Test
    void sharesByRangeAndTakesOver() throws Exception {
        String topic = Ours.topic(admin, "range", 6);
        String group = Ours.name("range");
        fill(topic, 6, 600);
        try (Member a = member(group, topic, RANGE)) {
            Ours.await("all partitions", () -> a.assignment().size() == 6);
            Ours.await("600 records", () -> a.count() == 600);
            try (Member b = member(group, topic, RANGE)) {
                awaitShared(a, b, 3);
                fill(topic, 6, 600);
                Ours.await("the rest", () -> a.count() + b.count() == 1200);
                assertEquals(300, b.count());
                /* An eager rebalance takes everything away first. */
                assertTrue(a.revoked.stream().anyMatch(r -> r.size() == 6));
            }
            Ours.await("all partitions again", () -> a.assignment().size() == 6);
            assertNull(a.wrong.get());
        }
    }

    @Test
    void sharesCooperatively() throws Exception {
        String topic = Ours.topic(admin, "cooperative", 6);
        String group = Ours.name("cooperative");
        fill(topic, 6, 600);
        try (Member a = member(group, topic, COOPERATIVE)) {
            Ours.await("all records", () -> a.assignment().size() == 6 && a.count() == 600);
            Set<TopicPartition> first = a.assignment();
            try (Member b = member(group, topic, COOPERATIVE)) {
                awaitShared(a, b, 3);
                /* What a keeps it never lost. */
                for (TopicPartition kept : a.assignment()) {
                    assertTrue(a.revoked.stream().noneMatch(r -> r.contains(kept)));
                    assertTrue(first.contains(kept));
                }
                fill(topic, 6, 600);
                Ours.await("the rest", () -> a.count() + b.count() == 1200);
                assertNull(b.wrong.get());
            }
            Ours.await("all partitions again", () -> a.assignment().size() == 6);
            assertNull(a.wrong.get());
        }
    }

    @Test
    void aStaticMemberComesBackWithoutARebalance() throws Exception {
        String topic = Ours.topic(admin, "static", 4);
        String group = Ours.name("static");
        try (Member a = member(group, topic, RANGE, "group.instance.id", "one")) {
            Set<TopicPartition> had;
            int rebalances;
            try (Member b = member(group, topic, RANGE, "group.instance.id", "two")) {
                awaitShared(a, b, 2);
                had = b.assignment();
                rebalances = a.rebalances();
            }
            /* A static member leaves without saying so; its place is kept for the session. */
            try (Member again = member(group, topic, RANGE, "group.instance.id", "two")) {
                Ours.await("its partitions", () -> again.assignment().equals(had));
                fill(topic, 4, 400);
                Ours.await("the records", () -> a.count() + again.count() == 400);
                assertEquals(rebalances, a.rebalances());
                assertNull(again.wrong.get());
            }
        }
    }

    @Test
    void aStaticMembersOlderSelfIsFenced() throws Exception {
        String topic = Ours.topic(admin, "fenced", 2);
        String group = Ours.name("fenced");
        try (Member old = member(group, topic, RANGE, "group.instance.id", "me")) {
            Ours.await("its partitions", () -> old.assignment().size() == 2);
            try (Member young = member(group, topic, RANGE, "group.instance.id", "me")) {
                Ours.await("its partitions", () -> young.assignment().size() == 2);
                Ours.await("the older to be fenced", () -> old.wrong.get() != null);
                assertEquals(FencedInstanceIdException.class, old.wrong.get().getClass());
                assertNull(young.wrong.get());
            }
        }
    }

    @Test
    void isDescribedAndListed() throws Exception {
        String topic = Ours.topic(admin, "described", 4);
        String group = Ours.name("described");
        try (Member a = member(group, topic, RANGE, "client.id", "alice")) {
            Member b = member(group, topic, RANGE, "client.id", "bob", "group.instance.id",
                    "bob-1");
            awaitShared(a, b, 2);
            ConsumerGroupDescription found = describe(group);
            assertEquals(ConsumerGroupState.STABLE, found.state());
            assertEquals("range", found.partitionAssignor());
            assertTrue(Set.of(1, 2, 3).contains(found.coordinator().id()));
            Map<String, Set<TopicPartition>> members = new TreeMap<>();
            found.members().forEach(m -> members.put(m.clientId(), m.assignment()
                    .topicPartitions()));
            assertEquals(Map.of("alice", a.assignment(), "bob", b.assignment()), members);
            assertEquals(List.of("bob-1"), found.members().stream().flatMap(
                    m -> m.groupInstanceId().stream()).toList());
            found.members().forEach(m -> assertTrue(m.host().contains("127.0.0.1")));

            assertTrue(listed(new ListConsumerGroupsOptions()).contains(group));
            assertTrue(listed(new ListConsumerGroupsOptions()
                    .inStates(Set.of(ConsumerGroupState.STABLE))).contains(group));
            assertTrue(!listed(new ListConsumerGroupsOptions()
                    .inStates(Set.of(ConsumerGroupState.EMPTY))).contains(group));

            b.close(); /* A static member leaves without a word, until somebody removes it. */
            assertEquals(2, describe(group).members().size());
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(
                    List.of(new MemberToRemove("bob-1")))).all().get();
            Ours.await("alice alone", () -> a.assignment().size() == 4);
        }
        Ours.await("an empty group", () -> describe(group).state() == ConsumerGroupState.EMPTY);
        assertEquals(ConsumerGroupState.DEAD, describe(Ours.name("never")).state());
    }

    private static ConsumerGroupDescription describe(String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    private static Set<String> listed(ListConsumerGroupsOptions options) throws Exception {
        Set<String> found = new HashSet<>();
        for (ConsumerGroupListing g : admin.listConsumerGroups(options).all().get()) {
            found.add(g.groupId());
        }
        return found;
    }

    @Test
    void itsOffsetsAreReadAndSetByOthers() throws Exception {
        String topic = Ours.topic(admin, "offsets", 2);
        String group = Ours.name("offsets");
        TopicPartition p = new TopicPartition(topic, 0);
        TopicPartition q = new TopicPartition(topic, 1);
        fill(topic, 2, 100);
        try (Member a = member(group, topic, RANGE)) {
            Ours.await("100 records", () -> a.count() == 100);
        }
        Map<TopicPartition, OffsetAndMetadata> found = offsets(group);
        assertEquals(50, found.get(p).offset());
        assertEquals(50, found.get(q).offset());
        admin.alterConsumerGroupOffsets(group, Map.of(p, new OffsetAndMetadata(7))).all().get();
        assertEquals(7, offsets(group).get(p).offset());
        assertEquals(50, offsets(group).get(q).offset());
        try (Member again = member(group, topic, RANGE)) {
            Ours.await("43 records", () -> again.count() == 43);
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(String group) throws Exception {
        return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    }

    /** A member that dies without a word is removed when its session ends. */
    @Test
    void aSilentMembersPartitionsAreGivenAway() throws Exception {
        String topic = Ours.topic(admin, "silent", 4);
        String group = Ours.name("silent");
        try (KafkaConsumer<String, String> silent = Ours.consumer("group.id", group,
                "max.poll.interval.ms", 6000, "session.timeout.ms", 6000)) {
            silent.subscribe(List.of(topic));
            Ours.await("its partitions", () -> {
                silent.poll(Duration.ofMillis(100));
                return silent.assignment().size() == 4;
            });
            try (Member b = member(group, topic, RANGE + "," + COOPERATIVE)) {
                Ours.await("all partitions", () -> b.assignment().size() == 4);
            }
        }
    }
}
