package dev.tidemill.platform.window;

import dev.tidemill.platform.faults.FatalFault;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides at the start of a trainer where its lineage stands.
///
/// @param checkpoint the newest one that counts; null when the lineage has not begun
/// @param publish whether its candidate was not published
record Recovery(@Nullable Checkpoint checkpoint, boolean publish) {

  private static final Logger log = LoggerFactory.getLogger(Recovery.class);

  /// Looks at the checkpoints and at the offsets that the lineage's group has committed.
  ///
  /// @param committed by partition; a partition without a committed offset is left out
  /// @throws FatalFault when they do not fit together
  static Recovery of(
      Lineage<?> lineage, CheckpointStore store, Map<TopicPartition, Long> committed) {
    List<Path> folders = store.list();
    if (folders.isEmpty()) {
      if (!committed.isEmpty()) {
        throw new FatalFault(
            "group %s has committed %s, but %s holds no checkpoint of %s: its examples would train twice; bring the folder back"
                .formatted(lineage.group(), committed, store.folder(), lineage.name()));
      }
      return new Recovery(null, false);
    }
    Path newest = folders.getFirst();
    try {
      return judge(lineage, store.read(newest), committed);
    } catch (DamagedCheckpointException damaged) {
      return former(lineage, store, folders, committed)
          .map(
              sound -> {
                log.error(
                    "{}; nothing newer than checkpoint {} was published, going on from there",
                    damaged.getMessage(),
                    sound.sequence());
                store.setAside(newest);
                return new Recovery(sound, false);
              })
          .orElseThrow(() -> damaged);
    }
  }

  private static Recovery judge(
      Lineage<?> lineage, Checkpoint checkpoint, Map<TopicPartition, Long> committed) {
    if (committed.equals(checkpoint.to())) {
      return new Recovery(checkpoint, false);
    }
    // The first window has no committed beginning.
    if (committed.isEmpty() || committed.equals(checkpoint.from())) {
      return new Recovery(checkpoint, true);
    }
    throw new FatalFault(
        "group %s has committed %s, but checkpoint %d of %s goes from %s to %s: it is not the newest of its lineage"
            .formatted(
                lineage.group(),
                committed,
                checkpoint.sequence(),
                lineage.name(),
                checkpoint.from(),
                checkpoint.to()));
  }

  /// The checkpoint before a damaged one, if the group stands exactly at its end.
  private static Optional<Checkpoint> former(
      Lineage<?> lineage,
      CheckpointStore store,
      List<Path> folders,
      Map<TopicPartition, Long> committed) {
    if (folders.size() < 2) {
      return Optional.empty();
    }
    try {
      Checkpoint sound = store.read(folders.get(1));
      return committed.equals(sound.to()) ? Optional.of(sound) : Optional.empty();
    } catch (DamagedCheckpointException alsoDamaged) {
      log.error("{}: {}", lineage.name(), alsoDamaged.getMessage());
      return Optional.empty();
    }
  }
}
