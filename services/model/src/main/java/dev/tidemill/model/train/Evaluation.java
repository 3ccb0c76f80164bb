package dev.tidemill.model.train;

/// Loss of a release on examples it does not learn from.
///
/// @param lossPerToken mean loss over the labelled tokens, in nats
/// @param bitsPerByte the same information per UTF-8 byte of the labelled text: comparable across
///     tokenizers
/// @param tokens labelled tokens
/// @param bytes UTF-8 bytes that the labelled tokens stand for
public record Evaluation(double lossPerToken, double bitsPerByte, long tokens, long bytes) {}
