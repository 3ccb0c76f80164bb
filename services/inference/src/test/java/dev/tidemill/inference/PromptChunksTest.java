package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.decode.ScoredToken;
import dev.tidemill.inference.decode.Sequence;
import dev.tidemill.inference.decode.SequenceEvent;
import dev.tidemill.inference.domain.AnswerRequest.Extras;
import dev.tidemill.model.generate.SamplingParameters;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Prompts are read a chunk at a time between the tokens of others, and what is shared of them is
/// shared within one adapter alone.
class PromptChunksTest {
  private static final String TASK = "support";
  private static final int CHUNKS = 8;
  private static final int LONG = CHUNKS * TestKeeper.CHUNK;

  @TempDir private Path work;

  private ReleaseTarget a;
  private ReleaseTarget b;
  private TestKeeper keeper;

  @BeforeEach
  void serve() {
    TestArtifacts artifacts = new TestArtifacts(work);
    String base = artifacts.base(1);
    a = TestArtifacts.target(TASK, base, artifacts.adapter(base, 11));
    b = TestArtifacts.target(TASK, base, artifacts.adapter(base, 12));
    keeper = new TestKeeper(artifacts, Long.MAX_VALUE, TASK, a);
    keeper.know(a, ReleaseState.RETIRED);
    keeper.know(b, ReleaseState.RETIRED);
  }

  @AfterEach
  void close() {
    keeper.close();
  }

  /// How it ended, with the scores of its tokens: equal to the bit or not at all.
  private record Answer(String text, List<ScoredToken> scores) {}

  @Test
  void aThenBThenAUnderOneTaskGivesAsAnswerAgain() throws InterruptedException {
    int[] prompt = prompt(1);
    Answer first = answer(a, prompt);
    assertThat(reused()).isZero();
    keeper.route(b);
    Answer other = answer(b, prompt);
    assertThat(reused()).as("nothing of A's is B's").isZero();
    assertThat(other).isNotEqualTo(first);
    keeper.route(a);
    assertThat(answer(a, prompt)).isEqualTo(first);
    assertThat(reused()).isEqualTo(LONG);
    assertThat(answer(b, prompt)).isEqualTo(other);
    assertThat(reused()).isEqualTo(2 * LONG);
  }

  /// Were the prompt read at once, hardly a token would be drawn between its coming and its answer.
  @Test
  void aLongPromptLetsTheOthersGoOn() throws InterruptedException {
    AtomicReference<@Nullable Double> atAnswer = new AtomicReference<>();
    BlockingQueue<SequenceEvent> quiet =
        new LinkedBlockingQueue<>() {
          @Override
          public boolean add(SequenceEvent event) {
            atAnswer.compareAndSet(null, drawn());
            return super.add(event);
          }
        };
    BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();
    assertThat(keeper.engine.submit(List.of(sequence(a, prompt(2, 4), 100, events)))).isTrue();
    assertThat(events.poll(20, TimeUnit.SECONDS)).isNotNull();
    double before = drawn();
    assertThat(keeper.engine.submit(List.of(sequence(a, prompt(3), 1, quiet)))).isTrue();
    ended(quiet);
    assertThat(TestReplica.present(atAnswer.get()) - before).isGreaterThanOrEqualTo(CHUNKS - 1);
  }

  @Test
  void whoGivesUpGivesTheCacheBackAtOnce() throws InterruptedException {
    BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();
    Sequence sequence = sequence(a, prompt(2, 4), 100, events);
    assertThat(keeper.engine.submit(List.of(sequence))).isTrue();
    assertThat(events.poll(20, TimeUnit.SECONDS)).isNotNull();
    assertThat(keeper.gauge("tidemill.inference.kv.cache.used")).isPositive();
    new dev.tidemill.inference.decode.Choices(List.of(sequence), events).cancel();
    assertThat(ended(events).end()).isEqualTo(Outcome.End.CANCELLED);
    assertThat(keeper.gauge("tidemill.inference.kv.cache.used")).isZero();
  }

  private Answer answer(ReleaseTarget target, int[] prompt) throws InterruptedException {
    BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();
    assertThat(keeper.engine.submit(List.of(sequence(target, prompt, 12, events)))).isTrue();
    List<ScoredToken> scores = new ArrayList<>();
    while (true) {
      SequenceEvent event = events.poll(20, TimeUnit.SECONDS);
      switch (TestReplica.present(event)) {
        case SequenceEvent.Text text -> scores.addAll(text.scores());
        case SequenceEvent.Ended end -> {
          return new Answer(end.outcome().text(), scores);
        }
      }
    }
  }

  private static Outcome ended(BlockingQueue<SequenceEvent> events) throws InterruptedException {
    while (true) {
      SequenceEvent event = events.poll(20, TimeUnit.SECONDS);
      if (TestReplica.present(event) instanceof SequenceEvent.Ended end) {
        return end.outcome();
      }
    }
  }

  private Sequence sequence(
      ReleaseTarget target, int[] prompt, int tokens, BlockingQueue<SequenceEvent> events)
      throws InterruptedException {
    return new Sequence(
        keeper.lease(target),
        new Sequence.Order(
            0, prompt, SamplingParameters.greedy(tokens), new Extras(false, 2, false)),
        keeper.engine.nanos(),
        Duration.ofSeconds(60),
        events,
        outcome -> {});
  }

  private double drawn() {
    return keeper.count("tidemill.inference.generation.tokens");
  }

  private double reused() {
    return keeper.count("tidemill.inference.prompt.tokens.reused");
  }

  private static int[] prompt(int seed) {
    return prompt(seed, LONG);
  }

  private static int[] prompt(int seed, int length) {
    return new Random(seed).ints(length, 5, 280).toArray();
  }
}
