package dev.tidemill.platform.http;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads request bodies as JSON, strictly; whatever is wrong becomes a [Problem] that names the
/// field, or the line and column.
///
/// A record's compact constructor may refuse a value: with [IllegalArgumentException] (the field is
/// then where the record stands) or with a [Problem] of its own, which is passed on.
public final class JsonBody {

  private JsonBody() {}

  /// The request's body as a `T`.
  public static <T> T read(ServerRequest request, Class<T> type) {
    return parse(bytes(request), Json.mapper().constructType(type));
  }

  /// The request's body as a generic type, as `new TypeReference<List<Item>>() {}`.
  public static <T> T read(ServerRequest request, TypeReference<T> type) {
    return parse(bytes(request), Json.mapper().constructType(type));
  }

  /// The same for bytes that were read already.
  public static <T> T parse(byte[] body, Class<T> type) {
    return parse(body, Json.mapper().constructType(type));
  }

  /// The request's body, after a look at its content type.
  public static byte[] bytes(ServerRequest request) {
    request
        .headers()
        .first(HeaderNames.CONTENT_TYPE)
        .ifPresent(
            type -> {
              String bare = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
              if (!bare.equals("application/json") && !bare.endsWith("+json")) {
                throw Problem.unsupportedMediaType(
                    "the content type must be application/json, not " + type);
              }
            });
    try (var in = request.content().inputStream()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw Problem.badRequest("the request's body could not be read to its end");
    }
  }

  // Callers give the T of the type they pass.
  @SuppressWarnings("TypeParameterUnusedInFormals")
  private static <T> T parse(byte[] body, JavaType type) {
    if (body.length == 0) {
      throw Problem.badRequest("the request has no body; JSON is wanted");
    }
    try {
      @Nullable T value = Json.mapper().readValue(body, type);
      if (value == null) {
        throw Problem.badRequest("the body is null; " + kind(type.getRawClass()) + " is wanted");
      }
      return value;
    } catch (UnrecognizedPropertyException e) {
      throw unknownField(e);
    } catch (ValueInstantiationException e) {
      throw refusedValue(body, type, e);
    } catch (MismatchedInputException e) {
      throw wrongType(e);
    } catch (JsonMappingException e) {
      throw mapping(e);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw Problem.badRequest("the body could not be read: " + e.getMessage());
    }
  }

  private static Problem unknownField(UnrecognizedPropertyException e) {
    @Nullable Collection<Object> known = e.getKnownPropertyIds();
    return unknownField(path(e), known == null ? List.of() : known);
  }

  static Problem unknownField(String path, Collection<?> known) {
    String names =
        known.isEmpty()
            ? ""
            : "; known here: "
                + known.stream().map(String::valueOf).sorted().collect(Collectors.joining(", "));
    return Problem.of(400, "unknown-field", "Unknown field", path + " is not known" + names, path);
  }

  private static Problem refusedValue(byte[] body, JavaType type, ValueInstantiationException e) {
    try {
      return new UnknownFields(Json.mapper())
          .first(Json.mapper().readTree(body), type, "")
          .orElseGet(() -> refusedValue(e));
    } catch (IOException unreadable) {
      return refusedValue(e);
    }
  }

  private static Problem refusedValue(ValueInstantiationException e) {
    String path = path(e);
    return switch (e.getCause()) {
      case Problem own -> own;
      case null -> Problem.badRequest(path, where(path) + " was refused");
      case Throwable cause -> {
        @Nullable String message = cause.getMessage();
        yield named(path, message == null ? where(path) + " was refused" : message);
      }
    };
  }

  private static Problem wrongType(MismatchedInputException e) {
    String path = path(e);
    if (e.getCause() instanceof JsonProcessingException nested
        && !(nested instanceof JsonMappingException)) {
      return malformed(nested);
    }
    @Nullable Class<?> target = e.getTargetType();
    String wanted = target == null ? "another type" : kind(target);
    if (e instanceof InvalidFormatException format) {
      String value = String.valueOf(format.getValue());
      String shown = value.length() > 60 ? value.substring(0, 60) + "..." : value;
      return named(path, where(path) + " must be " + wanted + ", not '" + shown + "'");
    }
    @Nullable String message = e.getOriginalMessage();
    if (message != null && message.startsWith("Trailing token")) {
      return malformed("there is more after the end of the value", e.getLocation());
    }
    if (message != null && message.startsWith("Cannot map `null`")) {
      return named(path, where(path) + " must be " + wanted + ", not null");
    }
    return named(path, where(path) + " must be " + wanted);
  }

  private static Problem mapping(JsonMappingException e) {
    // Jackson wraps syntax errors that it meets inside an object or a list.
    if (e.getCause() instanceof Problem own) {
      return own;
    }
    if (e.getCause() instanceof JsonProcessingException nested) {
      return malformed(nested);
    }
    return named(path(e), String.valueOf(e.getOriginalMessage()));
  }

  private static Problem malformed(JsonProcessingException e) {
    @Nullable String original = e.getOriginalMessage();
    if (original != null && original.startsWith("Duplicate field")) {
      return malformed(
          original.replaceFirst("^Duplicate field", "duplicate field"), e.getLocation());
    }
    String what =
        e instanceof JsonEOFException
            ? "the value ends too early"
            : original == null ? "not JSON" : original.lines().findFirst().orElse("not JSON");
    return malformed(what, e.getLocation());
  }

  private static Problem malformed(String what, @Nullable JsonLocation at) {
    String place = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
    return Problem.of(
        400,
        "malformed-json",
        "Malformed JSON",
        "the body is not sound JSON" + place + ": " + what,
        null);
  }

  private static Problem named(String path, String detail) {
    return path.isEmpty() ? Problem.badRequest(detail) : Problem.badRequest(path, detail);
  }

  private static String where(String path) {
    return path.isEmpty() ? "the body" : path;
  }

  private static String path(JsonMappingException e) {
    List<JsonMappingException.Reference> references = e.getPath();
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference reference : references) {
      @Nullable String name = reference.getFieldName();
      if (name != null) {
        path.append(path.isEmpty() ? "" : ".").append(name);
      } else if (reference.getIndex() >= 0) {
        path.append('[').append(reference.getIndex()).append(']');
      }
    }
    return path.toString();
  }

  private static String kind(Class<?> type) {
    if (type == int.class
        || type == Integer.class
        || type == long.class
        || type == Long.class
        || type == short.class
        || type == Short.class) {
      return "a whole number";
    }
    if (Number.class.isAssignableFrom(type) || type == double.class || type == float.class) {
      return "a number";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (CharSequence.class.isAssignableFrom(type)) {
      return "a string";
    }
    if (type.isEnum()) {
      return "one of "
          + java.util.Arrays.stream(Objects.requireNonNull(type.getEnumConstants()))
              .map(c -> Json.mapper().convertValue(c, String.class))
              .collect(Collectors.joining(", "));
    }
    if (type.isArray() || Collection.class.isAssignableFrom(type)) {
      return "a list";
    }
    if (type.getName().startsWith("java.time.")) {
      return "an ISO-8601 " + type.getSimpleName().toLowerCase(Locale.ROOT);
    }
    return "an object";
  }
}
