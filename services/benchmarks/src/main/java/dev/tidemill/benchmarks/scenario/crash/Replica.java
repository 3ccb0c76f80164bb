package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.benchmarks.scenario.crash.Event.OfCompletion;
import dev.tidemill.benchmarks.scenario.crash.Event.OfRubbish;
import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Message;
import dev.tidemill.events.Sampling;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/// Writes completions as inference does, and rubbish as a broken producer would; again until the
/// broker has acknowledged.
final class Replica implements AutoCloseable {
  private static final Instant SERVED = Instant.parse("2025-11-01T00:00:00Z");
  private static final String RELEASE = "task@sha256:" + "0".repeat(64);

  private final Producer<String, byte[]> producer;
  private final TopicWriter<Completion> completions;

  Replica(KafkaClients clients) {
    this.producer = clients.producer("replica");
    this.completions = clients.writer(producer, Topics.COMPLETIONS);
  }

  /// Returns when every event of the step is acknowledged.
  void write(Step step) {
    List<Event> left = step.events();
    while (!left.isEmpty()) {
      List<CompletableFuture<?>> sent =
          left.stream().<CompletableFuture<?>>map(this::send).toList();
      List<Event> failed = new java.util.ArrayList<>();
      for (int i = 0; i < sent.size(); i++) {
        if (!acknowledged(sent.get(i))) {
          failed.add(left.get(i));
        }
      }
      left = failed;
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
  }

  private static boolean acknowledged(CompletableFuture<?> sent) {
    try {
      var _ = sent.join();
      return true;
    } catch (CompletionException e) {
      if (KafkaFaults.classify(e) instanceof RetriableFault) {
        return false;
      }
      throw e;
    }
  }

  private CompletableFuture<?> send(Event event) {
    return switch (event) {
      case OfCompletion completion -> completions.send(completion.id(), record(completion));
      case OfRubbish rubbish -> rubbish(rubbish);
      case Event.OfDocument d -> throw new IllegalArgumentException("documents are posted");
      case Event.OfDemonstration d -> throw new IllegalArgumentException("they are posted");
      case Event.OfFeedback f -> throw new IllegalArgumentException("feedback is posted");
    };
  }

  private CompletableFuture<?> rubbish(OfRubbish rubbish) {
    CompletableFuture<Object> acknowledged = new CompletableFuture<>();
    var _ =
        producer.send(
            new ProducerRecord<>(
                rubbish.topic(), rubbish.key(), rubbish.bytes().getBytes(StandardCharsets.UTF_8)),
            (metadata, error) -> {
              if (error == null) {
                acknowledged.complete(metadata);
              } else {
                acknowledged.completeExceptionally(error);
              }
            });
    return acknowledged;
  }

  private static Completion record(OfCompletion completion) {
    return Completion.newBuilder()
        .setId(completion.id())
        .setTask(completion.task())
        .setRelease(RELEASE)
        .setBase("sha256:" + "0".repeat(64))
        .setArm(completion.shadow() ? Arm.SHADOW : Arm.LIVE)
        .setReplica("soak")
        .setProducer("soak")
        .setPrompt(List.of(new Message("user", completion.prompt())))
        .setAnswer(completion.answer())
        .setSampling(Sampling.newBuilder().setTemperature(0).setTopP(1).setMaxTokens(64).build())
        .setFinishReason("stop")
        .setPromptTokens(20)
        .setCompletionTokens(20)
        .setTimeToFirstTokenSeconds(0.01)
        .setDurationSeconds(0.1)
        .setEventTime(SERVED)
        .build();
  }
}
