package dev.tidemill.ingest.io;

import io.helidon.config.Config;
import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import io.helidon.http.encoding.spi.ContentEncodingProvider;
import java.util.Set;

/// Tells Helidon to let gzip bodies through as they are: [RequestBody] unpacks them within a limit.
/// Helidon's own gzip module would also pack the answers of every server in this JVM, streams
/// included; without any module Helidon answers 400 to a gzip body.
public final class PackedBodies implements ContentEncodingProvider {

  /// Made by Helidon, which finds it by its service file.
  public PackedBodies() {}

  @Override
  public String configKey() {
    return "packed";
  }

  @Override
  public ContentEncoding create(Config config, String name) {
    return new PassedOn(name);
  }

  private record PassedOn(String name) implements ContentEncoding {
    @Override
    public Set<String> ids() {
      return Set.of("gzip");
    }

    @Override
    public boolean supportsEncoding() {
      return false;
    }

    @Override
    public boolean supportsDecoding() {
      return true;
    }

    @Override
    public ContentDecoder decoder() {
      return ContentDecoder.NO_OP;
    }

    @Override
    public ContentEncoder encoder() {
      return ContentEncoder.NO_OP;
    }

    @Override
    public String type() {
      return "packed";
    }
  }
}
