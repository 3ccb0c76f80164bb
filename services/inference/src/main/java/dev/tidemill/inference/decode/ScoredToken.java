package dev.tidemill.inference.decode;

import dev.tidemill.model.generate.TokenScore;

/// A token of an answer with its score.
///
/// @param offset characters (code points) of the text before it
public record ScoredToken(TokenScore score, int offset) {}
