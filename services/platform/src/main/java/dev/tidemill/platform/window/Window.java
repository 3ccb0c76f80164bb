package dev.tidemill.platform.window;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemill.events.OffsetRange;
import dev.tidemill.platform.artifact.Digests;
import dev.tidemill.platform.artifact.Manifest;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;

/// One window of a lineage, closed.
///
/// @param lineage line of windows that it belongs to
/// @param sequence its number in the lineage, from 1
/// @param ranges the offsets it takes up, one range for each partition that the lineage reads
/// @param records what belongs to it, in the order it was read
public record Window<T>(
    String lineage, long sequence, List<OffsetRange> ranges, List<WindowRecord<T>> records) {

  public Window {
    ranges = List.copyOf(ranges);
    records = List.copyOf(records);
  }

  /// The ranges as a manifest names them.
  public List<Manifest.OffsetWindow> manifestWindows() {
    return ranges.stream()
        .map(
            r ->
                new Manifest.OffsetWindow(
                    r.getTopic(), r.getPartition(), r.getFromOffset(), r.getToOffset()))
        .toList();
  }

  /// Digest over the ids of a window: SHA-256 of the sorted ids, each followed by a line feed.
  public static String digestOf(Collection<String> ids) {
    MessageDigest digest = Digests.newSha256();
    ids.stream().sorted().forEach(id -> digest.update((id + "\n").getBytes(UTF_8)));
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }
}
