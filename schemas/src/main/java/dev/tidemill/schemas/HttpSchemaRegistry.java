package dev.tidemill.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.jspecify.annotations.Nullable;

/// A registry that speaks the Confluent REST protocol (`/subjects/{subject}/versions`,
/// `/schemas/ids/{id}`). Ids and versions are immutable there, so what is known is kept for ever.
public final class HttpSchemaRegistry implements SchemaRegistry {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(3);
  private static final Duration TIME_LIMIT = Duration.ofSeconds(5);
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

  private final URI root;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_LIMIT).build();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<Registered, Integer> ids = new ConcurrentHashMap<>();
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
  private final Map<Version, Schema> versions = new ConcurrentHashMap<>();

  private record Registered(String subject, Schema schema) {}

  private record Version(String subject, int number) {}

  public HttpSchemaRegistry(URI root) {
    this.root = root.toString().endsWith("/") ? root : URI.create(root + "/");
  }

  @Override
  public int idOf(String subject, Schema schema) throws IOException {
    Registered key = new Registered(subject, schema);
    @Nullable Integer known = ids.get(key);
    if (known != null) {
      return known;
    }
    String body = json.writeValueAsString(Map.of("schema", schema.toString()));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(root.resolve(versionsPath(subject)))
            .header("Content-Type", CONTENT_TYPE)
            .POST(HttpRequest.BodyPublishers.ofString(body));
    JsonNode answer =
        send(request)
            .orElseThrow(() -> new IOException("the registry takes no subject " + subject));
    int id = field(answer, "id").asInt();
    ids.put(key, id);
    return id;
  }

  @Override
  public Optional<Schema> schemaOf(int id) throws IOException {
    @Nullable Schema known = schemas.get(id);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<JsonNode> answer = send(get("schemas/ids/" + id));
    Optional<Schema> schema = answer.isEmpty() ? Optional.empty() : avro(answer.get());
    schema.ifPresent(found -> schemas.put(id, found));
    return schema;
  }

  @Override
  public List<Schema> versionsOf(String subject) throws IOException {
    Optional<JsonNode> numbers = send(get(versionsPath(subject)));
    List<Schema> found = new ArrayList<>();
    if (numbers.isPresent()) {
      for (JsonNode number : numbers.get()) {
        Version version = new Version(subject, number.asInt());
        @Nullable Schema known = versions.get(version);
        Optional<Schema> schema = known == null ? ask(version) : Optional.of(known);
        schema.ifPresent(found::add);
      }
    }
    return found;
  }

  // Empty when the version was deleted since it was listed.
  private Optional<Schema> ask(Version version) throws IOException {
    Optional<JsonNode> answer = send(get(versionsPath(version.subject()) + "/" + version.number()));
    Optional<Schema> schema = answer.isEmpty() ? Optional.empty() : avro(answer.get());
    schema.ifPresent(found -> versions.put(version, found));
    return schema;
  }

  // A registry holds schemas of other kinds too; those are none of ours.
  private static Optional<Schema> avro(JsonNode answer) throws IOException {
    String text = field(answer, "schema").asText();
    try {
      return Optional.of(new Schema.Parser().parse(text));
    } catch (SchemaParseException e) {
      return Optional.empty();
    }
  }

  private static JsonNode field(JsonNode answer, String name) throws IOException {
    @Nullable JsonNode value = answer.get(name);
    if (value == null) {
      throw new IOException("the answer has no field " + name + ": " + answer);
    }
    return value;
  }

  private static String versionsPath(String subject) {
    return "subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions";
  }

  private HttpRequest.Builder get(String path) {
    return HttpRequest.newBuilder(root.resolve(path)).GET();
  }

  /// The answer; empty when the registry says that it has no such thing. A 404 of something else
  /// at this address says nothing.
  private Optional<JsonNode> send(HttpRequest.Builder request) throws IOException {
    HttpRequest built = request.timeout(TIME_LIMIT).header("Accept", CONTENT_TYPE).build();
    try {
      HttpResponse<byte[]> response = http.send(built, HttpResponse.BodyHandlers.ofByteArray());
      String body = new String(response.body(), StandardCharsets.UTF_8);
      if (response.statusCode() == 200) {
        return Optional.of(json.readTree(body));
      }
      if (response.statusCode() == 404 && body.contains("error_code")) {
        return Optional.empty();
      }
      throw new IOException("%d from %s: %s".formatted(response.statusCode(), built.uri(), body));
    } catch (ConnectException e) {
      throw new IOException("no connection to " + built.uri(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking the schema registry", e);
    }
  }
}
