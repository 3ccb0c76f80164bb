package dev.tidemill.schemas;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Names a release: a task and the digest of what answers for it. The id is `task@sha256:hex` where
/// the hex is the SHA-256 of task, base digest and adapter digest on a line each, so that equal
/// parts always give equal ids.
public final class ReleaseId {
  private ReleaseId() {}

  /// The id of the release (task, base, adapter).
  public static String of(String task, String base, @Nullable String adapter) {
    String text = task + "\n" + base + "\n" + (adapter == null ? "" : adapter) + "\n";
    return task + "@sha256:" + Sha256.hex(text.getBytes(StandardCharsets.UTF_8));
  }

  /// The first twelve digits of the digest of a release or artifact, for people to read.
  public static String brief(String idOrDigest) {
    int colon = idOrDigest.lastIndexOf(':');
    String hex = idOrDigest.substring(colon + 1);
    return idOrDigest.substring(0, colon + 1) + hex.substring(0, Math.min(12, hex.length()));
  }
}
