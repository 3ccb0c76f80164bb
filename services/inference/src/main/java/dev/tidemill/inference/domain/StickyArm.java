package dev.tidemill.inference.domain;

import dev.tidemill.schemas.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// Which users a canary answers: those whose salted hash, as a fraction of 2^64, lies below its
/// weight. A user's fraction never changes under one salt, so raising the weight only adds users
/// and lowering it only takes users away; another salt deals them anew.
public final class StickyArm {
  private StickyArm() {}

  /// Where the user lies in [0, 1), uniform over users.
  public static double fraction(String salt, String user) {
    MessageDigest digest = Sha256.digest();
    digest.update(salt.getBytes(StandardCharsets.UTF_8));
    // Ends the salt, so that ("a", "bc") and ("ab", "c") are two.
    digest.update((byte) 0);
    digest.update(user.getBytes(StandardCharsets.UTF_8));
    // The upper 53 of the first 64 bits: as many as a double holds exactly.
    return (ByteBuffer.wrap(digest.digest()).getLong() >>> 11) * 0x1p-53;
  }

  /// Whether the canary of this weight and salt answers the user.
  public static boolean isCanary(double weight, String salt, String user) {
    return fraction(salt, user) < weight;
  }
}
