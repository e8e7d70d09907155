/* SPDX-License-Identifier: Apache-2.0 */
package demo;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.TopicBuilder;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;

/** Writes ten orders, hears them, answers them on a topic that nobody made, hears the answers. */
@SpringBootApplication
public class Orders {
    private static final int COUNT = 10;
    private final CountDownLatch left = new CountDownLatch(COUNT);
    private final KafkaTemplate<String, String> template;

    Orders(KafkaTemplate<String, String> template) {
        this.template = template;
    }

    public static void main(String[] arguments) {
        System.exit(SpringApplication.exit(SpringApplication.run(Orders.class, arguments)));
    }

    @Bean
    NewTopic topic() {
        return TopicBuilder.name("spring-orders").partitions(3).build();
    }

    @KafkaListener(id = "shop", topics = "spring-orders",
            properties = "auto.offset.reset=earliest")
    void order(String what, @Header(KafkaHeaders.RECEIVED_KEY) String customer) {
        System.out.println("ordered: " + customer + " " + what);
        template.send("spring-answers", customer, what + " is on its way");
    }

    @KafkaListener(id = "customers", topics = "spring-answers",
            properties = "auto.offset.reset=earliest")
    void answer(String what, @Header(KafkaHeaders.RECEIVED_KEY) String customer) {
        System.out.println("answered: " + customer + " " + what);
        left.countDown();
    }

    @Bean
    CommandLineRunner work() {
        return arguments -> {
            for (int i = 0; i < COUNT; i++) {
                var sent = template.send("spring-orders", "customer-" + i, "order " + i).get();
                System.out.println("written: partition " + sent.getRecordMetadata().partition()
                        + " offset " + sent.getRecordMetadata().offset());
            }
            System.out.println(left.await(60, TimeUnit.SECONDS) ? "all answered"
                    : left.getCount() + " answers are missing");
        };
    }
}
