package dev.tidemill.acceptance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.platform.http.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/// The question that everybody asks first, and its answer from the Kafka client that these tests
/// run on.
final class KnownQuestion {
  static final String TASK = "support";

  private KnownQuestion() {}

  /// The body of a chat request.
  static ObjectNode request() {
    ObjectNode body = Json.mapper().createObjectNode();
    body.put("model", TASK).put("temperature", 0).put("max_tokens", 32);
    String asked =
        "what is the default of %s for the producer?".formatted(ProducerConfig.LINGER_MS_CONFIG);
    body.putArray("messages").addObject().put("role", "user").put("content", asked);
    return body;
  }

  /// The default of linger.ms as its definition in the client's jar has it.
  static String answer() {
    ConfigDef.ConfigKey key =
        Objects.requireNonNull(
            ProducerConfig.configDef().configKeys().get(ProducerConfig.LINGER_MS_CONFIG));
    return String.valueOf(ConfigDef.convertToString(key.defaultValue, key.type));
  }

  /// The events of a stream, which must end in `[DONE]`.
  static List<JsonNode> events(String stream) {
    List<String> data = stream.lines().filter(line -> line.startsWith("data: ")).toList();
    if (data.isEmpty() || !data.getLast().equals("data: [DONE]")) {
      throw new AssertionError("not a whole stream: " + stream);
    }
    List<JsonNode> events = new ArrayList<>();
    for (String line : data.subList(0, data.size() - 1)) {
      try {
        events.add(Json.mapper().readTree(line.substring("data: ".length())));
      } catch (JsonProcessingException e) {
        throw new AssertionError("not JSON: " + line, e);
      }
    }
    return events;
  }
}
