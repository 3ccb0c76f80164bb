package dev.tidemill.client;

import org.jspecify.annotations.Nullable;

/// What the gateway says is wrong (RFC 9457).
///
/// @param type names the kind of problem, as `urn:tidemill:problem:missing-field`
/// @param detail one sentence on this very case
/// @param field the path of the field at fault, as `prompt[0].role`; null when the whole is
public record Problem(
    String type, String title, int status, String detail, @Nullable String field) {}
