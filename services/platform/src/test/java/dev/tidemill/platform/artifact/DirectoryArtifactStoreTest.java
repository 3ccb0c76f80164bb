package dev.tidemill.platform.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class DirectoryArtifactStoreTest {

  @TempDir Path folder;

  private Path root;
  private Path staged;
  private SigningKeys.KeyFiles keys;
  private ArtifactStore store;

  @BeforeEach
  void stage() throws IOException {
    root = folder.resolve("store");
    staged = folder.resolve("staged");
    Files.createDirectories(staged.resolve("tokenizer"));
    Files.writeString(staged.resolve("model.safetensors"), "weights");
    Files.writeString(staged.resolve("tokenizer/tokenizer.json"), "{}");
    keys = SigningKeys.generate(folder.resolve("keys"));
    store = store(keys.signingKey(), List.of(keys.trustedKey()));
  }

  @Test
  void whatIsPublishedIsOpenedByItsDigest() throws Exception {
    String digest = store.publish(staged, draft("base"));
    assertThat(store.contains(digest)).isTrue();
    VerifiedArtifact artifact = store.open(digest);
    assertThat(artifact.manifest().digest()).isEqualTo(digest);
    assertThat(artifact.manifest().files())
        .extracting(Manifest.File::path)
        .containsExactly("model.safetensors", "tokenizer/tokenizer.json");
    assertThat(artifact.file("model.safetensors")).hasContent("weights");
    assertThatThrownBy(() -> artifact.file("other"))
        .hasMessage("artifact " + digest + " is refused: other is not among its files");
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }

  @Test
  void theManifestIsCanonical() throws Exception {
    String digest = store.publish(staged, draft("base"));
    assertThat(file(digest, "manifest.json"))
        .content()
        .startsWith(
            "{\"code_version\":\"1\",\"config\":{\"a\":{\"x\":1,\"y\":[1,2]},\"b\":0.5},"
                + "\"created_at\":\"2026-01-02T03:04:05Z\",\"examples\":2,")
        .endsWith("{\"from_offset\":3,\"partition\":0,\"to_offset\":5,\"topic\":\"t\"}]}");
  }

  @Test
  void theSameAgainIsNothingNew() throws Exception {
    String digest = store.publish(staged, draft("base"));
    Object written = Files.getLastModifiedTime(file(digest, "manifest.sig"));
    assertThat(store.publish(staged, draft("base"))).isEqualTo(digest);
    assertThat(Files.getLastModifiedTime(file(digest, "manifest.sig"))).isEqualTo(written);
    assertThat(store.publish(staged, draft("other"))).isNotEqualTo(digest);
  }

  @Test
  void changedFilesAreRefused() throws Exception {
    String digest = store.publish(staged, draft("base"));
    Files.writeString(file(digest, "model.safetensors"), "weightz");
    refused(digest, "model.safetensors has SHA-256 ");
    Files.writeString(file(digest, "model.safetensors"), "weight");
    refused(digest, "model.safetensors has 6 bytes; the manifest says 7");
    Files.delete(file(digest, "model.safetensors"));
    refused(digest, "model.safetensors is missing");
  }

  @Test
  void whatTheManifestDoesNotNameIsRefused() throws Exception {
    String digest = store.publish(staged, draft("base"));
    Files.writeString(file(digest, "extra"), "x");
    refused(digest, "extra is not named in the manifest");
    Files.delete(file(digest, "extra"));
    Files.delete(file(digest, "model.safetensors"));
    Files.createSymbolicLink(
        file(digest, "model.safetensors"), staged.resolve("model.safetensors"));
    refused(digest, "model.safetensors is a symbolic link");
  }

  @Test
  void aChangedManifestOrSignatureIsRefused() throws Exception {
    String digest = store.publish(staged, draft("base"));
    Path manifest = file(digest, "manifest.json");
    String original = Files.readString(manifest);
    Files.writeString(manifest, original.replace("\"examples\":2", "\"examples\":3"));
    refused(digest, "manifest.json has digest sha256:");
    Files.writeString(manifest, original);
    Path signature = file(digest, "manifest.sig");
    Files.writeString(
        signature,
        Files.readString(signature).replaceFirst("\"signature\":\"....", "\"signature\":\"AAAA"));
    refused(digest, "manifest.sig is not the signature of key ");
    Files.writeString(signature, "{}");
    refused(digest, "manifest.sig is not a signature");
    Files.delete(signature);
    refused(digest, "manifest.sig is missing");
  }

  @Test
  void aForgedPathIsRefused() throws Exception {
    // Signed by a trusted key, and still not followed outside.
    Files.writeString(folder.resolve("outside"), "secret");
    Manifest forged =
        draft("base")
            .with(List.of(new Manifest.File("../../../outside", Digests.sha256(new byte[0]), 6)));
    String digest = forged.digest();
    Path target = Files.createDirectories(root.resolve("sha256").resolve(digest.substring(7)));
    Files.write(target.resolve("manifest.json"), forged.canonicalBytes());
    Files.write(
        target.resolve("manifest.sig"),
        ManifestSignature.sign(forged.canonicalBytes(), SigningKeys.loadPair(keys.signingKey()))
            .bytes());
    refused(digest, "'../../../outside' is not a path inside the artifact");
  }

  @Test
  void anotherKeyIsNotTrusted() {
    String digest = store.publish(staged, draft("base"));
    SigningKeys.KeyFiles others = SigningKeys.generate(folder.resolve("others"));
    ArtifactStore stranger = store(null, List.of(others.trustedKey()));
    assertThatThrownBy(() -> stranger.open(digest))
        .isInstanceOf(ArtifactRefusedException.class)
        .hasMessageContaining("which is not among artifacts.trusted_keys");
    assertThatThrownBy(() -> stranger.publish(staged, draft("base")))
        .isInstanceOf(FatalFault.class)
        .hasMessage("artifact base cannot be published: artifacts.signing_key is not set");
  }

  @Test
  void unknownAndMalformedDigestsAreRefused() {
    String unknown = "sha256:" + "0".repeat(64);
    assertThat(store.contains(unknown)).isFalse();
    refused(unknown, "does not exist");
    refused("sha256:../../etc", "is not sha256: and 64 lower-case hexadecimal digits");
  }

  @Test
  void aFailedWriteLeavesNothing() throws Exception {
    Files.createDirectories(root);
    Files.writeString(root.resolve("sha256"), "a file where a folder must be");
    assertThatThrownBy(() -> store.publish(staged, draft("base")))
        .isInstanceOf(RetriableFault.class)
        .hasMessageStartingWith("artifact base could not be written to " + root);
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }

  @Test
  void linksAreNotPublished() throws Exception {
    Files.createSymbolicLink(staged.resolve("link"), folder.resolve("keys"));
    assertThatThrownBy(() -> store.publish(staged, draft("base")))
        .isInstanceOf(FatalFault.class)
        .hasMessage("staged file link is not a regular file");
  }

  @Test
  void keysAreKeptAndThePrivateOneIsPrivate() throws Exception {
    assertThat(SigningKeys.generate(folder.resolve("keys"))).isEqualTo(keys);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keys.signingKey())))
        .isEqualTo("rw-------");
    assertThat(SigningKeys.loadPair(keys.signingKey()).getPublic())
        .isEqualTo(SigningKeys.loadPublic(keys.trustedKey()));
    assertThatThrownBy(() -> SigningKeys.loadPublic(keys.signingKey()))
        .hasMessage(keys.signingKey() + " is no PEM file with a PUBLIC KEY");
  }

  @Test
  void manifestsThatMakeNoSenseAreNotMade() {
    assertThatThrownBy(
            () ->
                new ManifestDraft(
                        "a",
                        Manifest.Kind.ADAPTER,
                        "l",
                        0,
                        "task",
                        null,
                        null,
                        List.of(),
                        "e",
                        0,
                        Map.of(),
                        Map.of(),
                        "1",
                        Instant.EPOCH)
                    .with(List.of()))
        .hasMessage("an adapter names its base and its task");
    assertThatThrownBy(
            () ->
                new ManifestDraft(
                        "a",
                        Manifest.Kind.BASE,
                        "l",
                        0,
                        null,
                        null,
                        null,
                        List.of(),
                        "e",
                        0,
                        Map.of(),
                        Map.of("loss", Double.NaN),
                        "1",
                        Instant.EPOCH)
                    .with(List.of()))
        .hasMessage("metric loss is NaN");
  }

  private void refused(String digest, String reason) {
    assertThatThrownBy(() -> store.open(digest))
        .isInstanceOf(ArtifactRefusedException.class)
        .hasMessageStartingWith("artifact " + digest + " is refused: ")
        .hasMessageContaining(reason);
  }

  private Path file(String digest, String name) {
    return root.resolve("sha256").resolve(digest.substring(7)).resolve(name);
  }

  private ArtifactStore store(@Nullable Path signingKey, List<Path> trusted) {
    return DirectoryArtifactStore.of(new ArtifactsConfig(root, signingKey, trusted));
  }

  private static ManifestDraft draft(String name) {
    return new ManifestDraft(
        name,
        Manifest.Kind.BASE,
        "main",
        1,
        null,
        null,
        null,
        List.of(new Manifest.OffsetWindow("t", 0, 3, 5)),
        "e",
        2,
        Map.of("b", 0.5, "a", Map.of("y", List.of(1, 2), "x", 1)),
        Map.of("loss", 1.25),
        "1",
        Instant.parse("2026-01-02T03:04:05Z"));
  }
}
