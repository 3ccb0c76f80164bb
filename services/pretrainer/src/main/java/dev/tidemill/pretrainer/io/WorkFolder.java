package dev.tidemill.pretrainer.io;

import dev.tidemill.platform.faults.RetriableFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/// Where a window is trained: one folder of a lineage, always the same, so that what a killed
/// process left is found and removed. Only whoever holds the lineage's checkpoints touches it.
final class WorkFolder {
  private final Path root;

  WorkFolder(Path stateDirectory, String lineage) {
    this.root = stateDirectory.resolve("work-" + lineage);
  }

  /// The base that a fresh lineage starts from.
  Path initial() {
    return root.resolve("initial");
  }

  /// The trained base; the window loop removes it once it is in the store.
  Path artifact() {
    return root.resolve("artifact");
  }

  /// Makes the folder anew, empty.
  void begin() {
    remove();
    try {
      Files.createDirectories(initial());
    } catch (IOException e) {
      throw new RetriableFault("the folder " + root + " cannot be made: " + e, e);
    }
  }

  /// Removes everything but the artifact.
  void keepArtifact() {
    remove(initial());
  }

  void remove() {
    remove(root);
  }

  private static void remove(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new RetriableFault("the folder " + folder + " cannot be removed: " + e, e);
    }
  }
}
