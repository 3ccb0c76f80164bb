package dev.tidemill.inference.io;

import dev.tidemill.inference.decode.Choices;
import dev.tidemill.inference.decode.DecodeEngine;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.decode.Sequence;
import dev.tidemill.inference.decode.SequenceEvent;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.inference.serving.Serving;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.generate.json.JsonTokens;
import dev.tidemill.platform.http.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks a task's shadow release what its users ask. The answers go to nobody: they are recorded
/// with the arm `SHADOW`, of which nothing is learned.
///
/// Users come first. A copy begins only when a place would be free beside it, copies take half of
/// the places at most, and when users want the places all copies are broken off.
final class Mirror implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Mirror.class);

  /// What the id of a copy adds to that of the completion it copies.
  static final String SUFFIX = "-shadow";

  private static final String DROPPED = "dropped";

  private final Serving serving;
  private final DecodeEngine engine;
  private final Prompts prompts;
  private final CompletionLog completions;
  private final CompletionRecords records;
  private final MeterRegistry registry;
  private final int places;
  private final double share;
  private final DoubleSupplier random;
  private final Map<String, Choices> copies = new ConcurrentHashMap<>();
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("mirror-", 0).factory());

  /// @param places sequences decoded at once
  /// @param share of requests that are copied
  /// @param random numbers in [0, 1)
  Mirror(
      Serving serving,
      DecodeEngine engine,
      Prompts prompts,
      CompletionLog completions,
      CompletionRecords records,
      MeterRegistry registry,
      int places,
      double share,
      DoubleSupplier random) {
    this.serving = serving;
    this.engine = engine;
    this.prompts = prompts;
    this.completions = completions;
    this.records = records;
    this.registry = registry;
    this.places = places;
    this.share = share;
    this.random = random;
  }

  /// Copies under way.
  int copies() {
    return copies.size();
  }

  /// Users want places: so many copies as stand in their way, hence all, are broken off.
  void makeRoom(int wanted) {
    if (!copies.isEmpty() && engine.running() + engine.waiting() + wanted > places) {
      copies.values().forEach(Choices::cancel);
    }
  }

  /// Copies an admitted request to the shadow of the task that it asked, if there is one and if
  /// there is room. Returns at once.
  void copy(Answers.Asked asked, SamplingParameters parameters, Duration limit) {
    String task = asked.request().model();
    if (share == 0 || !serving.hasShadow(task) || random.getAsDouble() >= share) {
      return;
    }
    if (copies.size() >= Math.max(1, places / 2) || engine.running() + engine.waiting() >= places) {
      count(task, DROPPED);
      return;
    }
    threads.execute(() -> answer(task, asked, parameters, limit));
  }

  private void answer(
      String task, Answers.Asked asked, SamplingParameters parameters, Duration limit) {
    @Nullable Lease lease = serving.shadow(task);
    if (lease == null) {
      return;
    }
    CompletionLog.@Nullable Place place = null;
    boolean admitted = false;
    try {
      BaseModel model = lease.release().model();
      int[] prompt = prompts.encode(model, asked.request().prompt());
      int room = engine.longestText(lease.release()) - prompt.length;
      if (room > 0 && prompt.length > 0 && fits(asked, model)) {
        place = completions.reserve(1, Duration.ZERO).getFirst();
        admitted = submit(asked, lease, prompt, bounded(parameters, room), limit, place);
      }
    } catch (Problem e) {
      log.debug("a request to {} is not mirrored: {}", task, e.detail());
    } catch (RuntimeException e) {
      log.warn("a request to {} cannot be mirrored", task, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!admitted) {
        count(task, DROPPED);
        lease.close();
        if (place != null) {
          place.giveBack();
        }
      }
    }
  }

  private boolean submit(
      Answers.Asked asked,
      Lease lease,
      int[] prompt,
      SamplingParameters parameters,
      Duration limit,
      CompletionLog.Place place) {
    BlockingQueue<SequenceEvent> unread = new LinkedBlockingQueue<>();
    Sequence sequence =
        new Sequence(
            lease,
            new Sequence.Order(0, prompt, parameters, extras(asked)),
            engine.nanos(),
            limit,
            unread,
            outcome -> ended(asked, parameters, lease, outcome, place));
    copies.put(asked.id(), new Choices(List.of(sequence), unread));
    boolean admitted = engine.submit(List.of(sequence));
    if (!admitted) {
      copies.remove(asked.id());
    }
    return admitted;
  }

  private static AnswerRequest.Extras extras(Answers.Asked asked) {
    return new AnswerRequest.Extras(false, -1, asked.request().extras().json());
  }

  /// Whether another base than the one that was asked can answer a request so: its tokens may be
  /// others.
  private static boolean fits(Answers.Asked asked, BaseModel model) {
    int vocabulary = model.config().vocabSize();
    return asked.request().draw().penalties().bias().keySet().stream()
            .allMatch(token -> token < vocabulary)
        && (!asked.request().extras().json()
            || JsonTokens.whyNot(model.tokenizer().bytes()) == null);
  }

  private void ended(
      Answers.Asked asked,
      SamplingParameters parameters,
      Lease lease,
      Outcome outcome,
      CompletionLog.Place place) {
    copies.remove(asked.id());
    count(lease.release().task(), outcome.end().name().toLowerCase(Locale.ROOT));
    place.write(
        records.of(
            asked.id() + SUFFIX,
            asked.request(),
            parameters,
            asked.seed(),
            asked.caller().producer(),
            asked.at(),
            lease,
            outcome));
  }

  private static SamplingParameters bounded(SamplingParameters parameters, int room) {
    return parameters.maxTokens() <= room
        ? parameters
        : new SamplingParameters(
            parameters.temperature(),
            parameters.topP(),
            parameters.topK(),
            parameters.minP(),
            parameters.penalties(),
            parameters.seed(),
            room,
            parameters.stop());
  }

  private void count(String task, String outcome) {
    Counter.builder("tidemill.inference.shadow.requests")
        .description("Copies of requests for shadow releases, by how they ended")
        .tag("task", task)
        .tag("outcome", outcome)
        .register(registry)
        .increment();
  }

  /// Breaks off what is under way.
  @Override
  public void close() {
    threads.shutdown();
    copies.values().forEach(Choices::cancel);
  }
}
