package dev.tidemill.curator.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/// The name by which a curator takes its place in the group again. It belongs to the state
/// directory, which no two curators can use at once: replicas have different names, and one that is
/// started again on its state has its former one. Without the directory a new name is made.
public final class Instance {
  private static final String FILE = "instance";

  private Instance() {}

  /// The name of the curator that keeps its state here; made when there is none.
  public static String of(Path stateDirectory) {
    Path file = stateDirectory.resolve(FILE);
    try {
      if (Files.exists(file)) {
        return Files.readString(file).strip();
      }
      Files.createDirectories(stateDirectory);
      String name = UUID.randomUUID().toString();
      Path fresh = Files.createTempFile(stateDirectory, FILE, ".new");
      Files.writeString(fresh, name);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      return name;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "state_directory " + stateDirectory + " cannot be used: " + e.getMessage(), e);
    }
  }
}
