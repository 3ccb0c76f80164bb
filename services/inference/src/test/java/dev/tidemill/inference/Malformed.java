package dev.tidemill.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Makes requests that each have something wrong with them: the same ones for the same seed.
final class Malformed {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TEXT = "/v1/completions";

  /// Fields of both ways to ask, with values that none of them takes.
  private static final Map<String, List<String>> BAD =
      Map.ofEntries(
          Map.entry("model", List.of("7", "\"\"", "\"  \"", "[]", "null", "\"nobody\"")),
          Map.entry("temperature", List.of("\"1\"", "-0.1", "2.01", "[]", "1e999", "true")),
          Map.entry("top_p", List.of("0", "1.01", "\"x\"", "{}", "-1e300")),
          Map.entry("top_k", List.of("-2", "1.5", "\"x\"", "[1]")),
          Map.entry("min_p", List.of("-1", "1.1", "false")),
          Map.entry("n", List.of("0", "-1", "9", "129", "1.5", "\"2\"", "[1]")),
          Map.entry("seed", List.of("1.5", "\"x\"", "1e30", "99999999999999999999", "{}")),
          Map.entry("max_tokens", List.of("-1", "\"x\"", "1.5", "[]", "true")),
          Map.entry("stop", List.of("7", "\"\"", "[\"a\", 7]", "{}", "[\"\"]", "[[\"a\"]]")),
          Map.entry("stream", List.of("\"true\"", "1", "[]")),
          Map.entry("user", List.of("7", "{}", "[\"u\"]")),
          Map.entry("presence_penalty", List.of("2.1", "-2.1", "\"x\"")),
          Map.entry("frequency_penalty", List.of("3", "\"x\"", "[0]")),
          Map.entry("repetition_penalty", List.of("0", "-1", "11", "\"x\"")),
          Map.entry(
              "logit_bias",
              List.of("[]", "7", "{\"x\": 1}", "{\"1\": 101}", "{\"1\": \"x\"}", "{\"99999\": 1}")),
          Map.entry("guided_json", List.of("{}", "7")),
          Map.entry("min_tokens", List.of("3")));

  private static final Map<String, List<String>> BAD_IN_CHAT =
      Map.ofEntries(
          Map.entry("logprobs", List.of("1", "\"true\"", "[]")),
          Map.entry("top_logprobs", List.of("21", "-1", "\"x\"", "3")),
          Map.entry("max_completion_tokens", List.of("0", "-7", "\"x\"", "0.5")),
          Map.entry("tools", List.of("[{}]", "7", "{}")),
          Map.entry("response_format", List.of("7", "{}", "{\"type\": \"json_schema\"}", "[]")),
          Map.entry(
              "messages",
              List.of(
                  "[]",
                  "7",
                  "\"hi\"",
                  "[7]",
                  "[{}]",
                  "[{\"role\": \"user\"}]",
                  "[{\"content\": \"x\"}]",
                  "[{\"role\": \"king\", \"content\": \"x\"}]",
                  "[{\"role\": 7, \"content\": \"x\"}]",
                  "[{\"role\": \"user\", \"content\": 7}]",
                  "[{\"role\": \"user\", \"content\": [7]}]",
                  "[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]",
                  "[{\"role\": \"user\", \"content\": \"\\ud800\"}]",
                  "[{\"role\": \"user\", \"content\": \"x\", \"tool_calls\": [{}]}]")));

  private static final Map<String, List<String>> BAD_IN_TEXT =
      Map.ofEntries(
          Map.entry("prompt", List.of("7", "\"\"", "[]", "[1, 2]", "[\"a\", \"b\"]", "{}")),
          Map.entry("logprobs", List.of("6", "-1", "true", "\"x\"", "1.5")),
          Map.entry("echo", List.of("\"yes\"", "1", "{}")),
          Map.entry("best_of", List.of("2", "0", "\"x\"")),
          Map.entry("suffix", List.of("\"x\"")));

  private final URI base;
  private final Random random;

  Malformed(URI base, long seed) {
    this.base = base;
    this.random = new Random(seed);
  }

