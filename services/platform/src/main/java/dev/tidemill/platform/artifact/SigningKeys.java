package dev.tidemill.platform.artifact;

import dev.tidemill.platform.config.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Set;

/// Ed25519 keys in PEM files: PKCS #8 for the private one, X.509 for the public one, as OpenSSL
/// writes and reads them.
public final class SigningKeys {

  private static final String ALGORITHM = "Ed25519";

  /// The two files of a key pair.
  ///
  /// @param signingKey private, readable by its owner only
  /// @param trustedKey public
  public record KeyFiles(Path signingKey, Path trustedKey) {}

  private SigningKeys() {}

  /// Makes a key pair in `signing.pem` and `trusted.pem` of the folder, or returns the one that is
  /// there already.
  public static KeyFiles generate(Path folder) {
    KeyFiles files = new KeyFiles(folder.resolve("signing.pem"), folder.resolve("trusted.pem"));
    try {
      if (Files.exists(files.signingKey) && Files.exists(files.trustedKey)) {
        return files;
      }
      Files.createDirectories(folder);
      KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
      writePrivate(files.signingKey, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
      Files.writeString(files.trustedKey, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
      return files;
    } catch (IOException | GeneralSecurityException e) {
      throw new ConfigException("a signing key cannot be made in " + folder + ": " + e, e);
    }
  }

  /// The key pair of a private key's PEM file; the public half is computed.
  public static KeyPair loadPair(Path signingKey) {
    try {
      byte[] encoded = unpem(signingKey, "PRIVATE KEY");
      PrivateKey key =
          KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      return new KeyPair(publicOf(key), key);
    } catch (GeneralSecurityException | ClassCastException e) {
      throw new ConfigException(signingKey + " holds no Ed25519 private key (PKCS #8)", e);
    }
  }

  /// The public key of a PEM file.
  public static PublicKey loadPublic(Path trustedKey) {
    try {
      byte[] encoded = unpem(trustedKey, "PUBLIC KEY");
      return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new ConfigException(trustedKey + " holds no Ed25519 public key (X.509)", e);
    }
  }

  /// How a key is named in signatures: the first 16 digits of the SHA-256 of its encoding.
  public static String keyId(PublicKey key) {
    return Digests.sha256(key.getEncoded()).substring(0, 16);
  }

  // An Ed25519 private key is 32 random bytes from which the generator computes the public one:
  // given the same bytes as its randomness, it makes the same pair.
  private static PublicKey publicOf(PrivateKey key) throws GeneralSecurityException {
    byte[] seed =
        ((EdECPrivateKey) key)
            .getBytes()
            .orElseThrow(() -> new GeneralSecurityException("the key shows no bytes"));
    KeyPairGenerator generator = KeyPairGenerator.getInstance(ALGORITHM);
    generator.initialize(NamedParameterSpec.ED25519, new FixedRandom(seed));
    return generator.generateKeyPair().getPublic();
  }

  private static final class FixedRandom extends SecureRandom {
    private final byte[] bytes;

    FixedRandom(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public void nextBytes(byte[] out) {
      System.arraycopy(bytes, 0, out, 0, out.length);
    }
  }

  private static void writePrivate(Path file, String pem) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      try (var channel =
          Files.newByteChannel(
              file,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        channel.write(StandardCharsets.US_ASCII.encode(pem));
      }
    } else {
      Files.writeString(file, pem, StandardOpenOption.CREATE_NEW);
    }
  }

  private static String pem(String label, byte[] encoded) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(
            label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded), label);
  }

  private static byte[] unpem(Path file, String label) {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new ConfigException("key file " + file + " cannot be read: " + e.getMessage(), e);
    }
    String begin = "-----BEGIN " + label + "-----";
    int from = text.indexOf(begin);
    int to = text.indexOf("-----END " + label + "-----");
    if (from < 0 || to < from) {
      throw new ConfigException(file + " is no PEM file with a " + label);
    }
    try {
      return Base64.getMimeDecoder().decode(text.substring(from + begin.length(), to).strip());
    } catch (IllegalArgumentException e) {
      throw new ConfigException(file + " is no sound PEM file: " + e.getMessage(), e);
    }
  }
}
