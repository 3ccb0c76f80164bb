package dev.tidemill.curator.text.pii;

/// Personal data in a text.
///
/// @param start index of its first character
/// @param end index behind its last
public record Span(int start, int end, PiiKind kind) {}
