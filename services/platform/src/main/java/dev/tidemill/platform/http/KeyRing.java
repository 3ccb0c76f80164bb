package dev.tidemill.platform.http;

import dev.tidemill.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// API keys, known by their SHA-256 only and compared in constant time.
///
/// The setting `api_keys` maps each owner to the digest of its key, in lower-case hex, or to two
/// while one key replaces the other.
public final class KeyRing {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final String BEARER = "Bearer ";
  private static final int MOST_OF_ONE = 2;

  @SuppressWarnings("ArrayRecordComponent") // compared by MessageDigest only
  private record Key(String owner, byte[] digest) {}

  private final List<Key> keys;

  /// @param digests owner to the digests of its keys
  public KeyRing(Map<String, List<String>> digests) {
    this.keys =
        digests.entrySet().stream()
            .flatMap(e -> e.getValue().stream().map(hex -> new Key(e.getKey(), ascii(hex))))
            .toList();
  }

  /// Checks the setting `api_keys`.
  ///
  /// @throws IllegalArgumentException naming the owner whose digests are none
  public static void check(Map<String, List<String>> digests) {
    digests.forEach(
        (owner, own) -> {
          if (owner.isBlank()) {
            throw new IllegalArgumentException("api_keys needs a name for each key");
          }
          if (own.isEmpty() || own.size() > MOST_OF_ONE) {
            throw new IllegalArgumentException(
                "api_keys." + owner + " must be one or two digests, was " + own.size());
          }
          for (String digest : own) {
            if (!DIGEST.matcher(digest).matches()) {
              throw new IllegalArgumentException(
                  "api_keys."
                      + owner
                      + " must be the SHA-256 of the key, 64 lower-case hex digits");
            }
          }
        });
  }

  /// Whether there are no keys, so that nobody is asked for one.
  public boolean isEmpty() {
    return keys.isEmpty();
  }

  /// The key in a header `Authorization: Bearer ...`; null when there is none.
  public static @Nullable String bearer(@Nullable String authorization) {
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).strip()
        : null;
  }

  /// Whose key it is.
  ///
  /// @throws Problem 401 when it is nobody's
  public String owner(String key) {
    byte[] digest = ascii(Sha256.hex(key.getBytes(StandardCharsets.UTF_8)));
    @Nullable String owner = null;
    // All are looked at, each in constant time, so that the time taken tells nothing.
    for (Key known : keys) {
      if (MessageDigest.isEqual(digest, known.digest())) {
        owner = known.owner();
      }
    }
    if (owner == null) {
      throw Problem.unauthorized("the API key is not known");
    }
    return owner;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