  HttpRequest next() {
    boolean chat = random.nextBoolean();
    String path = chat ? CHAT : TEXT;
    ObjectNode body = body(chat);
    if (random.nextInt(4) == 0) {
      body.put("stream", true);
    }
    return switch (random.nextInt(14)) {
      case 0 -> post(path, cut(body.toString()));
      case 1 -> post(path, noise());
      case 2 -> post(path, instead(body));
      case 3 -> post(path, body.put("zz_" + word(8), word(5)).toString());
      case 4 -> post(path, without(body, chat));
      case 5 -> post(path, tooLong(body, chat));
      case 6 -> post(path, twice(body.toString()));
      case 7 -> wrongPlace(path, body);
      case 8 -> post(path, nested());
      default -> post(path, wrongField(body, chat));
    };
  }

  private ObjectNode body(boolean chat) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", "support").put("max_tokens", 4).put("temperature", random.nextDouble());
    if (chat) {
      body.putArray("messages").addObject().put("role", "user").put("content", word(20));
    } else {
      body.put("prompt", word(20));
    }
    return body;
  }

  private String wrongField(ObjectNode body, boolean chat) {
    List<Map.Entry<String, List<String>>> fields = new ArrayList<>(BAD.entrySet());
    fields.addAll((chat ? BAD_IN_CHAT : BAD_IN_TEXT).entrySet());
    fields.sort(Map.Entry.comparingByKey());
    Map.Entry<String, List<String>> field = fields.get(random.nextInt(fields.size()));
    String value = field.getValue().get(random.nextInt(field.getValue().size()));
    body.remove(field.getKey());
    String text = body.toString();
    return "{\"" + field.getKey() + "\": " + value + ", " + text.substring(1);
  }

  private String without(ObjectNode body, boolean chat) {
    body.remove(random.nextBoolean() ? "model" : chat ? "messages" : "prompt");
    return body.toString();
  }

  private String tooLong(ObjectNode body, boolean chat) {
    String text = "tide ".repeat(random.nextInt(20) == 0 ? 20_000 : 400);
    if (chat) {
      ((ArrayNode) body.get("messages")).addObject().put("role", "user").put("content", text);
    } else {
      body.put("prompt", text);
    }
    return body.toString();
  }

  /// The body as something else than an object.
  private String instead(JsonNode body) {
    String[] forms = {"[" + body + "]", "null", "7", "\"" + word(9) + "\"", "true", "", " ", "[]"};
    return forms[random.nextInt(forms.length)];
  }

  private String cut(String text) {
    return text.substring(0, 1 + random.nextInt(text.length() - 1));
  }

  private String twice(String text) {
    return random.nextBoolean()
        ? text + text
        : "{\"model\": \"" + word(4) + "\", " + text.substring(1);
  }

  private String nested() {
    int depth = 500 + random.nextInt(1_500);
    return "{\"model\": " + "[".repeat(depth) + "]".repeat(depth) + "}";
  }

  private byte[] noise() {
    byte[] bytes = new byte[1 + random.nextInt(200)];
    random.nextBytes(bytes);
    // A single digit or so would be JSON after all, though no object: refused all the same.
    return bytes;
  }

  private HttpRequest wrongPlace(String path, JsonNode body) {
    HttpRequest.BodyPublisher publisher = BodyPublishers.ofString(body.toString());
    return switch (random.nextInt(6)) {
      case 0 -> request("/v1/" + word(6)).POST(publisher).build();
      case 1 -> request(path).PUT(publisher).build();
      case 2 -> request(path).DELETE().build();
      case 3 -> request(path).GET().build();
      case 4 -> request("/v1/models/" + word(6)).GET().build();
      default -> request(path).setHeader("Content-Type", "text/" + word(4)).POST(publisher).build();
    };
  }

  private HttpRequest post(String path, String body) {
    return post(path, body.getBytes(StandardCharsets.UTF_8));
  }

  private HttpRequest post(String path, byte[] body) {
    return request(path).POST(BodyPublishers.ofByteArray(body)).build();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve(path)).header("Content-Type", "application/json");
  }

  private String word(int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(26)));
    }
    return word.toString();
  }
}
