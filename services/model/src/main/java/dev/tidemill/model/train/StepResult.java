package dev.tidemill.model.train;

/// What one training step did.
///
/// @param loss weighted mean loss over the labelled tokens, before the update, in nats
/// @param gradientNorm global norm before clipping
/// @param tokens tokens in the batch, padding not counted
/// @param labelledTokens tokens that the loss was taken on
public record StepResult(double loss, double gradientNorm, int tokens, int labelledTokens) {}
