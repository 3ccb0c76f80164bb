package dev.tidemill.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;

/// A registry that speaks the Confluent REST protocol (`/subjects/{subject}/versions`,
/// `/schemas/ids/{id}`). Ids are immutable there, so both directions are cached for ever.
public final class HttpSchemaRegistry implements SchemaRegistry {
  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

  private final URI root;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIME_LIMIT).build();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, Integer> ids = new ConcurrentHashMap<>();
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

  public HttpSchemaRegistry(URI root) {
    this.root = root.toString().endsWith("/") ? root : URI.create(root + "/");
  }

  @Override
  public int idOf(String subject, Schema schema) throws IOException {
    Integer known = ids.get(subject);
    if (known != null) {
      return known;
    }
    String body = json.writeValueAsString(Map.of("schema", schema.toString()));
    String path = "subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions";
    JsonNode answer =
        send(
            HttpRequest.newBuilder(root.resolve(path))
                .header("Content-Type", CONTENT_TYPE)
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    int id = answer.required("id").asInt();
    ids.put(subject, id);
    return id;
  }

  @Override
  public Schema schemaOf(int id) throws IOException {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    JsonNode answer = send(HttpRequest.newBuilder(root.resolve("schemas/ids/" + id)).GET());
    Schema schema = new Schema.Parser().parse(answer.required("schema").asText());
    schemas.put(id, schema);
    return schema;
  }

  private JsonNode send(HttpRequest.Builder request) throws IOException {
    HttpRequest built = request.timeout(TIME_LIMIT).header("Accept", CONTENT_TYPE).build();
    try {
      HttpResponse<byte[]> response = http.send(built, HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException(
            "schema registry answered "
                + response.statusCode()
                + " to "
                + built.uri()
                + ": "
                + new String(response.body(), StandardCharsets.UTF_8));
      }
      return json.readTree(response.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking the schema registry", e);
    }
  }
}
