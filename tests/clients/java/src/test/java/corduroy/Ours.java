/* SPDX-License-Identifier: Apache-2.0 */
package corduroy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The cluster under test, as its users know it, and the hand that kills and starts brokers. */
final class Ours {
    static final String BOOTSTRAP = System.getenv("BOOTSTRAP");
    private static final Duration DEADLINE = Duration.ofSeconds(90);

    private Ours() {
    }

    static Admin admin() {
        return Admin.create(with("default.api.timeout.ms", 30000));
    }

    /** Settings come in pairs; those not named are the client's defaults. */
    static KafkaProducer<String, String> producer(Object... settings) {
        return new KafkaProducer<>(with(settings), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(Object... settings) {
        return new KafkaConsumer<>(with(settings), new StringDeserializer(),
                new StringDeserializer());
    }

    private static Map<String, Object> with(Object... settings) {
        Map<String, Object> all = new HashMap<>();
        all.put("bootstrap.servers", BOOTSTRAP);
        for (int i = 0; i < settings.length; i += 2) {
            all.put((String) settings[i], settings[i + 1]);
        }
        return all;
    }

    static String name(String base) {
        return base + "-" + UUID.randomUUID().toString().substring(0, 8);
    }

    /** A new topic, every replica of which is in sync. */
    static String topic(Admin admin, String base, int partitions) throws Exception {
        String name = name(base);
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 3))).all().get();
        awaitInSync(admin, name);
        return name;
    }

    static void awaitInSync(Admin admin, String topic) throws Exception {
        await("every replica of " + topic + " to be in sync", () -> {
            for (TopicPartitionInfo p : describe(admin, topic).partitions()) {
                if (p.leader() == null || p.isr().size() != p.replicas().size()) {
                    return false;
                }
            }
            return true;
        });
    }

    static TopicDescription describe(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
    }

    static int leader(Admin admin, String topic, int partition) throws Exception {
        return describe(admin, topic).partitions().get(partition).leader().id();
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + DEADLINE.toNanos();
        Exception last = null;
        while (System.nanoTime() < end) {
            try {
                if (condition.call()) {
                    return;
                }
                last = null;
            } catch (ExecutionException wrong) {
                last = wrong;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("waited in vain for " + what, last);
    }

    /** Polls until that many records were returned (or more, of the same poll). */
    static <K, V> List<ConsumerRecord<K, V>> poll(Consumer<K, V> consumer, int count) {
        List<ConsumerRecord<K, V>> found = new ArrayList<>();
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (found.size() < count) {
            if (System.nanoTime() > end) {
                throw new AssertionError(found.size() + " of " + count + " records came");
            }
            consumer.poll(Duration.ofMillis(200)).forEach(found::add);
        }
        return found;
    }

    /** All records of the partitions, from the beginning to where they end now. */
    static List<ConsumerRecord<String, String>> readAll(Collection<TopicPartition> partitions) {
        try (KafkaConsumer<String, String> c = consumer("auto.offset.reset", "none")) {
            c.assign(partitions);
            c.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = c.endOffsets(partitions);
            List<ConsumerRecord<String, String>> found = new ArrayList<>();
            long end = System.nanoTime() + DEADLINE.toNanos();
            while (partitions.stream().anyMatch(p -> c.position(p) < ends.get(p))) {
                if (System.nanoTime() > end) {
                    throw new AssertionError("not read to the end " + ends);
                }
                c.poll(Duration.ofMillis(200)).forEach(found::add);
            }
            return found;
        }
    }

    /** The exception that a client's future failed with. */
    static Throwable failure(Future<?> future) throws InterruptedException {
        try {
            future.get();
        } catch (ExecutionException wrong) {
            return wrong.getCause();
        }
        throw new AssertionError("it succeeded");
    }

    /** Whether it fails with that; with anything else is wrong. */
    static boolean fails(Future<?> future, Class<? extends Throwable> wanted) throws Exception {
        try {
            future.get();
            return false;
        } catch (ExecutionException wrong) {
            if (wanted.isInstance(wrong.getCause())) {
                return true;
            }
            throw new AssertionError(wrong.getCause());
        }
    }

    /** "kill9 N", "start N" or "stop N", done when this returns. */
    static void control(String command, int broker) throws Exception {
        int port = Integer.parseInt(System.getenv("CONTROL_PORT"));
        try (Socket s = new Socket("127.0.0.1", port)) {
            OutputStream out = s.getOutputStream();
            out.write((command + " " + broker + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            String answer = new BufferedReader(
                    new InputStreamReader(s.getInputStream(), StandardCharsets.UTF_8)).readLine();
            if (!"done".equals(answer)) {
                throw new AssertionError(command + " " + broker + ": " + answer);
            }
        }
    }
}
