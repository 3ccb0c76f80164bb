package dev.tidemill.platform.artifact;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The checks of one artifact, in the order of trust: the manifest is what the digest says, someone
/// trusted signed it, and only then what it says of the files is believed and checked.
record Verification(String digest, Path folder, Map<String, PublicKey> trusted) {

  Manifest verify() throws IOException {
    byte[] bytes = DirectoryArtifactStore.readSmall(digest, file(DirectoryArtifactStore.MANIFEST));
    String actual = "sha256:" + Digests.sha256(bytes);
    if (!actual.equals(digest)) {
      throw refuse(DirectoryArtifactStore.MANIFEST, "has digest " + actual);
    }
    verifySignature(bytes);
    Manifest manifest = parse(bytes);
    Set<String> expected = new HashSet<>();
    expected.add(DirectoryArtifactStore.MANIFEST);
    expected.add(DirectoryArtifactStore.SIGNATURE);
    for (Manifest.File file : manifest.files()) {
      if (!expected.add(safePath(file.path()))) {
        throw refuse(file.path(), "is named twice in the manifest");
      }
    }
    refuseOthers(expected);
    for (Manifest.File file : manifest.files()) {
      verifyFile(file);
    }
    return manifest;
  }

  private void verifySignature(byte[] manifest) throws IOException {
    byte[] bytes = DirectoryArtifactStore.readSmall(digest, file(DirectoryArtifactStore.SIGNATURE));
    ManifestSignature signature;
    try {
      signature = ManifestSignature.parse(bytes);
    } catch (IOException e) {
      throw refuse(DirectoryArtifactStore.SIGNATURE, "is not a signature", e);
    }
    @Nullable PublicKey key = trusted.get(signature.keyId());
    if (key == null) {
      throw refuse(
          DirectoryArtifactStore.SIGNATURE,
          "is by key " + signature.keyId() + ", which is not among artifacts.trusted_keys");
    }
    if (!signature.verifies(manifest, key)) {
      throw refuse(
          DirectoryArtifactStore.SIGNATURE,
          "is not the signature of key " + signature.keyId() + " over the manifest");
    }
  }

  private Manifest parse(byte[] bytes) {
    try {
      return Manifest.parse(bytes);
    } catch (IOException e) {
      throw refuse(
          DirectoryArtifactStore.MANIFEST, "is not a manifest of format 1: " + e.getMessage(), e);
    }
  }

  private String safePath(String path) {
    Path resolved = folder.resolve(path).normalize();
    boolean plain =
        !path.isEmpty()
            && path.indexOf('\\') < 0
            && resolved.startsWith(folder)
            && !resolved.equals(folder)
            && folder.relativize(resolved).toString().equals(path);
    if (!plain) {
      throw refuse("'" + path + "'", "is not a path inside the artifact");
    }
    return path;
  }

  private void refuseOthers(Set<String> expected) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        String name = folder.relativize(path).toString().replace('\\', '/');
        if (Files.isSymbolicLink(path)) {
          throw refuse(name, "is a symbolic link");
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && !expected.contains(name)) {
          throw refuse(name, "is not named in the manifest");
        }
      }
    }
  }

  private void verifyFile(Manifest.File file) throws IOException {
    Path path = file(file.path());
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw refuse(file.path(), "is missing");
    }
    long bytes = Files.size(path);
    if (bytes != file.bytes()) {
      throw refuse(file.path(), "has " + bytes + " bytes; the manifest says " + file.bytes());
    }
    String sha256 = Digests.sha256(path);
    if (!sha256.equals(file.sha256())) {
      throw refuse(file.path(), "has SHA-256 " + sha256 + "; the manifest says " + file.sha256());
    }
  }

  private Path file(String path) {
    return folder.resolve(path);
  }

  private ArtifactRefusedException refuse(String file, String reason) {
    return new ArtifactRefusedException(digest, file, reason);
  }

  private ArtifactRefusedException refuse(String file, String reason, Throwable cause) {
    return new ArtifactRefusedException(digest, file, reason, cause);
  }
}
