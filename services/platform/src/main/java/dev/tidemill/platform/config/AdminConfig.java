package dev.tidemill.platform.config;

/// Where `/metrics` and `/health` are served (section `admin`).
///
/// @param host address to listen on; 127.0.0.1 unless told
/// @param port 0 (also when absent) takes any free port, which the log names
public record AdminConfig(String host, int port) {

  public AdminConfig {
    host = host == null ? "127.0.0.1" : host;
    HttpConfig.checkPort(port);
  }
}
