package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.near.Fingerprint;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// A document that is fit to be published unless it is a near duplicate; keyed by its key.
///
/// @param raw its raw record, for its dead letter
/// @param subject who gave it; null when nobody is known
/// @param eventTime when it happened at the producer, in milliseconds
/// @param heldOut whether it is for the holdout
/// @param encoded the record to be published
/// @param similarity from which on it is a near duplicate
/// @param fingerprint null when its text is too short to be compared
public record Fingerprinted(
    Raw raw,
    String id,
    @Nullable String subject,
    long eventTime,
    boolean heldOut,
    Bytes encoded,
    double similarity,
    @Nullable Fingerprint fingerprint) {}
