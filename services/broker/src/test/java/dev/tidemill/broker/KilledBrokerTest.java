package dev.tidemill.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A broker killed while it commits: what was committed is there, whole and once.
///
/// Between two commits the producer gives a transaction up. Where a commit marker was left out,
/// the committed transaction is still open, and the next marker, which aborts, takes it along.
@Timeout(180)
class KilledBrokerTest {

  private static final String TOPIC = "numbers";
  private static final int PARTITIONS = 24;
  private static final int KILLS = 3;

  @TempDir Path data;

  private final AtomicInteger committing = new AtomicInteger();
  private final AtomicInteger committed = new AtomicInteger();
  private volatile boolean enough;

  @Test
  void committedTransactionsSurviveKills() throws Exception {
    int port = freePort();
    Map<String, Object> server = Map.of("bootstrap.servers", "127.0.0.1:" + port);
    Process broker = start(port);
    try {
      try (Admin admin = Admin.create(server)) {
        admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
      }
      CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> write(server));
      Random random = new Random(7);
      for (int kill = 0; kill < KILLS; kill++) {
        awaitNextCommit(writing, 5);
        TimeUnit.MICROSECONDS.sleep(random.nextInt(3000));
        broker.destroyForcibly().waitFor();
        broker = start(port);
      }
      awaitNextCommit(writing, 5);
      enough = true;
      writing.get(60, TimeUnit.SECONDS);
      assertThat(read(server))
          .isEqualTo(
              IntStream.range(0, PARTITIONS)
                  .boxed()
                  .collect(
                      java.util.stream.Collectors.toMap(
                          partition -> partition,
                          partition -> IntStream.range(0, committed.get()).boxed().toList())));
    } finally {
      enough = true;
      broker.destroyForcibly();
    }
  }

  /// A broker that was killed before it worked has left a registration, too.
  @Test
  void aBrokerKilledWhileItStartsStartsAgain() throws Exception {
    int port = freePort();
    Random random = new Random(8);
    for (int kill = 0; kill < 5; kill++) {
      Process broker = launch(port);
      TimeUnit.MILLISECONDS.sleep(1_000 + random.nextInt(1_500));
      broker.destroyForcibly().waitFor();
    }
    long began = System.nanoTime();
    Process broker = start(port);
    try {
      // Without its place it would wait a minute for it and end.
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(50));
    } finally {
      broker.destroyForcibly();
    }
  }

  // Returns in the middle of a commit, some commits from here.
  private void awaitNextCommit(CompletableFuture<Void> writing, int more) {
    int target = committed.get() + more;
    while (committing.get() < target) {
      assertThat(writing).isNotCompletedExceptionally();
      Thread.onSpinWait();
    }
  }

  private void write(Map<String, Object> server) {
    Map<String, Object> properties = new HashMap<>(server);
    properties.put("transactional.id", "writer");
    properties.put("max.block.ms", 60_000);
    try (KafkaConsumer<Integer, Integer> member =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", server.get("bootstrap.servers"), "group.id", "readers"),
                new IntegerDeserializer(),
                new IntegerDeserializer());
        KafkaProducer<Integer, Integer> producer =
            new KafkaProducer<>(properties, new IntegerSerializer(), new IntegerSerializer())) {
      ConsumerGroupMetadata group = member.groupMetadata();
      persist(producer::initTransactions);
      int number = 0;
      while (!enough) {
        if (attempt(producer, group, number, true)) {
          number++;
          committed.set(number);
          attempt(producer, group, -number, false);
        }
      }
    }
  }

  // Whether the number is committed: with another answer its transaction was given up.
  private boolean attempt(
      KafkaProducer<Integer, Integer> producer,
      ConsumerGroupMetadata group,
      int number,
      boolean commit) {
    try {
      producer.beginTransaction();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        // The commit answers for it.
        Future<RecordMetadata> _ =
            producer.send(new ProducerRecord<>(TOPIC, partition, number, number));
      }
      producer.sendOffsetsToTransaction(
          Map.of(new TopicPartition(TOPIC, 0), new OffsetAndMetadata(Math.abs(number))), group);
      producer.flush();
      if (commit) {
        committing.set(number + 1);
        persist(producer::commitTransaction);
        return true;
      }
    } catch (KafkaException e) {
      // The broker died before the commit: the transaction is given up.
    }
    persist(producer::abortTransaction);
    return false;
  }

  // A time-out says nothing about the outcome; the same call asks again.
  private static void persist(Runnable call) {
    while (true) {
      try {
        call.run();
        return;
      } catch (TimeoutException e) {
        // The broker is starting.
      }
    }
  }

  private static Map<Integer, List<Integer>> read(Map<String, Object> server) {
    Map<String, Object> properties = new HashMap<>(server);
    properties.put("isolation.level", "read_committed");
    List<TopicPartition> partitions =
        IntStream.range(0, PARTITIONS).mapToObj(p -> new TopicPartition(TOPIC, p)).toList();
    Map<Integer, List<Integer>> read = new HashMap<>();
    try (KafkaConsumer<Integer, Integer> consumer =
        new KafkaConsumer<>(properties, new IntegerDeserializer(), new IntegerDeserializer())) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // The end that a reader of committed records sees stays before an open transaction.
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(p -> consumer.position(p) < Objects.requireNonNull(ends.get(p)))) {
        for (ConsumerRecord<Integer, Integer> record : consumer.poll(Duration.ofMillis(100))) {
          read.computeIfAbsent(record.partition(), p -> new ArrayList<>()).add(record.value());
        }
      }
    }
    return read;
  }

  private Process start(int port) throws Exception {
    Process process = launch(port);
    BufferedReader out = process.inputReader();
    assertThat(out.readLine()).startsWith("ready 127.0.0.1:");
    return process;
  }

  private Process launch(int port) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx384m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("--data", data.toString(), "--port", Integer.toString(port)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static int freePort() throws Exception {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }
}
