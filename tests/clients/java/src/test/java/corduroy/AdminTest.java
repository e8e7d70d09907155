/* SPDX-License-Identifier: Apache-2.0 */
package corduroy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdminTest {
    private static Admin admin;

    @BeforeAll
    static void open() {
        admin = Ours.admin();
    }

    @AfterAll
    static void close() {
        admin.close();
    }

    @Test
    void describesTheCluster() throws Exception {
        DescribeClusterResult cluster = admin.describeCluster();
        Set<Integer> ids = cluster.nodes().get().stream().map(Node::id).collect(
                Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(1, 2, 3), ids);
        assertTrue(ids.contains(cluster.controller().get().id()));
        assertEquals(22, cluster.clusterId().get().length());
    }

    @Test
    void createsATopicWithSettings() throws Exception {
        String name = Ours.name("admin-create");
        NewTopic wanted = new NewTopic(name, 4, (short) 3).configs(
                Map.of("retention.ms", "3600000", "min.insync.replicas", "1"));
        CreateTopicsResult made = admin.createTopics(List.of(wanted));
        assertEquals(4, made.numPartitions(name).get());
        assertEquals(3, made.replicationFactor(name).get());
        assertEquals("3600000", made.config(name).get().get("retention.ms").value());
        assertFalse(made.config(name).get().get("retention.ms").isDefault());
        assertEquals("1", made.config(name).get().get("min.insync.replicas").value());
        assertTrue(made.config(name).get().get("cleanup.policy").isDefault());

        TopicDescription found = Ours.describe(admin, name);
        assertEquals(made.topicId(name).get(), found.topicId());
        assertNotEquals(Uuid.ZERO_UUID, found.topicId());
        assertEquals(4, found.partitions().size());
        found.partitions().forEach(p -> assertEquals(3, p.replicas().size()));
        assertTrue(admin.listTopics().names().get().contains(name));
    }

    @Test
    void usesTheClustersDefaults() throws Exception {
        String name = Ours.name("admin-default");
        CreateTopicsResult made = admin.createTopics(
                List.of(new NewTopic(name, Optional.empty(), Optional.empty())));
        assertEquals(1, made.numPartitions(name).get());
        assertEquals(3, made.replicationFactor(name).get());
    }

    @Test
    void placesReplicasAsTold() throws Exception {
        String name = Ours.name("admin-assign");
        admin.createTopics(List.of(new NewTopic(name, Map.of(0, List.of(3, 1), 1, List.of(2, 3)))))
                .all().get();
        TopicDescription found = Ours.describe(admin, name);
        assertEquals(List.of(3, 1),
                found.partitions().get(0).replicas().stream().map(Node::id).toList());
        assertEquals(List.of(2, 3),
                found.partitions().get(1).replicas().stream().map(Node::id).toList());
        assertEquals(3, Ours.leader(admin, name, 0));
    }

    @Test
    void onlyValidatesWhenAskedTo() throws Exception {
        String name = Ours.name("admin-validate");
        admin.createTopics(List.of(new NewTopic(name, 1, (short) 3)),
                new CreateTopicsOptions().validateOnly(true)).all().get();
        assertFalse(admin.listTopics().names().get().contains(name));
    }

    @Test
    void refusesWhatCannotBe() throws Exception {
        String name = Ours.name("admin-bad");
        assertInstanceOf(InvalidReplicationFactorException.class, creating(
                new NewTopic(name, 1, (short) 4)));
        assertInstanceOf(InvalidPartitionsException.class, creating(
                new NewTopic(name, 0, (short) 3)));
        assertInstanceOf(InvalidTopicException.class, creating(
                new NewTopic("not/a topic", 1, (short) 3)));
        assertInstanceOf(InvalidConfigurationException.class, creating(
                new NewTopic(name, 1, (short) 3).configs(Map.of("retention.ms", "soon"))));
        assertInstanceOf(InvalidConfigurationException.class, creating(
                new NewTopic(name, 1, (short) 3).configs(Map.of("no.such.setting", "1"))));
        assertInstanceOf(InvalidReplicaAssignmentException.class, creating(
                new NewTopic(name, Map.of(0, List.of(1, 1)))));
        assertInstanceOf(InvalidReplicaAssignmentException.class, creating(
                new NewTopic(name, Map.of(0, List.of(1, 2), 1, List.of(3)))));
        admin.createTopics(List.of(new NewTopic(name, 1, (short) 3))).all().get();
        assertInstanceOf(TopicExistsException.class, creating(new NewTopic(name, 1, (short) 3)));
    }

    private static Throwable creating(NewTopic topic) throws Exception {
        Throwable wrong = Ours.failure(admin.createTopics(List.of(topic)).all());
        assertNotNull(wrong.getMessage());
        return wrong;
    }

    @Test
    void growsATopic() throws Exception {
        String name = Ours.topic(admin, "admin-grow", 2);
        admin.createPartitions(Map.of(name, NewPartitions.increaseTo(5))).all().get();
        assertEquals(5, Ours.describe(admin, name).partitions().size());
        admin.createPartitions(Map.of(name, NewPartitions.increaseTo(6,
                List.of(List.of(2, 3, 1))))).all().get();
        assertEquals(List.of(2, 3, 1), Ours.describe(admin, name).partitions().get(5).replicas()
                .stream().map(Node::id).toList());
        assertInstanceOf(InvalidPartitionsException.class, Ours.failure(
                admin.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all()));
        assertInstanceOf(UnknownTopicOrPartitionException.class, Ours.failure(
                admin.createPartitions(Map.of(Ours.name("no"), NewPartitions.increaseTo(3)))
                        .all()));
    }

    @Test
    void deletesByNameAndById() throws Exception {
        String first = Ours.topic(admin, "admin-delete", 3);
        String second = Ours.topic(admin, "admin-delete", 3);
        Uuid id = Ours.describe(admin, second).topicId();
        admin.deleteTopics(List.of(first)).all().get();
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
        Ours.await("both topics to be gone", () -> {
            Set<String> names = admin.listTopics().names().get();
            return !names.contains(first) && !names.contains(second);
        });
        assertInstanceOf(UnknownTopicOrPartitionException.class,
                Ours.failure(admin.describeTopics(List.of(first)).allTopicNames()));
        /* For clients it is gone at once; the id is forgotten when the brokers have removed it. */
        assertInstanceOf(UnknownTopicOrPartitionException.class,
                Ours.failure(admin.deleteTopics(List.of(first)).all()));
        Ours.await("the id to be forgotten", () -> Ours.failure(
                admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all())
                instanceof UnknownTopicIdException);
        /* The name is free again, and the new topic is another one. */
        admin.createTopics(List.of(new NewTopic(second, 1, (short) 3))).all().get();
        assertNotEquals(id, Ours.describe(admin, second).topicId());
    }

    @Test
    void listsOffsets() throws Exception {
        String name = Ours.topic(admin, "admin-offsets", 1);
        TopicPartition p = new TopicPartition(name, 0);
        try (KafkaProducer<String, String> producer = Ours.producer()) {
            long[] times = {1000, 5000, 3000, 4000};
            for (long time : times) {
                producer.send(new ProducerRecord<>(name, 0, time, null, "at " + time)).get();
            }
        }
        assertEquals(0, offset(p, OffsetSpec.earliest()).offset());
        assertEquals(4, offset(p, OffsetSpec.latest()).offset());
        assertEquals(1, offset(p, OffsetSpec.forTimestamp(2000)).offset());
        assertEquals(5000, offset(p, OffsetSpec.forTimestamp(2000)).timestamp());
        assertEquals(-1, offset(p, OffsetSpec.forTimestamp(6000)).offset());
        assertEquals(1, offset(p, OffsetSpec.maxTimestamp()).offset());
        assertEquals(5000, offset(p, OffsetSpec.maxTimestamp()).timestamp());
    }

    private static ListOffsetsResultInfo offset(TopicPartition p, OffsetSpec spec)
            throws Exception {
        return admin.listOffsets(Map.of(p, spec)).partitionResult(p).get();
    }

    @Test
    void hidesInternalTopicsUnlessAsked() throws Exception {
        try (var c = Ours.consumer("group.id", Ours.name("internal"))) {
            c.committed(Set.of(new TopicPartition("whatever", 0)));
        }
        String internal = "__consumer_offsets";
        assertFalse(admin.listTopics().names().get().contains(internal));
        assertTrue(admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get()
                .contains(internal));
        assertTrue(Ours.describe(admin, internal).isInternal());
    }
}
