package dev.tidemill.ingest.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads the fields of one JSON object, strictly. It never throws: the first thing that is wrong is
/// kept in the [Finding] and every getter gives some value, so that a record is read top to bottom
/// and looked at for faults once, at the end.
final class Fields {

  /// The first fault of a record, and the room that is left in it.
  static final class Finding {
    private @Nullable Rejection first;
    private long bytesLeft;
    private final int limit;

    Finding(int maxRecordBytes) {
      this.bytesLeft = maxRecordBytes;
      this.limit = maxRecordBytes;
    }

    @Nullable Rejection first() {
      return first;
    }

    void add(Rejection rejection) {
      if (first == null) {
        first = rejection;
      }
    }

    private void take(String path, int utf8Bytes) {
      // What a string adds to an Avro record: its bytes and its length.
      bytesLeft -= utf8Bytes + 5L;
      if (bytesLeft < 0) {
        add(
            new Rejection(
                Reason.RECORD_TOO_LARGE,
                path,
                "with " + path + " the record is longer than the limit of " + limit + " bytes"));
      }
    }
  }

  private static final int MAX_IDENTIFIER = 512;
  private static final int MAX_SHOWN = 64;

  private final JsonNode node;
  private final String path;
  private final Finding finding;

  private Fields(JsonNode node, String path, Finding finding) {
    this.node = node;
    this.path = path;
    this.finding = finding;
  }

