package dev.tidemill.curator.trial;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Rules;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.io.CuratorMetrics;
import dev.tidemill.curator.io.GuardLine;
import dev.tidemill.curator.io.Stage;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// What the guard of this configuration makes of a stream of feedback. The same work as in the
/// topology, from the join's evidence to the examples, in a second for hours of feedback.
///
/// @param partitions tasks of each stage
public record Trial(Caps caps, Guard guard, int partitions) {
  /// When trials begin.
  public static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private static final AvroCodec<Feedback> FEEDBACK = AvroCodec.of(Feedback.class);

  /// What it came to, and what it cost.
  ///
  /// @param seconds processor time of both stages
  /// @param bytesPerSubject serialised, in the store of standings
  /// @param bytesPerPrompt serialised, in the store of ballots
  public record Result(
      Outcome outcome, double seconds, double bytesPerSubject, double bytesPerPrompt) {}

  /// Caps and guard as they are unless told otherwise.
  public static Trial guarded(int partitions) {
    return new Trial(Caps.DEFAULT, Guard.DEFAULT, partitions);
  }

  /// Neither caps nor comparison, trust or agreement.
  public static Trial unguarded(int partitions) {
    Guard off = new Guard(false, Duration.ofHours(6), 0, 0, 0, 0, Duration.ZERO, 0, 0, 0, 0);
    Caps wide =
        new Caps(Duration.ofMinutes(10), 1_000_000, 1_000_000, 0.0001, Duration.ofMillis(1));
    return new Trial(wide, off, partitions);
  }

  /// The configuration in which only caps and guard weigh anything.
  ///
  /// @param directory for state, if a topology keeps some
  public CuratorConfig config(Path directory) {
    CuratorConfig config = CuratorConfig.of(directory);
    return new CuratorConfig(
        config.streams(),
        new HoldoutSplit(0.0, "trial"),
        config.limits(),
        config.join(),
        config.dedupe(),
        config.near(),
        caps,
        guard,
        config.text(),
        config.erasure());
  }

  /// Sends what was said in order of time, the clock going along, and waits until nothing is held.
  public Result run(List<Said> said) {
    MeterRegistry meters = new SimpleMeterRegistry();
    CuratorMetrics metrics = new CuratorMetrics(meters);
    CuratorConfig config = config(Path.of("no-state"));
    KafkaClients kafka = new KafkaClients(KafkaConfig.of("nowhere:1"), "trial", meters);
    Stage stage =
        Stage.of(config, kafka, metrics, partition -> Long.MAX_VALUE, () -> {}).with(partitions);
    ExampleMaker maker = new ExampleMaker(new Rules(config.limits(), config.screening(metrics)));
    List<Evidence> evidence = new ArrayList<>();
    List<Said> inOrder = said.stream().sorted(Comparator.comparing(Said::at)).toList();
    for (Said next : inOrder) {
      evidence.add(evidence(maker, next, evidence.size()));
    }
    try (GuardLine line = new GuardLine(stage, START)) {
      long before = processorNanos();
      for (int i = 0; i < evidence.size(); i++) {
        line.pass(START.plus(inOrder.get(i).at()));
        line.say(evidence.get(i));
      }
      double seconds = (processorNanos() - before) / 1e9;
      double bytesPerSubject = line.bytesPerSubject();
      double bytesPerPrompt = line.bytesPerPrompt();
      Duration end = inOrder.isEmpty() ? Duration.ZERO : inOrder.getLast().at();
      line.pass(START.plus(end).plus(guard.hold().multipliedBy(3)).plus(Duration.ofMinutes(1)));
      return new Result(Outcome.of(line.written()), seconds, bytesPerSubject, bytesPerPrompt);
    }
  }

  private static Evidence evidence(ExampleMaker maker, Said said, int number) {
    String id = Outcome.id(said, number);
    Completion completion = said.completion(id, START);
    Feedback feedback = said.feedback(id, START);
    Raw raw =
        new Raw(
            new SourcePosition(Topics.FEEDBACK.name(), 0, (long) number),
            START.plus(said.at()).toEpochMilli(),
            ByteBuffer.wrap(id.getBytes(StandardCharsets.UTF_8)),
            ByteBuffer.wrap(FEEDBACK.encode(feedback)));
    SourcePosition served = new SourcePosition(Topics.COMPLETIONS.name(), 0, (long) number);
    return switch (maker.of(completion, served, feedback, raw)) {
      case Verdict.Accepted<Evidence>(Evidence accepted) -> accepted;
      case Verdict.Refused<Evidence>(var refusal) ->
          throw new IllegalStateException("a trial says nothing that is refused: " + refusal);
    };
  }

  private static long processorNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
