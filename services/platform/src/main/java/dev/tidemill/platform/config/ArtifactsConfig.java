package dev.tidemill.platform.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where artifacts lie and whose signatures count (section `artifacts`).
///
/// @param directory the store's root; `artifacts` unless told
/// @param signingKey PEM file (PKCS #8, Ed25519) of those who publish; others leave it out
/// @param trustedKeys PEM files (X.509, Ed25519); an artifact signed by none of them is refused
public record ArtifactsConfig(Path directory, @Nullable Path signingKey, List<Path> trustedKeys) {

  public ArtifactsConfig {
    directory = directory == null ? Path.of("artifacts") : directory;
    trustedKeys = trustedKeys == null ? List.of() : List.copyOf(trustedKeys);
  }
}
