package dev.tidemill.platform.config;

/// Where a service listens.
///
/// @param host address to listen on; 127.0.0.1 unless told
/// @param port 0 (also when absent) takes any free port, which the log names
/// @param maxBodyBytes a longer request body is answered with 413; 1 MiB unless told
public record HttpConfig(String host, int port, long maxBodyBytes) {

  public HttpConfig {
    host = host == null ? "127.0.0.1" : host;
    maxBodyBytes = maxBodyBytes == 0 ? 1024 * 1024 : maxBodyBytes;
    checkPort(port);
    if (maxBodyBytes < 0) {
      throw new IllegalArgumentException("max_body_bytes must be positive, was " + maxBodyBytes);
    }
  }

  /// This host and port with the default limit on bodies.
  public static HttpConfig of(String host, int port) {
    return new HttpConfig(host, port, 0);
  }

  static void checkPort(int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be between 0 and 65535, was " + port);
    }
  }
}
