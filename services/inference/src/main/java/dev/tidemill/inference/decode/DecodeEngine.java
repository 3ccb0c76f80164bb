package dev.tidemill.inference.decode;

import dev.tidemill.inference.decode.Outcome.End;
import dev.tidemill.inference.serving.Decoder;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.KvPool;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decodes, on one thread that owns every [Generator]. Each round reads one chunk of one prompt at
/// most, so that a long prompt delays the others by a chunk at a time; then every running sequence
/// gets one token, those of one base in one call, whatever their adapters. Each sequence keeps the
/// release it was admitted with, so a swap shows in nothing but which release the next ones bring
/// along.
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

  /// Whose prompt is being read.
  private @Nullable Running reading;

  /// The next one, for whose cache there is no room yet.
  private @Nullable Sequence blocked;

  private final KvPool caches;
  private final int chunk;

  private volatile boolean stopping;
  private @Nullable ServiceLoop loop;

  /// @param cacheBytes memory for the caches of sequences
  /// @param chunk tokens of a prompt that are read between two tokens of the others
  public DecodeEngine(
      int maxRunning,
      int maxWaiting,
      long cacheBytes,
      int chunk,
      MeterRegistry registry,
      Health health) {
    this.caches = KvPool.of(cacheBytes);
    this.chunk = chunk;
    this.maxRunning = maxRunning;
    this.admission = new Admission(maxRunning, maxWaiting);
    this.meters = new DecodeMeters(registry);
    this.health = health;
    DecodeMeters.bind(registry, this, DecodeEngine::running, DecodeEngine::waiting);
    DecodeMeters.bind(registry, caches);
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

  /// Tokens that prompt and answer may have together with a release. A sequence of more would wait
  /// for room that never comes.
  public int longestText(ResidentRelease release) {
    return release.longestText(caches.capacity());
  }

  /// The time by which sequences are admitted.
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public CompletableFuture<Boolean> prepare(Generator generator) {
    AtomicBoolean taken = new AtomicBoolean();
    return admission
        .command(
            () -> {
              if (!generators.containsKey(generator.base())) {
                generator.cacheIn(caches, chunk);
                generators.put(generator.base(), generator);
                taken.set(true);
              }
            })
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
    Sequence first = blocked;
    if (first != null && leaves(first, now)) {
      blocked = null;
      endUnstarted(first, leaving(first), now);
    }
    Running prompt = reading;
    if (prompt != null && leaves(prompt.sequence(), now)) {
      reading = null;
      End end = leaving(prompt.sequence());
      end(prompt, end, reason(end));
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

  /// Reads a chunk of the prompt that is being read, or of the next.
  private void join() {
    if (reading == null && running.size() < maxRunning) {
      begin();
    }
    @Nullable Running one = reading;
    if (one == null) {
      return;
    }
    try {
      if (one.read()) {
        reading = null;
        meters.promptRead(one.sequence().promptTokens());
        @Nullable End end = one.open();
        if (end == null) {
          running.add(one);
        } else {
          end(one, end, null);
        }
      }
    } catch (RuntimeException e) {
      reading = null;
      log.error("a prompt of {} could not be read", one.sequence().lease().release(), e);
      end(one, End.FAILED, reason(End.FAILED));
    }
  }

  /// Begins with the next sequence, when there is one and room for its cache.
  private void begin() {
    @Nullable Sequence next = blocked == null ? admission.takeWaiting() : blocked;
    blocked = null;
    if (next == null) {
      return;
    }
    try {
      Generator generator = generator(next.lease().release().model());
      Optional<Running> begun = Running.begin(next, generator);
      // What other bases keep gives way, too.
      while (begun.isEmpty() && generators.values().stream().anyMatch(Generator::giveWay)) {
        begun = Running.begin(next, generator);
      }
      if (begun.isPresent()) {
        reading = begun.get();
        meters.promptKnown(begun.get().cached());
      } else if (running.isEmpty()) {
        log.warn(
            "an answer of {} needs more cache than the {} bytes of kv_cache_bytes",
            next.lease().release(),
            caches.capacity());
        endUnstarted(next, End.FAILED, nanos());
      } else {
        blocked = next;
      }
    } catch (RuntimeException e) {
      log.error("a prompt of {} could not be read", next.lease().release(), e);
      endUnstarted(next, End.FAILED, nanos());
    }
  }

  private Generator generator(BaseModel base) {
    return generators.computeIfAbsent(
        base,
        each -> {
          Generator generator = new Generator(each);
          generator.cacheIn(caches, chunk);
          return generator;
        });
  }

  private void step() {
    Map<Generator, List<Running>> batches = new LinkedHashMap<>();
    for (Running one : running) {
      batches.computeIfAbsent(one.generator(), g -> new ArrayList<>()).add(one);
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
    if (reading != null) {
      end(reading, End.STOPPED, reason(End.STOPPED));
      reading = null;
    }
    if (blocked != null) {
      endUnstarted(blocked, End.STOPPED, now);
      blocked = null;
    }
    generators.values().forEach(Generator::close);
    generators.clear();
    caches.close();
  }
}
