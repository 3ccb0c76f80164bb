package dev.tidemill.curator.domain;

import dev.tidemill.schemas.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Which keys are kept out of training for ever. The hash of salt and key decides alone, so the
/// same key is always on the same side, whoever asks and whenever.
///
/// @param share of all keys that is held out, from 0 to below 1; 0.02 unless told
/// @param salt changes the choice; changing it lets held-out keys into training, so leave it
public record HoldoutSplit(Double share, String salt) {
  public static final HoldoutSplit DEFAULT = new HoldoutSplit(0.02, "tidemill");
  private static final double RANGE = 0x1p64;

  public HoldoutSplit {
    share = share == null ? Double.valueOf(0.02) : share;
    salt = salt == null ? "tidemill" : salt;
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException("share must be from 0 to below 1, was " + share);
    }
    if (salt.isBlank()) {
      throw new IllegalArgumentException("salt must not be blank");
    }
  }

  /// Whether the key is held out.
  public boolean holdsOut(String key) {
    byte[] hash = Sha256.digest().digest((salt + "\n" + key).getBytes(StandardCharsets.UTF_8));
    long bits = ByteBuffer.wrap(hash).getLong();
    double unsigned = (bits >>> 1) * 2.0 + (bits & 1);
    return unsigned / RANGE < share;
  }
}
