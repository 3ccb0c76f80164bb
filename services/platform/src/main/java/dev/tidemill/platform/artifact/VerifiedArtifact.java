package dev.tidemill.platform.artifact;

import java.nio.file.Path;

/// An artifact whose digest, signature and files were checked when it was opened.
///
/// @param digest `sha256:` and 64 hexadecimal digits
/// @param folder holds the files of the manifest, read-only by agreement
public record VerifiedArtifact(String digest, Path folder, Manifest manifest) {

  /// Where a file of the manifest lies.
  ///
  /// @throws ArtifactRefusedException when the manifest names no such file
  public Path file(String path) {
    if (manifest.files().stream().noneMatch(f -> f.path().equals(path))) {
      throw new ArtifactRefusedException(digest, path, "is not among its files");
    }
    return folder.resolve(path);
  }
}
