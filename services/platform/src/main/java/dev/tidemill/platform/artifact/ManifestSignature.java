package dev.tidemill.platform.artifact;

import dev.tidemill.platform.http.Json;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Objects;

/// The content of `manifest.sig`.
///
/// @param algorithm `Ed25519`
/// @param keyId which key, see [SigningKeys#keyId]
/// @param signature Base64 of the signature over the manifest's bytes
record ManifestSignature(String algorithm, String keyId, String signature) {

  static final String ALGORITHM = "Ed25519";

  ManifestSignature {
    Objects.requireNonNull(algorithm, "algorithm");
    Objects.requireNonNull(keyId, "key_id");
    Objects.requireNonNull(signature, "signature");
  }

  static ManifestSignature sign(byte[] manifest, KeyPair key) {
    try {
      Signature signer = Signature.getInstance(ALGORITHM);
      signer.initSign(key.getPrivate());
      signer.update(manifest);
      return new ManifestSignature(
          ALGORITHM,
          SigningKeys.keyId(key.getPublic()),
          Base64.getEncoder().encodeToString(signer.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the manifest cannot be signed", e);
    }
  }

  boolean verifies(byte[] manifest, PublicKey key) {
    try {
      Signature verifier = Signature.getInstance(ALGORITHM);
      verifier.initVerify(key);
      verifier.update(manifest);
      return algorithm.equals(ALGORITHM) && verifier.verify(Base64.getDecoder().decode(signature));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return false;
    }
  }

  byte[] bytes() throws IOException {
    return Json.mapper().writeValueAsBytes(this);
  }

  static ManifestSignature parse(byte[] json) throws IOException {
    return Json.mapper().readValue(json, ManifestSignature.class);
  }
}
