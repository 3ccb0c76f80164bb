package dev.tidemill.rollout.domain;

import dev.tidemill.events.Arm;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What the judgement needs of a completion.
///
/// @param subject the person who asked; null when nobody stands behind it
/// @param finish why it ended: stop, length, cancelled or error
/// @param answerLength characters of the answer
public record CompletionFact(
    String id,
    String task,
    String release,
    Arm arm,
    @Nullable String subject,
    String finish,
    int answerLength,
    double durationSeconds,
    Instant at) {}
