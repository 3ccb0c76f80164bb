package dev.tidemill.model.train;

/// Two answers to one prompt, of which the first is preferred.
public record PreferencePair(TrainingExample chosen, TrainingExample rejected) {}
