package dev.tidemill.inference.io;

import dev.tidemill.inference.InferenceConfig.ApiKey;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who may ask. Keys are known by their SHA-256 only, and compared in constant time.
final class ApiKeys {
  private static final String SCHEME = "Bearer ";

  private final List<ApiKey> keys;

  ApiKeys(List<ApiKey> keys) {
    this.keys = List.copyOf(keys);
  }

  /// The name of the key in an `Authorization` header; null when no keys are configured.
  ///
  /// @throws Problem 401 when a key is wanted and this is none
  @Nullable String name(Optional<String> authorization) {
    if (keys.isEmpty()) {
      return null;
    }
    String header = authorization.orElse("");
    if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw Problem.unauthorized(
          "an API key is wanted in the header Authorization, as Bearer and the key");
    }
    String key = header.substring(SCHEME.length()).strip();
    byte[] digest = ascii(Sha256.hex(key.getBytes(StandardCharsets.UTF_8)));
    @Nullable String name = null;
    for (ApiKey known : keys) {
      if (MessageDigest.isEqual(digest, ascii(known.sha256()))) {
        name = known.name();
      }
    }
    if (name == null) {
      throw Problem.unauthorized("the API key is not known");
    }
    return name;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
