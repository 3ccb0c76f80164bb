package dev.tidemill.ingest.io;

import dev.tidemill.platform.http.KeyRing;
import dev.tidemill.platform.http.Problem;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Says which producer a request comes from. Where keys are configured the key decides; where none
/// are, the header is believed.
public final class ApiKeys {

  static final String ANONYMOUS = "anonymous";

  private static final Pattern PRODUCER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,127}");

  private final KeyRing keys;

  /// @param digests producer name to the SHA-256 of each of its keys, in lower-case hex
  public ApiKeys(Map<String, List<String>> digests) {
    this.keys = new KeyRing(digests);
  }

  /// The producer of a request with these headers.
  ///
  /// @throws Problem 401 when a key is wanted and none that fits is given, 403 when the header
  ///   claims another's name, 400 when the header is no name
  String producer(@Nullable String named, @Nullable String apiKey, @Nullable String authorization) {
    if (named != null && !PRODUCER.matcher(named).matches()) {
      throw Problem.badRequest(
          "X-Tidemill-Producer",
          "X-Tidemill-Producer must be 1 to 128 letters, digits, dots, slashes, dashes or"
              + " underscores and begin with a letter or digit");
    }
    if (keys.isEmpty()) {
      return named == null ? ANONYMOUS : named;
    }
    String owner = owner(apiKey, authorization);
    if (named != null && !named.equals(owner)) {
      throw Problem.forbidden(
          "X-Tidemill-Producer says " + named + ", but the API key is that of " + owner);
    }
    return owner;
  }

  private String owner(@Nullable String apiKey, @Nullable String authorization) {
    @Nullable String key = apiKey == null ? KeyRing.bearer(authorization) : apiKey;
    if (key == null) {
      throw Problem.unauthorized(
          "an API key is needed, as X-API-Key or as Authorization: Bearer; there is none");
    }
    return keys.owner(key);
  }
}
