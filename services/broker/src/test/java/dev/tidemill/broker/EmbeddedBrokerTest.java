package dev.tidemill.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {

  @TempDir Path data;

  @Test
  void dataIsKeptOverARestart() throws Exception {
    TopicPartition partition = new TopicPartition("tidemill.documents", 0);
    try (EmbeddedBroker broker = EmbeddedBroker.start(data, 0, 0)) {
      KafkaClients clients = clients(broker);
      try (Admin admin = clients.admin();
          Producer<String, byte[]> producer = clients.producer("p")) {
        TopicCreation.ensure(admin, (short) -1);
        producer
            .send(new ProducerRecord<>(partition.topic(), 0, "key", new byte[] {1, 2, 3}))
            .get();
      }
    }
    try (EmbeddedBroker broker = EmbeddedBroker.start(data, 0, 0);
        Consumer<String, byte[]> consumer = clients(broker).consumer("c", null)) {
      consumer.assign(List.of(partition));
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(consumer.poll(Duration.ofMillis(200)))
                      .singleElement()
                      .satisfies(r -> assertThat(r.value()).containsExactly(1, 2, 3)));
    }
  }

  @Test
  void aSecondBrokerOnTheSameDirectoryIsRefusedAndTheFirstGoesOn() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(data, 0, 0)) {
      assertThatThrownBy(() -> EmbeddedBroker.start(data, 0, 0))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "another broker is using the directory %s (process %d)",
              data, ProcessHandle.current().pid());
      try (Admin admin = clients(broker).admin()) {
        assertThat(admin.describeCluster().nodes().get()).hasSize(1);
      }
    }
  }

  @Test
  void aTakenPortIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> EmbeddedBroker.start(data, taken.getLocalPort(), 0))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith(
              "the broker cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": ");
      assertThatThrownBy(() -> EmbeddedBroker.start(data, 0, taken.getLocalPort()))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith(
              "the broker's controller cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
  }

  private static KafkaClients clients(EmbeddedBroker broker) {
    return new KafkaClients(
        KafkaConfig.of(broker.bootstrapServers()), "test", new SimpleMeterRegistry());
  }
}
