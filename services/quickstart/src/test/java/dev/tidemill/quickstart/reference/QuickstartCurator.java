package dev.tidemill.quickstart.reference;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.quickstart.Main;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/// How the quickstart configures its curator.
final class QuickstartCurator {
  private QuickstartCurator() {}

  /// The quickstart's settings; what is filled in at its start does not matter here.
  static CuratorConfig config(Path directory) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(Main.class.getResourceAsStream("quickstart.yaml"))) {
      String settings = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Path file = directory.resolve("tidemill.yaml");
      Files.writeString(file, settings.replaceAll("\\$\\{[^}]*}", "0"));
      return Settings.load(file, Map.of()).section("curator", CuratorConfig.class);
    }
  }
}
