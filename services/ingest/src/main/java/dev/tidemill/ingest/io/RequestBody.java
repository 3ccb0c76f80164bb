package dev.tidemill.ingest.io;

import dev.tidemill.platform.http.Problem;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// A request's body: its format, and its bytes, unpacked and of bounded size.
///
/// @param format how the bytes are to be read
/// @param bytes the body after any gzip was taken off
/// @param task what the rows of a table teach (`?task=`); empty for other formats
/// @param template what makes instructions of them (`?template=`); empty for other formats
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
record RequestBody(Format format, byte[] bytes, String task, String template) {

  /// The formats that are read.
  enum Format {
    JSON,
    NDJSON,
    CSV
  }

  /// Reads the body of a request.
  ///
  /// @param maxBytes limit on the bytes as sent and on the bytes unpacked
  /// @throws Problem 415 for a type or encoding that is not read, 413 when it is too long, 400 when
  ///   it is not the gzip that it says it is
  static RequestBody read(ServerRequest request, long maxBytes) {
    Format format =
        request
            .headers()
            .first(HeaderNames.CONTENT_TYPE)
            .map(RequestBody::format)
            .orElse(Format.JSON);
    String encoding =
        request
            .headers()
            .first(HeaderNames.CONTENT_ENCODING)
            .map(value -> value.strip().toLowerCase(Locale.ROOT))
            .orElse("identity");
    if (!encoding.equals("identity") && !encoding.equals("gzip")) {
      throw Problem.unsupportedMediaType(
          "the content encoding must be gzip or identity, not " + encoding);
    }
    if (!request.content().hasEntity()) {
      throw Problem.badRequest("the request has no body; JSON is wanted");
    }
    // Packed bodies come as they are: PackedBodies keeps Helidon from unpacking them unboundedly.
    try (InputStream in = request.content().inputStream();
        InputStream unpacked = encoding.equals("gzip") ? new GZIPInputStream(in) : in) {
      byte[] bytes = unpacked.readNBytes((int) Math.min(maxBytes + 1, Integer.MAX_VALUE - 8));
      if (bytes.length > maxBytes) {
        throw Problem.tooLarge(maxBytes);
      }
      return switch (format) {
        case JSON, NDJSON -> new RequestBody(format, bytes, "", "");
        case CSV ->
            new RequestBody(
                format, bytes, parameter(request, "task"), parameter(request, "template"));
      };
    } catch (ZipException e) {
      throw Problem.badRequest(
          "Content-Encoding", "the body is announced as gzip and is not: " + e.getMessage());
    } catch (IOException e) {
      throw Problem.badRequest("the request's body could not be read to its end");
    }
  }

  private static String parameter(ServerRequest request, String name) {
    return request
        .query()
        .first(name)
        .asOptional()
        .orElseThrow(
            () ->
                Problem.badRequest(
                    name, "a table needs ?" + name + "=... in the request's address"));
  }

  private static Format format(String contentType) {
    return switch (contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT)) {
      case "application/json" -> Format.JSON;
      case "application/x-ndjson", "application/ndjson", "application/jsonl" -> Format.NDJSON;
      case "text/csv" -> Format.CSV;
      case String other ->
          throw Problem.unsupportedMediaType(
              "the content type must be application/json, application/x-ndjson or (for"
                  + " demonstrations) text/csv, not "
                  + other);
    };
  }
}
