package dev.tidemill.ingest.io;

import dev.tidemill.ingest.domain.Arrival;
import dev.tidemill.ingest.domain.BodyReader;
import dev.tidemill.ingest.domain.CsvReader;
import dev.tidemill.ingest.domain.Intake;
import dev.tidemill.ingest.domain.Kind;
import dev.tidemill.ingest.domain.RawRecord;
import dev.tidemill.ingest.domain.Reading;
import dev.tidemill.ingest.domain.Rejection;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.ids.Ids;
import dev.tidemill.schemas.Sha256;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The four POST calls. Each goes the same way: who sends it, read the body, make records of it,
/// bring them to the broker, and only then answer 202.
public final class IngestApi {

  private static final HeaderName PRODUCER = HeaderNames.create("X-Tidemill-Producer");
  private static final HeaderName API_KEY = HeaderNames.create("X-API-Key");
  private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");
  private static final HeaderName REPLAYED = HeaderNames.create("Idempotency-Replayed");
  private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]{1,255}");

  private record Post(Kind kind, String producer, RequestBody body, Quotas.Charge charge) {}

  private final BodyReader reader;
  private final CsvReader tables;
  private final BrokerWriter writer;
  private final ApiKeys keys;
  private final Quotas quotas;
  private final AnswerTopic answers;
  private final Duration retryAfter;
  private final IngestMetrics metrics;
  private final InstantSource clock;
  private final Ids ids;
  private final long maxBodyBytes;

  public IngestApi(
      BodyReader reader,
      CsvReader tables,
      BrokerWriter writer,
      ApiKeys keys,
      Quotas quotas,
      AnswerTopic answers,
      Duration retryAfter,
      IngestMetrics metrics,
      InstantSource clock,
      Ids ids,
      long maxBodyBytes) {
    this.reader = reader;
    this.tables = tables;
    this.writer = writer;
    this.keys = keys;
    this.quotas = quotas;
    this.answers = answers;
    this.retryAfter = retryAfter;
    this.metrics = metrics;
    this.clock = clock;
    this.ids = ids;
    this.maxBodyBytes = maxBodyBytes;
  }

  /// Handles a POST of records of one kind.
  public void post(Kind kind, ServerRequest request, ServerResponse response) {
    long start = System.nanoTime();
    try {
      Answer answer = answer(kind, request, response);
      metrics
          .request(kind, answer.status())
          .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
      response
          .status(Status.create(answer.status()))
          .header(HeaderNames.CONTENT_TYPE, answer.contentType())
          .send(answer.body());
    } catch (Problem problem) {
      metrics.rejected(kind, problem.slug(), 1);
      metrics
          .request(kind, problem.status())
          .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
      throw problem;
    }
  }

  private Answer answer(Kind kind, ServerRequest request, ServerResponse response) {
    String producer =
        keys.producer(
            header(request, PRODUCER),
            header(request, API_KEY),
            header(request, HeaderNames.AUTHORIZATION));
    RequestBody body = RequestBody.read(request, maxBodyBytes);
    metrics.received(kind, body.bytes().length);
    Post post = new Post(kind, producer, body, quotas.charge(kind, producer));
    try {
      post.charge().bytes(body.bytes().length);
      @Nullable String key = header(request, IDEMPOTENCY_KEY);
      return key == null ? take(post, recordIds(ids.next())) : once(post, key, response);
    } catch (Problem problem) {
      if (problem.status() == 429 || problem.status() == 503) {
        post.charge().giveBack();
      }
      throw problem;
    }
  }

  // One draw of randomness a request; its records are told apart by their positions.
  private static IntFunction<String> recordIds(String request) {
    return index -> index == 0 ? request : request + "-" + index;
  }

  private Answer once(Post post, String key, ServerResponse response) {
    if (!PRINTABLE.matcher(key).matches()) {
      throw Problem.badRequest(
          "Idempotency-Key", "Idempotency-Key must be 1 to 255 printable ASCII characters");
    }
    String scope = digest(post.kind().path(), post.producer(), key);
    String bodyDigest =
        digest(
            post.body().format().name() + post.body().task() + '\0' + post.body().template(),
            Sha256.hex(post.body().bytes()));
    return switch (answers.begin(scope, bodyDigest, retryAfter)) {
      case IdempotencyCache.Lookup.Fresh() -> first(post, scope, bodyDigest);
      case IdempotencyCache.Lookup.Known(Answer answer) -> {
        metrics.replayed();
        response.header(REPLAYED, "true");
        yield answer;
      }
      case IdempotencyCache.Lookup.UnderWay() ->
          throw Problem.conflict("a request with this Idempotency-Key is under way");
      case IdempotencyCache.Lookup.OtherBody() ->
          throw Problem.unprocessable(
              "Idempotency-Key", "this Idempotency-Key came with another body before");
    };
  }

  // The ids follow from the key, so that a retry that overtakes its first answer, or finds it
  // forgotten, writes the same records again and the curator counts them once.
  private Answer first(Post post, String scope, String bodyDigest) {
    boolean remembered = false;
    try {
      String prefix = scope.substring(0, 32);
      Answer answer = take(post, index -> prefix + "-" + index);
      if (answer.status() == 202) {
        answers.complete(scope, bodyDigest, answer);
        remembered = true;
      }
      return answer;
    } finally {
      if (!remembered) {
        answers.forget(scope);
      }
    }
  }

  private Answer take(Post post, IntFunction<String> recordIds) {
    Kind kind = post.kind();
    Arrival arrival = new Arrival(post.producer(), clock.instant(), recordIds);
    Intake intake =
        switch (post.body().format()) {
          case JSON -> reader.json(kind, post.body().bytes(), arrival);
          case NDJSON -> reader.ndjson(kind, post.body().bytes(), arrival);
          case CSV -> table(post, arrival);
        };
    return switch (intake) {
      case Intake.Refused(Rejection rejection) -> {
        metrics.records(kind, IngestMetrics.Result.REJECTED, 1);
        throw Answers.problem(rejection);
      }
      case Intake.Whole(List<RawRecord> records) -> {
        post.charge().records(records.size());
        writer.write(kind, records);
        yield Answers.taken(records);
      }
      case Intake.Lines lines -> lines(post, lines);
    };
  }

  private Intake table(Post post, Arrival arrival) {
    if (post.kind() != Kind.DEMONSTRATION) {
      throw Problem.unsupportedMediaType(
          "text/csv is read at "
              + Kind.DEMONSTRATION.path()
              + " only, where a template makes"
              + " instructions of its rows");
    }
    RequestBody body = post.body();
    return tables.read(body.bytes(), body.task(), body.template(), arrival);
  }

  private Answer lines(Post post, Intake.Lines lines) {
    Kind kind = post.kind();
    post.charge().records(lines.lines().size());
    for (Intake.Line line : lines.lines()) {
      if (line.reading() instanceof Reading.Rejected(Rejection rejection)) {
        metrics.records(kind, IngestMetrics.Result.REJECTED, 1);
        metrics.rejected(kind, rejection.reason().slug(), 1);
      }
    }
    List<RawRecord> accepted = lines.accepted();
    if (!accepted.isEmpty()) {
      writer.write(kind, accepted);
    }
    return Answers.lines(lines);
  }

  private static String digest(String... parts) {
    MessageDigest digest = Sha256.digest();
    for (String part : parts) {
      digest.update(part.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static @Nullable String header(ServerRequest request, HeaderName name) {
    return request.headers().first(name).orElse(null);
  }
}
