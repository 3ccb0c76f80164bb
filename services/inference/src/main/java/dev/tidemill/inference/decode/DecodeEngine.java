package dev.tidemill.inference.decode;

import dev.tidemill.inference.decode.Outcome.End;
import dev.tidemill.inference.decode.Running.Batch;
import dev.tidemill.inference.serving.Decoder;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decodes, on one thread that owns every [Generator]. Each round every running sequence gets one
/// token, those of one release in one call; at most one waiting sequence joins a round, so that a
/// long prompt delays the others by itself alone. Each sequence keeps the release it was admitted
/// with, so a swap shows in nothing but which release the next ones bring along.
public final class DecodeEngine implements Decoder, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DecodeEngine.class);
  private static final Duration IDLE_ROUND = Duration.ofMillis(500);

  private final Admission admission;
  private final DecodeMeters meters;
  private final Health health;
  private final int maxRunning;

  // Touched by the engine's thread only.
  private final IdentityHashMap<BaseModel, Generator> generators = new IdentityHashMap<>();
  private final List<Running> running = new ArrayList<>();

  private volatile boolean stopping;
  private @Nullable ServiceLoop loop;

  public DecodeEngine(int maxRunning, int maxWaiting, MeterRegistry registry, Health health) {
    this.maxRunning = maxRunning;
    this.admission = new Admission(maxRunning, maxWaiting);
    this.meters = new DecodeMeters(registry);
    this.health = health;
    DecodeMeters.bind(registry, this, DecodeEngine::running, DecodeEngine::waiting);
  }

  public synchronized void start() {
    loop =
        ServiceLoop.named("inference-engine", health)
            .wakeup(admission::wake)
            .atEnd(this::endAll)
            .start(this::round);
  }

  /// Admits the sequences of a request, all or none. Each ends in every case, and says so.
  ///
  /// @return false when too many wait already: then nothing was done with them
  /// @throws Problem 503 when the service is stopping
  public boolean submit(List<Sequence> sequences) {
    return admission.offer(sequences);
  }

  /// Whether so many sequences would be turned away now.
  public boolean full(int sequences) {
    return admission.full(sequences);
  }

  /// The time by which sequences are admitted.
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public CompletableFuture<Boolean> prepare(Generator generator) {
    AtomicBoolean taken = new AtomicBoolean();
    return admission
        .command(() -> taken.set(generators.putIfAbsent(generator.base(), generator) == null))
        .thenApply(done -> taken.get());
  }

  @Override
  public CompletableFuture<Void> forget(BaseModel base) {
    return admission.command(
        () -> {
          @Nullable Generator generator = generators.remove(base);
          if (generator != null) {
            generator.close();
          }
        });
  }

  /// Admits nothing more.
  public void refuseNew() {
    admission.refuseNew();
  }

  /// Waits until every admitted sequence has ended.
  ///
  /// @return false when `limit` has passed first
  public boolean awaitIdle(Duration limit) throws InterruptedException {
    return admission.awaitIdle(limit);
  }

  /// Ends what is still under way; whoever waits for it is told that the service stops.
  public void cancelAll() {
    stopping = true;
    admission.wake();
  }

  /// Ends what is still under way, then the thread.
  @Override
  public synchronized void close() {
    admission.refuseNew();
    if (loop != null) {
      loop.close();
    } else {
      endAll();
    }
  }

  /// Sequences being decoded now.
  public int running() {
    return admission.running();
  }

  /// Admitted sequences that wait for a place.
  public int waiting() {
    return admission.waiting();
  }

  private void round() throws InterruptedException {
    admission.awaitWork(IDLE_ROUND);
    admission.runCommands();
    dropLeft();
    join();
    step();
  }

  /// Ends sequences that nobody waits for any more, or that took too long.
  private void dropLeft() {
    long now = nanos();
    for (Sequence sequence : admission.takeWaitingIf(s -> leaves(s, now))) {
      endUnstarted(sequence, leaving(sequence), now);
    }
    Iterator<Running> all = running.iterator();
    while (all.hasNext()) {
      Running one = all.next();
      if (leaves(one.sequence(), now)) {
        all.remove();
        End end = leaving(one.sequence());
        end(one, end, reason(end));
      }
    }
  }

  private boolean leaves(Sequence sequence, long now) {
    return stopping || sequence.cancelled() || sequence.late(now);
  }

  private End leaving(Sequence sequence) {
    return sequence.cancelled() ? End.CANCELLED : stopping ? End.STOPPED : End.DEADLINE;
  }

  private static @Nullable String reason(End end) {
    return switch (end) {
      case DEADLINE -> "the answer was not done within the time limit";
      case STOPPED -> "the service stopped before the answer was done";
      case CANCELLED -> "the client went away";
      case FAILED -> "decoding failed";
      case STOP, LENGTH -> null;
    };
  }

  /// Reads the prompt of one waiting sequence, when there is a place.
  private void join() {
    if (running.size() >= maxRunning) {
      return;
    }
    @Nullable Sequence sequence = admission.takeWaiting();
    if (sequence == null) {
      return;
    }
    @Nullable Running started = null;
    try {
      started = Running.start(sequence, generator(sequence.lease().release().model()));
      meters.promptRead(sequence.promptTokens());
      @Nullable End end = started.open();
      if (end == null) {
        running.add(started);
      } else {
        end(started, end, null);
      }
    } catch (RuntimeException e) {
      log.error("a prompt of {} could not be read", sequence.lease().release(), e);
      if (started != null) {
        started.close();
      }
      endUnstarted(sequence, End.FAILED, nanos());
    }
  }

  private Generator generator(BaseModel base) {
    return generators.computeIfAbsent(base, Generator::new);
  }

  private void step() {
    Map<Batch, List<Running>> batches = new LinkedHashMap<>();
    for (Running one : running) {
      batches.computeIfAbsent(one.batch(), b -> new ArrayList<>()).add(one);
    }
    for (List<Running> batch : batches.values()) {
      try {
        step(batch);
      } catch (RuntimeException e) {
        log.error(
            "decoding {} sequences of {} failed",
            batch.size(),
            batch.getFirst().sequence().lease().release(),
            e);
        for (Running one : batch) {
          if (running.remove(one)) {
            end(one, End.FAILED, reason(End.FAILED));
          }
        }
      }
    }
  }

  private void step(List<Running> batch) {
    Generator generator = batch.getFirst().generator();
    List<Boolean> reading = batch.stream().map(Running::reading).toList();
    int[] tokens =
        generator.nextAll(
            batch.stream().map(Running::state).toList(),
            batch.stream().map(Running::sampler).toList());
    meters.batch(tokens.length);
    long now = nanos();
    for (int i = 0; i < tokens.length; i++) {
      Running one = batch.get(i);
      @Nullable End end = reading.get(i) ? one.read(tokens[i]) : drawn(one, tokens[i], now);
      if (end != null) {
        running.remove(one);
        end(one, end, null);
      }
    }
  }

  private @Nullable End drawn(Running one, int token, long now) {
    if (one.drawn() == 0) {
      meters.firstToken(now - one.sequence().admittedNanos());
    } else {
      meters.nextToken(now - one.lastTokenNanos());
    }
    return one.take(token, now);
  }

  private void end(Running one, End end, @Nullable String reason) {
    Outcome outcome = one.outcome(end, reason, nanos());
    one.close();
    end(one.sequence(), outcome);
  }

  private void endUnstarted(Sequence sequence, End end, long now) {
    end(
        sequence,
        new Outcome(
            end,
            "",
            sequence.promptTokens(),
            0,
            Double.NaN,
            (now - sequence.admittedNanos()) / 1e9,
            reason(end)));
  }

  private void end(Sequence sequence, Outcome outcome) {
    try {
      sequence.end(outcome);
    } catch (RuntimeException e) {
      log.error("the end of a sequence of {} failed", sequence.lease().release(), e);
    } finally {
      admission.ended();
    }
  }

  /// On the engine's thread, when the loop ends in order or by an error.
  private void endAll() {
    List<Sequence> waiting = admission.shut();
    admission.runCommands();
    long now = nanos();
    waiting.forEach(sequence -> endUnstarted(sequence, End.STOPPED, now));
    for (Running one : List.copyOf(running)) {
      end(one, End.STOPPED, reason(End.STOPPED));
    }
    running.clear();
    generators.values().forEach(Generator::close);
    generators.clear();
  }
}
