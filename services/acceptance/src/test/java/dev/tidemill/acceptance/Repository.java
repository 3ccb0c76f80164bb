package dev.tidemill.acceptance;

import java.nio.file.Files;
import java.nio.file.Path;

/// The checkout that these tests run in.
final class Repository {
  private Repository() {}

  /// Its root: the nearest folder above that holds the schemas.
  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve("schemas/src/main/avro"))) {
      folder = folder.getParent();
    }
    if (folder == null) {
      throw new IllegalStateException("the tests do not run inside a checkout");
    }
    return folder;
  }
}
