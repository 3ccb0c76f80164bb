package dev.tidemill.platform.artifact;

import java.nio.file.Path;

/// Bases and adapters, addressed by the SHA-256 of their manifest, written once and never changed.
public interface ArtifactStore {

  /// Signs and stores the files of a folder under a manifest, all or nothing. The folder is copied,
  /// not taken; publishing the same again does nothing.
  ///
  /// @param stagedFolder regular files only, at any depth; none may be called `manifest.json` or
  ///   `manifest.sig`
  /// @return the artifact's digest, `sha256:` and 64 hexadecimal digits
  /// @throws dev.tidemill.platform.faults.RetriableFault when it could not be written (a full disk)
  /// @throws dev.tidemill.platform.faults.FatalFault when there is no signing key
  String publish(Path stagedFolder, ManifestDraft draft);

  /// The artifact of this digest, after every check: the manifest's digest, its signature by a
  /// trusted key, each file's size and SHA-256, and that nothing else lies in the folder.
  ///
  /// @throws ArtifactRefusedException when any check fails
  VerifiedArtifact open(String digest);

  /// Whether an artifact of this digest lies in the store, unchecked.
  boolean contains(String digest);

  /// Deletes the artifact of this digest, all or nothing to those who look; does nothing when there
  /// is none.
  ///
  /// @throws dev.tidemill.platform.faults.RetriableFault when it could not be deleted
  void remove(String digest);
}
