package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.events.Example;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.Record;

/// The two stages that guard feedback, damping and examples, each with a task for each partition
/// and what is learnt of trust on its way back: the same work as in the topology, without Kafka.
/// For trials of the guard, in which hours of feedback pass in a second.
public final class GuardLine implements AutoCloseable {
  /// Time passes in steps no longer than this, in milliseconds.
  private static final long STEP = 10_000;

  private final Stage stage;
  private final List<Part<Heard>> damping = new ArrayList<>();
  private final List<Part<Evidence>> examples = new ArrayList<>();
  private final List<Example> written = new ArrayList<>();
  private long now;

  private record Part<V>(HeapTask task, Work<String, V> work) {
    void read(Record<String, V> record) {
      task.read(record.timestamp());
      work.process(record);
    }
  }

  /// A line with as many tasks as the stage tells.
  public GuardLine(Stage stage, Instant start) {
    this.stage = stage;
    this.now = start.toEpochMilli();
    CuratorSerdes serdes = new CuratorSerdes();
    for (int partition = 0; partition < stage.partitions(); partition++) {
      HeapTask bySubject =
          new HeapTask(0, partition, now)
              .with(DampingProcessor.CLAIMS, Serdes.String())
              .with(DampingProcessor.BURSTS, serdes.burst())
              .with(DampingProcessor.STANDINGS, serdes.standing())
              .with(DampingProcessor.HELD, serdes.evidence())
              .with(DampingProcessor.ERASED, Serdes.Long());
      damping.add(new Part<>(bySubject, new DampingProcessor(stage, bySubject)));
      HeapTask byKey =
          new HeapTask(1, partition, now)
              .with(ExampleProcessor.IDS, Serdes.String())
              .with(ExampleProcessor.BALLOTS, serdes.ballots())
              .with(ExampleProcessor.CAMPAIGNS, serdes.campaign())
              .with(ExampleProcessor.ERASED, Serdes.Long());
      examples.add(new Part<>(byKey, new ExampleProcessor(stage, byKey)));
    }
  }

  /// Evidence comes from the join.
  public void say(Evidence evidence) {
    String subject = evidence.subjectKey();
    part(damping, subject)
        .read(new Record<>(subject, new Heard.Said(evidence), evidence.raw().timestamp()));
    settle();
  }

  /// Time passes until then.
  public void pass(Instant until) {
    while (now < until.toEpochMilli()) {
      now = Math.min(until.toEpochMilli(), now + STEP);
      for (Part<Heard> part : damping) {
        part.task().pass(now);
        settle();
      }
      for (Part<Evidence> part : examples) {
        part.task().pass(now);
        settle();
      }
    }
  }

  /// The examples written since the last look.
  public List<Example> written() {
    List<Example> all = List.copyOf(written);
    written.clear();
    return all;
  }

  /// Bytes of what is known of subjects, over their number.
  public double bytesPerSubject() {
    return bytesPerEntry(damping, DampingProcessor.STANDINGS);
  }

  /// Bytes of the ballots on a prompt, over the number of prompts.
  public double bytesPerPrompt() {
    return bytesPerEntry(examples, ExampleProcessor.BALLOTS);
  }

  @Override
  public void close() {
    damping.forEach(part -> part.work().close());
    examples.forEach(part -> part.work().close());
  }

  private void settle() {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (Part<Heard> part : damping) {
        moved |= deliver(part.task());
      }
      for (Part<Evidence> part : examples) {
        moved |= deliver(part.task());
      }
    }
  }

  private boolean deliver(HeapTask from) {
    boolean some = !from.sent().isEmpty();
    while (!from.sent().isEmpty()) {
      Record<String, Output> record = from.sent().removeFirst();
      switch (record.value()) {
        case Output.Forward(Evidence evidence) ->
            part(examples, record.key()).read(record.withValue(evidence));
        case Output.Publish publish -> published(record, publish);
        case Output.Erase erase -> throw new IllegalStateException("nobody was erased");
        case Output.Pass pass -> throw new IllegalStateException("a document is no evidence");
      }
    }
    return some;
  }

  private void published(Record<String, Output> record, Output.Publish publish) {
    byte[] value = publish.value().get();
    if (publish.topic().equals(Topics.TRUST.name())) {
      part(damping, record.key()).read(record.withValue(new Heard.Changed(value)));
    } else if (publish.topic().equals(Topics.ACTIVITY.name())) {
      stage.neighbours().take(record.key(), value);
    } else if (publish.topic().equals(Topics.EXAMPLES.name())) {
      try {
        written.add(stage.codecs().examples().decode(value));
      } catch (MalformedRecordException e) {
        throw new IllegalStateException("an example that was just written cannot be read", e);
      }
    }
  }

  private static <V> Part<V> part(List<Part<V>> parts, String key) {
    return parts.get(Partitions.of(key, parts.size()));
  }

  private static <V> double bytesPerEntry(List<Part<V>> parts, String store) {
    double bytes = parts.stream().mapToLong(part -> part.task().store(store).bytes()).sum();
    double count =
        parts.stream().mapToLong(part -> part.task().store(store).approximateNumEntries()).sum();
    return count == 0 ? 0 : bytes / count;
  }
}
