package dev.tidemill.platform.artifact;

import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Artifacts in a directory: `sha256/<hex>/` holds `manifest.json`, `manifest.sig` and the files.
///
/// An artifact is put together under `.staging` on the same file system, forced to disk, and then
/// renamed into its place in one step: a crash or a full disk leaves either all of it or nothing
/// that anyone sees. Several processes may share the directory.
public final class DirectoryArtifactStore implements ArtifactStore {

  static final String MANIFEST = "manifest.json";
  static final String SIGNATURE = "manifest.sig";

  private static final Logger log = LoggerFactory.getLogger(DirectoryArtifactStore.class);
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final long MANIFEST_LIMIT = 16L << 20;

  private final Path root;
  private final @Nullable KeyPair signer;
  private final Map<String, PublicKey> trusted;

  /// A store at `root`.
  ///
  /// @param signer signs what is published here; null for a store that only reads
  /// @param trusted whose signatures count
  public DirectoryArtifactStore(Path root, @Nullable KeyPair signer, List<PublicKey> trusted) {
    this.root = root.toAbsolutePath().normalize();
    this.signer = signer;
    Map<String, PublicKey> byId = new HashMap<>();
    trusted.forEach(key -> byId.put(SigningKeys.keyId(key), key));
    this.trusted = Map.copyOf(byId);
  }

  /// The store that a configuration describes; reads the key files.
  public static DirectoryArtifactStore of(ArtifactsConfig config) {
    @Nullable Path signingKey = config.signingKey();
    return new DirectoryArtifactStore(
        config.directory(),
        signingKey == null ? null : SigningKeys.loadPair(signingKey),
        config.trustedKeys().stream().map(SigningKeys::loadPublic).toList());
  }

  @Override
  public boolean contains(String digest) {
    return DIGEST.matcher(digest).matches() && Files.isDirectory(folder(digest));
  }

  @Override
  public String publish(Path stagedFolder, ManifestDraft draft) {
    @Nullable KeyPair key = signer;
    if (key == null) {
      throw new FatalFault(
          "artifact " + draft.name() + " cannot be published: artifacts.signing_key is not set");
    }
    Path temp = root.resolve(".staging").resolve(UUID.randomUUID().toString());
    try {
      Files.createDirectories(temp);
      try {
        return publish(stagedFolder, draft, key, temp);
      } finally {
        deleteTree(temp);
      }
    } catch (IOException e) {
      throw new RetriableFault(
          "artifact " + draft.name() + " could not be written to " + root + ": " + e, e);
    }
  }

  private String publish(Path staged, ManifestDraft draft, KeyPair key, Path temp)
      throws IOException {
    List<Manifest.File> files = new ArrayList<>();
    for (Path file : regularFiles(staged)) {
      files.add(copy(staged, file, temp));
    }
    Manifest manifest = draft.with(files);
    byte[] bytes = manifest.canonicalBytes();
    String digest = "sha256:" + Digests.sha256(bytes);
    Path target = folder(digest);
    if (Files.isDirectory(target)) {
      return digest;
    }
    write(temp.resolve(MANIFEST), bytes);
    write(temp.resolve(SIGNATURE), ManifestSignature.sign(bytes, key).bytes());
    forceFolders(temp);
    Path byDigest = root.resolve("sha256");
    Files.createDirectories(byDigest);
    try {
      Files.move(temp, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      log.debug("{} was published by another at the same time", digest);
    }
    force(byDigest);
    log.info("published {} {} as {}", draft.kind(), draft.name(), digest);
    return digest;
  }

  @Override
  public VerifiedArtifact open(String digest) {
    if (!DIGEST.matcher(digest).matches()) {
      throw new ArtifactRefusedException(
          digest, "its digest", "is not sha256: and 64 lower-case hexadecimal digits");
    }
    Path folder = folder(digest);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new ArtifactRefusedException(digest, folder.toString(), "does not exist");
    }
    try {
      return new VerifiedArtifact(
          digest, folder, new Verification(digest, folder, trusted).verify());
    } catch (IOException e) {
      throw new RetriableFault("artifact " + digest + " cannot be read: " + e, e);
    }
  }

  @Override
  public void remove(String digest) {
    if (!contains(digest)) {
      return;
    }
    Path temp = root.resolve(".staging").resolve(UUID.randomUUID().toString());
    try {
      Files.createDirectories(Objects.requireNonNull(temp.getParent()));
      Files.move(folder(digest), temp, StandardCopyOption.ATOMIC_MOVE);
      force(root.resolve("sha256"));
      deleteTree(temp);
      log.info("removed {}", digest);
    } catch (NoSuchFileException e) {
      log.debug("{} was removed by another at the same time", digest);
    } catch (IOException e) {
      throw new RetriableFault("artifact " + digest + " could not be removed: " + e, e);
    }
  }

  static byte[] readSmall(String digest, Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new ArtifactRefusedException(digest, String.valueOf(file.getFileName()), "is missing");
    }
    if (Files.size(file) > MANIFEST_LIMIT) {
      throw new ArtifactRefusedException(
          digest,
          String.valueOf(file.getFileName()),
          "is longer than " + MANIFEST_LIMIT + " bytes");
    }
    return Files.readAllBytes(file);
  }

  private Path folder(String digest) {
    return root.resolve("sha256").resolve(digest.substring("sha256:".length()));
  }

  private static List<Path> regularFiles(Path staged) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(staged)) {
      for (Path path : (Iterable<Path>) all.sorted()::iterator) {
        String name = staged.relativize(path).toString();
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          continue;
        }
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          throw new FatalFault("staged file " + name + " is not a regular file");
        }
        if (name.equals(MANIFEST) || name.equals(SIGNATURE)) {
          throw new FatalFault("a staged file is called " + name + ", which the store writes");
        }
        files.add(path);
      }
    }
    return files;
  }

  private static Manifest.File copy(Path staged, Path file, Path temp) throws IOException {
    String name = staged.relativize(file).toString().replace('\\', '/');
    Path target = temp.resolve(name);
    Files.createDirectories(Objects.requireNonNull(target.getParent()));
    MessageDigest digest = Digests.newSha256();
    long bytes = 0;
    byte[] buffer = new byte[1 << 18];
    try (InputStream in = Files.newInputStream(file);
        FileChannel channel =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      OutputStream out = Channels.newOutputStream(channel);
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
        bytes += n;
      }
      channel.force(true);
    }
    return new Manifest.File(name, HexFormat.of().formatHex(digest.digest()), bytes);
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
  }

  private static void forceFolders(Path temp) throws IOException {
    try (Stream<Path> all = Files.walk(temp)) {
      for (Path path : (Iterable<Path>) all.filter(Files::isDirectory)::iterator) {
        force(path);
      }
    }
  }

  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void deleteTree(Path temp) throws IOException {
    if (!Files.exists(temp, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(temp)) {
      for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }
}
