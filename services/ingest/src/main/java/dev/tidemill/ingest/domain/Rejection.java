package dev.tidemill.ingest.domain;

import org.jspecify.annotations.Nullable;

/// Why a record, or a whole body, is not taken in.
///
/// @param field path of the field at fault, as `prompt[0].role`; null when the body as a whole is
/// @param detail one sentence on this very case
public record Rejection(Reason reason, @Nullable String field, String detail) {}
