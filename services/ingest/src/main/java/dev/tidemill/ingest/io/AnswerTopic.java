package dev.tidemill.ingest.io;

import dev.tidemill.events.IdempotentAnswer;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.kafka.TopicFollower;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.Topics;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The answers to requests with an idempotency key, shared by all gateways through their topic: an
/// answer is written once its records are acknowledged, before it is given, and each gateway
/// follows the topic from its beginning, so a repeat at another gateway or after a restart is
/// answered the same.
///
/// That nothing counts twice does not hang on it: record ids follow from the key. So an answer that
/// cannot be written is given all the same, and counted.
public final class AnswerTopic implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AnswerTopic.class);
  private static final String READINESS = "ingest-idempotency";

  private final IdempotencyCache cache;
  private final TopicWriter<IdempotentAnswer> writer;
  private final IngestMetrics metrics;
  private final InstantSource clock;
  private final Duration ackTimeout;
  private final int maxBytes;
  private final ServiceContext context;
  private final TopicFollower<IdempotentAnswer> follower;

  /// @param ackTimeout longest wait for an answer's acknowledgement
  /// @param maxBytes a longer answer is remembered by this gateway alone
  public AnswerTopic(
      ServiceContext context,
      IdempotencyCache cache,
      BrokerWriter broker,
      IngestMetrics metrics,
      Duration ackTimeout,
      int maxBytes) {
    this.context = context;
    this.cache = cache;
    this.writer = broker.topic(Topics.IDEMPOTENCY);
    this.metrics = metrics;
    this.clock = context.clock();
    this.ackTimeout = ackTimeout;
    this.maxBytes = maxBytes;
    this.follower =
        new TopicFollower<>(
            context.kafka(), Topics.IDEMPOTENCY, context.health(), context.metrics(), this::learn);
  }

  /// Begins to follow; the gateway is not ready until what was in the topic has been read.
  public AnswerTopic start() {
    context.health().readiness(READINESS, this::whyNotReady);
    follower.start();
    return this;
  }

  /// Looks a key up; an unknown one counts as under way until [#complete] or [#forget].
  ///
  /// @throws Problem 503 until the answers given before are known
  IdempotencyCache.Lookup begin(String scope, String bodyDigest, Duration retryAfter) {
    if (!follower.caughtUp()) {
      throw Problem.unavailable(
          "the answers given before are still being read, so this Idempotency-Key cannot be looked"
              + " up yet",
          retryAfter);
    }
    return cache.begin(scope, bodyDigest);
  }

  /// Remembers the answer here, and writes it for the others.
  void complete(String scope, String bodyDigest, Answer answer) {
    cache.complete(scope, answer);
    @Nullable String fault = write(scope, bodyDigest, answer);
    if (fault != null) {
      metrics.answerUnwritten();
      log.warn("an answer was given and is not known to other gateways: {}", fault);
    }
  }

  /// The request under way failed; the next one with the key is a fresh one.
  void forget(String scope) {
    cache.forget(scope);
  }

  @Override
  public void close() {
    context.health().removeReadiness(READINESS);
    follower.close();
  }

  private @Nullable String write(String scope, String bodyDigest, Answer answer) {
    if (answer.body().length > maxBytes) {
      return answer.body().length + " bytes are over the limit of " + maxBytes;
    }
    try {
      IdempotentAnswer value =
          new IdempotentAnswer(
              scope,
              bodyDigest,
              answer.status(),
              answer.contentType(),
              ByteBuffer.wrap(answer.body()),
              clock.instant().truncatedTo(ChronoUnit.MILLIS));
      var _ = writer.send(scope, value).get(ackTimeout.toMillis(), TimeUnit.MILLISECONDS);
      return null;
    } catch (ExecutionException e) {
      return String.valueOf(e.getCause());
    } catch (TimeoutException e) {
      return "it was not acknowledged within " + ackTimeout;
    } catch (UncheckedIOException e) {
      return "it cannot be encoded: " + e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "the gateway is stopping";
    }
  }

  private void learn(List<TopicRecord<IdempotentAnswer>> records) {
    @Nullable Duration retention = Topics.IDEMPOTENCY.retention();
    Instant oldest = retention == null ? Instant.MIN : clock.instant().minus(retention);
    for (TopicRecord<IdempotentAnswer> record : records) {
      @Nullable IdempotentAnswer value = record.value();
      if (value != null && !value.getEventTime().isBefore(oldest)) {
        ByteBuffer body = value.getAnswer().duplicate();
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        cache.learn(
            value.getScope(),
            value.getBodyDigest(),
            new Answer(value.getStatus(), value.getContentType(), bytes));
      }
    }
  }

  private Optional<String> whyNotReady() {
    return follower.caughtUp()
        ? Optional.empty()
        : Optional.of("the answers in " + Topics.IDEMPOTENCY.name() + " have not been read yet");
  }
}