  /// The fields of a node, which should be an object that has no others than `known`.
  ///
  /// @param path of the node in the body; empty for the body itself
  static Fields of(JsonNode node, String path, Finding finding, List<String> known) {
    if (!node.isObject()) {
      finding.add(wrongType(path.isEmpty() ? "the record" : path, path, "an object", node));
    }
    Fields fields = new Fields(node, path, finding);
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        fields.refuse(
            Reason.UNKNOWN_FIELD,
            name,
            "there is no field " + shown(name) + " here; known are " + String.join(", ", known));
      }
    }
    return fields;
  }

  /// The fields of an object within this one.
  Fields object(String name, List<String> known) {
    return of(required(name, "an object"), at(name), finding, known);
  }

  /// Whether the field is there and not null.
  boolean has(String name) {
    return node.hasNonNull(name);
  }

  JsonNode get(String name) {
    return node.path(name);
  }

  Finding finding() {
    return finding;
  }

  /// The path of a field of this object in the body.
  String at(String name) {
    String shown = plain(name) ? name : shown(name);
    return path.isEmpty() ? shown : path + "." + shown;
  }

  void refuse(Reason reason, String name, String detail) {
    finding.add(new Rejection(reason, at(name), detail));
  }

  /// A string that is not blank and may be long.
  String text(String name) {
    return text(required(name, "a string"), at(name));
  }

  @Nullable String optionalText(String name) {
    return has(name) ? text(name) : null;
  }

  /// A short string without control characters: a key, an id, a name.
  String identifier(String name) {
    String value = text(name);
    if (value.length() > MAX_IDENTIFIER) {
      refuse(
          Reason.INVALID_FIELD,
          name,
          at(name) + " has " + value.length() + " characters; the limit is " + MAX_IDENTIFIER);
    }
    if (holdsControl(value)) {
      refuse(Reason.INVALID_FIELD, name, at(name) + " must not hold control characters");
    }
    return value;
  }

  @Nullable String optionalIdentifier(String name) {
    return has(name) ? identifier(name) : null;
  }

  /// A number from 0 to 1.
  double fraction(String name) {
    JsonNode value = required(name, "a number");
    if (value.isMissingNode()) {
      return 0;
    }
    if (!value.isNumber()) {
      finding.add(wrongType(at(name), at(name), "a number", value));
      return 0;
    }
    double number = value.doubleValue();
    if (!(number >= 0 && number <= 1)) {
      refuse(
          Reason.INVALID_FIELD, name, at(name) + " must be between 0 and 1, was " + brief(value));
    }
    return number;
  }

  boolean flag(String name) {
    JsonNode value = required(name, "true or false");
    if (!value.isMissingNode() && !value.isBoolean()) {
      finding.add(wrongType(at(name), at(name), "true or false", value));
    }
    return value.booleanValue();
  }

  /// A map of strings; empty when the field is absent.
  Map<String, String> labels(String name) {
    if (!has(name)) {
      return Map.of();
    }
    JsonNode value = get(name);
    if (!value.isObject()) {
      finding.add(wrongType(at(name), at(name), "an object of strings", value));
      return Map.of();
    }
    Map<String, String> labels = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> label : value.properties()) {
      String at = at(name) + "." + shown(label.getKey());
      labels.put(sound(label.getKey(), at), string(label.getValue(), at));
    }
    return labels;
  }

  /// The columns of a record by name, each as text: numbers and flags as they are written, lists
  /// and objects as JSON. A null is an absent column.
  /// What is made of them is what counts towards the record's length.
  Map<String, String> record(String name) {
    JsonNode value = required(name, "an object");
    if (!value.isObject()) {
      if (!value.isMissingNode()) {
        finding.add(wrongType(at(name), at(name), "an object", value));
      }
      return Map.of();
    }
    Map<String, String> columns = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> column : value.properties()) {
      JsonNode cell = column.getValue();
      if (!cell.isNull()) {
        columns.put(column.getKey(), cell.isTextual() ? cell.textValue() : cell.toString());
      }
    }
    return columns;
  }

  /// When it happened: an ISO-8601 time with offset, or milliseconds since the epoch. Without the
  /// field it is when the request came.
  Instant time(String name, Instant now, Limits limits) {
    if (!has(name)) {
      return now.truncatedTo(ChronoUnit.MILLIS);
    }
    JsonNode value = get(name);
    @Nullable Instant time = parseTime(value);
    if (time == null) {
      refuse(
          value.isTextual() || value.isNumber() ? Reason.INVALID_FIELD : Reason.WRONG_TYPE,
          name,
          at(name)
              + " must be an ISO-8601 time with offset, as 2026-01-31T12:00:00Z, or whole"
              + " milliseconds since 1970, not "
              + brief(value));
      return now;
    }
    if (time.isBefore(Instant.EPOCH)) {
      refuse(Reason.INVALID_FIELD, name, at(name) + " must not be before 1970, was " + time);
    }
    if (time.isAfter(now.plus(limits.maxEventTimeAhead()))) {
      refuse(
          Reason.FUTURE_EVENT_TIME,
          name,
          at(name)
              + " is "
              + time
              + ", more than "
              + limits.maxEventTimeAhead()
              + " ahead of our clock ("
              + now.truncatedTo(ChronoUnit.MILLIS)
              + ")");
      return now;
    }
    return time.truncatedTo(ChronoUnit.MILLIS);
  }

  /// A string node that is not blank, at a path.
  String text(JsonNode value, String at) {
    String text = string(value, at);
    if (value.isTextual() && text.isBlank()) {
      finding.add(new Rejection(Reason.INVALID_FIELD, at, at + " must not be blank"));
    }
    return text;
  }

  private String string(JsonNode value, String at) {
    if (value.isMissingNode()) {
      return "";
    }
    if (!value.isTextual()) {
      finding.add(wrongType(at, at, "a string", value));
      return "";
    }
    return sound(value.textValue(), at);
  }

  private String sound(String text, String at) {
    finding.take(at, bytes(text, at));
    return text;
  }

  private int bytes(String text, String at) {
    int bytes = utf8Bytes(text);
    if (bytes < 0) {
      finding.add(
          new Rejection(
              Reason.INVALID_FIELD, at, at + " holds half a surrogate pair, which is no text"));
    }
    return Math.abs(bytes);
  }

  /// Counts a text that was made of other fields.
  void count(String name, String text) {
    finding.take(at(name), bytes(text, at(name)));
  }

  /// Bytes of a text in UTF-8; negative when it holds half a surrogate pair, which has no UTF-8 and
  /// would be written as a question mark.
  private static int utf8Bytes(String text) {
    int bytes = 0;
    boolean halves = false;
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes++;
      } else if (c < 0x800) {
        bytes += 2;
      } else if (!Character.isSurrogate(c)) {
        bytes += 3;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else {
        bytes++;
        halves = true;
      }
    }
    return halves ? -bytes : bytes;
  }

  private static boolean holdsControl(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  private JsonNode required(String name, String kind) {
    JsonNode value = get(name);
    if (node.isObject() && value.isMissingNode()) {
      refuse(Reason.MISSING_FIELD, name, at(name) + " is missing; it must be " + kind);
    }
    return value;
  }

  static Rejection wrongType(String what, String field, String wanted, JsonNode found) {
    return new Rejection(
        Reason.WRONG_TYPE,
        field.isEmpty() ? null : field,
        what + " must be " + wanted + ", not " + kind(found));
  }

  private static @Nullable Instant parseTime(JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return Instant.ofEpochMilli(value.longValue());
    }
    return value.isTextual() ? Times.parse(value.textValue()) : null;
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "a list";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case NUMBER -> "a number";
      case OBJECT, POJO -> "an object";
      case STRING, BINARY -> "a string";
      case MISSING -> "nothing";
    };
  }

  private static String brief(JsonNode value) {
    return shown(Objects.requireNonNullElse(value.toString(), "nothing"));
  }

  // Our own names, and most of others, can be shown as they are.
  private static boolean plain(String name) {
    if (name.length() > MAX_SHOWN) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < ' ' || c > '~') {
        return false;
      }
    }
    return true;
  }

  /// A name or value of the input, fit to be shown: short, and free of control characters.
  static String shown(String text) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .limit(MAX_SHOWN)
        .forEach(
            c -> {
              if (Character.isISOControl(c)
                  || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
                shown.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                shown.appendCodePoint(c);
              }
            });
    return text.codePointCount(0, text.length()) > MAX_SHOWN ? shown + "…" : shown.toString();
  }
}
