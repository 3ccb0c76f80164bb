package dev.tidemill.platform.http;

/// How a server writes a problem. [ProblemDetails] is the usual one; a server that speaks another's
/// protocol (OpenAI's, say) brings its own.
public interface ProblemRenderer {

  /// The media type of [#body].
  String contentType();

  /// The body of the answer.
  ///
  /// @param path the path that was asked for
  byte[] body(Problem problem, String path);
}
