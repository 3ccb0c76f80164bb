package dev.tidemill.platform.http;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// An answer that says what is wrong with a request (RFC 9457). Handlers throw it; the server makes
/// `application/problem+json` of it. It carries no stack trace: it is an answer, not an accident.
public final class Problem extends RuntimeException {

  private final int status;
  private final String slug;
  private final String title;
  private final @Nullable String field;
  private final @Nullable Duration retryAfter;

  private Problem(
      int status,
      String slug,
      String title,
      String detail,
      @Nullable String field,
      @Nullable Duration retryAfter) {
    super(detail, null, false, false);
    this.status = status;
    this.slug = slug;
    this.title = title;
    this.field = field;
    this.retryAfter = retryAfter;
  }

  /// Any problem; the named ones below are to be preferred.
  ///
  /// @param slug names the type of problem, as `unknown-field`
  /// @param field the path of the field at fault, as `messages[0].role`
  public static Problem of(
      int status, String slug, String title, String detail, @Nullable String field) {
    return new Problem(status, slug, title, detail, field, null);
  }

  /// 400: the request is at fault as a whole.
  public static Problem badRequest(String detail) {
    return of(400, "bad-request", "Bad request", detail, null);
  }

  /// 400: this field is at fault.
  public static Problem badRequest(String field, String detail) {
    return of(400, "invalid-field", "Invalid field", detail, field);
  }

  /// 401: who asks is not known.
  public static Problem unauthorized(String detail) {
    return of(401, "unauthorized", "Unauthorized", detail, null);
  }

  /// 403: who asks may not.
  public static Problem forbidden(String detail) {
    return of(403, "forbidden", "Forbidden", detail, null);
  }

  /// 404: what is asked for does not exist.
  public static Problem notFound(String detail) {
    return of(404, "not-found", "Not found", detail, null);
  }

  /// 409: the request does not fit the state things are in.
  public static Problem conflict(String detail) {
    return of(409, "conflict", "Conflict", detail, null);
  }

  /// 413: the request's body is longer than the limit.
  public static Problem tooLarge(long limitBytes) {
    return of(
        413,
        "too-large",
        "Body too large",
        "the request's body is longer than the limit of " + limitBytes + " bytes",
        null);
  }

  /// 415: the body is not of a type we read.
  public static Problem unsupportedMediaType(String detail) {
    return of(415, "unsupported-media-type", "Unsupported media type", detail, null);
  }

  /// 422: the request is well-formed and still makes no sense.
  public static Problem unprocessable(String field, String detail) {
    return of(422, "unprocessable", "Unprocessable", detail, field);
  }

  /// 429: too much was asked; again after `retryAfter`.
  public static Problem tooManyRequests(String detail, Duration retryAfter) {
    return new Problem(429, "too-many-requests", "Too many requests", detail, null, retryAfter);
  }

  /// 429: who asks has used up what it may ask for; again after `retryAfter`.
  public static Problem rateLimited(String detail, Duration retryAfter) {
    return new Problem(429, "rate-limited", "Rate limited", detail, null, retryAfter);
  }

  /// 500: our fault. The cause is logged, never shown.
  public static Problem internal() {
    return of(
        500,
        "internal",
        "Internal error",
        "the request failed by an error of ours; the log of the service says more",
        null);
  }

  /// 503: not now; again after `retryAfter`.
  public static Problem unavailable(String detail, Duration retryAfter) {
    return new Problem(503, "unavailable", "Unavailable", detail, null, retryAfter);
  }

  public int status() {
    return status;
  }

  public String slug() {
    return slug;
  }

  public String title() {
    return title;
  }

  /// One sentence on this very case; the same as [#getMessage()].
  public String detail() {
    return String.valueOf(getMessage());
  }

  public @Nullable String field() {
    return field;
  }

  public @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
