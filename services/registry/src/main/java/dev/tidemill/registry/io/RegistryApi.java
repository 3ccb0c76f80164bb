package dev.tidemill.registry.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.http.JsonBody;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.registry.domain.Outcome;
import dev.tidemill.registry.domain.RegistryImage;
import dev.tidemill.registry.domain.RegistryInput;
import dev.tidemill.registry.io.Views.ReleaseView;
import dev.tidemill.registry.io.Views.RouteView;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The REST API. Reads answer from the published image; commands wait until they are recorded, and
/// answer with the release or route that they made.
public final class RegistryApi {
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final RegistryWriter writer;
  private final Duration commandTimeout;

  public RegistryApi(RegistryWriter writer, Duration commandTimeout) {
    this.writer = writer;
    this.commandTimeout = commandTimeout;
  }

  /// Body of an approval.
  record ApproveBody(String operator, String reason) {
    ApproveBody {
      requireText("operator", operator);
      requireText("reason", reason);
    }
  }

  /// Body of a rollback.
  ///
  /// @param release the live release or the canary; left out, the live release
  record RollBackBody(String operator, String reason, @Nullable String release) {
    RollBackBody {
      requireText("operator", operator);
      requireText("reason", reason);
    }
  }

  /// Registers the routes.
  public void register(HttpRules rules) {
    rules
        .get("/v1/releases", this::releases)
        .get("/v1/releases/{id}", this::release)
        .get("/v1/releases/{id}/lineage", this::lineage)
        .get("/v1/erasures", this::erasures)
        .get("/v1/erasures/{id}", this::erasure)
        .get("/v1/routes", this::routes)
        .get("/v1/routes/{task}", this::route)
        .post("/v1/releases/{id}/approve", this::approve)
        .post("/v1/tasks/{task}/rollback", this::rollBack);
  }

  private void releases(ServerRequest request, ServerResponse response) {
    @Nullable String task = query(request, "task");
    @Nullable ReleaseState state = state(query(request, "state"));
    send(
        response,
        new Views.Releases(
            image().releases().stream()
                .filter(release -> task == null || release.getTask().equals(task))
                .filter(release -> state == null || release.getState() == state)
                .map(ReleaseView::of)
                .toList()));
  }

  private void release(ServerRequest request, ServerResponse response) {
    send(response, ReleaseView.of(known(image(), parameter(request, "id"))));
  }

  private void lineage(ServerRequest request, ServerResponse response) {
    RegistryImage image = image();
    Release release = known(image, parameter(request, "id"));
    send(
        response,
        new Views.Lineage(
            release.getId(),
            image.lineage(release).stream().map(Views.CandidateView::of).toList()));
  }

  private void erasures(ServerRequest request, ServerResponse response) {
    RegistryImage image = image();
    send(
        response,
        new Views.Erasures(
            image.provenance().erasures().stream()
                .map(erasure -> Views.ErasureView.of(erasure, image))
                .toList()));
  }

  private void erasure(ServerRequest request, ServerResponse response) {
    RegistryImage image = image();
    String id = parameter(request, "id");
    send(
        response,
        image
            .provenance()
            .erasure(id)
            .map(erasure -> Views.ErasureView.of(erasure, image))
            .orElseThrow(() -> Problem.notFound("no erasure with the id " + id + " is applied")));
  }

  private void routes(ServerRequest request, ServerResponse response) {
    send(response, new Views.Routes(image().routes().stream().map(RouteView::of).toList()));
  }

  private void route(ServerRequest request, ServerResponse response) {
    send(response, RouteView.of(knownRoute(parameter(request, "task"))));
  }

  private void approve(ServerRequest request, ServerResponse response) {
    String id = parameter(request, "id");
    ApproveBody body = JsonBody.read(request, ApproveBody.class);
    execute(new RegistryInput.Approve(id, body.operator(), body.reason()));
    send(response, ReleaseView.of(known(image(), id)));
  }

  private void rollBack(ServerRequest request, ServerResponse response) {
    String task = parameter(request, "task");
    RollBackBody body = JsonBody.read(request, RollBackBody.class);
    execute(new RegistryInput.RollBack(task, body.release(), body.operator(), body.reason()));
    send(response, RouteView.of(knownRoute(task)));
  }

  private void execute(RegistryInput input) {
    Optional<CompletableFuture<Outcome>> answer = writer.submit(input);
    if (answer.isEmpty()) {
      throw Problem.unavailable("too many commands wait", AGAIN);
    }
    switch (await(answer.get())) {
      case Outcome.Accepted accepted -> {}
      case Outcome.Refused refused -> throw problem(refused);
    }
  }

  private Outcome await(CompletableFuture<Outcome> answer) {
    try {
      return answer.get(commandTimeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Fault fault) {
        throw Problem.unavailable(
            "the command could not be recorded: " + fault.getMessage(), AGAIN);
      }
      throw Problem.internal();
    } catch (TimeoutException e) {
      throw Problem.unavailable(
          "the command was not recorded within %d s; it may still be"
              .formatted(commandTimeout.toSeconds()),
          AGAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the registry is stopping", AGAIN);
    }
  }

  private static Problem problem(Outcome.Refused refused) {
    return switch (refused.reason()) {
      case UNKNOWN_RELEASE, UNKNOWN_TASK -> Problem.notFound(refused.detail());
      case REDELIVERED,
          ILLEGAL_STATE,
          CANARY_RUNNING,
          NO_LIVE_RELEASE,
          LIVE_RELEASE_EXISTS,
          MALFORMED,
          UNKNOWN_ACTION ->
          Problem.conflict(refused.detail());
    };
  }

  private RegistryImage image() {
    @Nullable RegistryImage image = writer.image();
    if (image == null) {
      throw Problem.unavailable("the recorded releases are not read yet", AGAIN);
    }
    return image;
  }

  private static Release known(RegistryImage image, String id) {
    return image.release(id).orElseThrow(() -> Problem.notFound("no release has the id " + id));
  }

  private Route knownRoute(String task) {
    return image()
        .route(task)
        .orElseThrow(() -> Problem.notFound("no task " + task + " has a route"));
  }

  private static @Nullable ReleaseState state(@Nullable String asked) {
    if (asked == null) {
      return null;
    }
    return Arrays.stream(ReleaseState.values())
        .filter(state -> state.name().equalsIgnoreCase(asked))
        .findFirst()
        .orElseThrow(
            () ->
                Problem.badRequest(
                    "state",
                    "state must be one of "
                        + Arrays.stream(ReleaseState.values())
                            .map(Views::label)
                            .collect(Collectors.joining(", "))
                        + ", not '"
                        + asked.toLowerCase(Locale.ROOT)
                        + "'"));
  }

  private static @Nullable String query(ServerRequest request, String name) {
    return request.query().first(name).orElse(null);
  }

  private static String parameter(ServerRequest request, String name) {
    return request.path().pathParameters().get(name);
  }

  private static void requireText(String field, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw Problem.badRequest(field, field + " must be given and must not be blank");
    }
  }

  private static void send(ServerResponse response, Object view) {
    try {
      response
          .header(HeaderNames.CONTENT_TYPE, "application/json")
          .send(Json.mapper().writeValueAsBytes(view));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer cannot be written as JSON", e);
    }
  }
}
