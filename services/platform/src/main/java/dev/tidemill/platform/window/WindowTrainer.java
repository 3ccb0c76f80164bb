package dev.tidemill.platform.window;

import dev.tidemill.events.Candidate;
import dev.tidemill.platform.provenance.Provenance;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a trainer does with a window; [WindowLoop] does the rest. All methods are called by the
/// loop's thread.
public interface WindowTrainer<T> {

  /// The committed end of the window before.
  ///
  /// @param state folder that the trainer filled then
  /// @param candidate what was published then
  record Previous(Path state, Candidate candidate) {}

  /// To be called often while training: it keeps the loop alive and stops it when it is closing.
  @FunctionalInterface
  interface Progress {

    /// Training goes on.
    ///
    /// @throws org.apache.kafka.common.errors.WakeupException when training is to be given up
    void step();
  }

  /// Tells what is published and what is erased by now, before each of the other calls. What a
  /// trainer starts from must not contain anything erased: a candidate that does is not published.
  default void provenance(Provenance provenance) {}

  /// What a record is to this lineage.
  Belonging belonging(T record);

  /// The record's id, by which the audit counts.
  String id(T record);

  /// When the record's event happened.
  Instant eventTime(T record);

  /// Why no window can be trained now, in one sentence; empty when one can. Records are collected
  /// meanwhile.
  Optional<String> whyNotReady();

  /// Trains a window. What is trained must depend on nothing but the window, what was before and
  /// the releases that are live, so that doing it again after a crash is harmless.
  ///
  /// @param previous the window before; null for the first of a generation
  /// @param state empty folder for everything the next window needs
  TrainedWindow train(Window<T> window, @Nullable Previous previous, Path state, Progress progress)
      throws InterruptedException;
}
