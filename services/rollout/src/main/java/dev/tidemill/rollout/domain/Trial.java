package dev.tidemill.rollout.domain;

import dev.tidemill.events.Arm;
import dev.tidemill.rollout.RolloutConfig;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The evidence on one canary against one live release, from the moment both had traffic. It is a
/// set of records: taking one twice changes nothing, and so the topics may be read again from any
/// earlier place.
public final class Trial {
  private static final int MOST_COMPLETIONS = 200_000;

  /// Who is compared, and since when.
  ///
  /// @param startedAt completions before it do not count, on either arm
  public record Pair(String task, String canary, String live, Instant startedAt) {}

  /// A completion that counts, with what was said about it.
  private static final class Known {
    final boolean canary;
    final String subject;
    final Map<String, FeedbackFact.Rated> ratings = new LinkedHashMap<>();
    final Set<String> retracted = new HashSet<>();

    Known(CompletionFact completion) {
      this.canary = completion.arm() == Arm.CANARY;
      this.subject = Objects.requireNonNullElse(completion.subject(), "");
    }

    String subjectOf(FeedbackFact.Rated rating) {
      return Objects.requireNonNullElse(rating.subject(), subject);
    }

    /// Of one subject's ratings the latest counts.
    Optional<FeedbackFact.Rated> counting(String of) {
      return ratings.values().stream()
          .filter(r -> subjectOf(r).equals(of) && !retracted.contains(r.id()))
          .max(Comparator.comparing(FeedbackFact.Rated::at).thenComparing(FeedbackFact.Rated::id));
    }
  }

  private final Pair pair;
  private final Map<String, Known> completions = new HashMap<>();
  private final ArmRatings canaryRatings;
  private final ArmRatings liveRatings;
  private final ArmHealth canaryHealth;
  private final ArmHealth liveHealth;

  public Trial(Pair pair, RolloutConfig config) {
    this.pair = pair;
    this.canaryRatings = new ArmRatings(config.alpha(), config.maxRatingsPerSubject());
    this.liveRatings = new ArmRatings(config.alpha(), config.maxRatingsPerSubject());
    this.canaryHealth = new ArmHealth(config.guardrails().alpha());
    this.liveHealth = new ArmHealth(config.guardrails().alpha());
  }

  public Pair pair() {
    return pair;
  }

  /// Whether the completion is evidence of this trial.
  boolean concerns(CompletionFact completion) {
    return completion.task().equals(pair.task())
        && !completion.at().isBefore(pair.startedAt())
        && switch (completion.arm()) {
          case CANARY -> completion.release().equals(pair.canary());
          case LIVE -> completion.release().equals(pair.live());
          case SHADOW, PINNED, UNKNOWN -> false;
        };
  }

  boolean knows(String completion) {
    return completions.containsKey(completion);
  }

  void take(CompletionFact completion) {
    if (!concerns(completion) || knows(completion.id()) || completions.size() >= MOST_COMPLETIONS) {
      return;
    }
    Known known = new Known(completion);
    completions.put(completion.id(), known);
    (known.canary ? canaryHealth : liveHealth).add(completion);
  }

  void take(FeedbackFact feedback) {
    @Nullable Known known = completions.get(feedback.completion());
    if (known == null) {
      return;
    }
    switch (feedback) {
      case FeedbackFact.Rated rated -> {
        String subject = known.subjectOf(rated);
        Optional<FeedbackFact.Rated> before = known.counting(subject);
        known.ratings.putIfAbsent(rated.id(), rated);
        replace(known, subject, before);
      }
      case FeedbackFact.Retracted retraction -> {
        FeedbackFact.@Nullable Rated rated = known.ratings.get(retraction.retracted());
        if (rated == null) {
          known.retracted.add(retraction.retracted());
        } else {
          String subject = known.subjectOf(rated);
          Optional<FeedbackFact.Rated> before = known.counting(subject);
          known.retracted.add(retraction.retracted());
          replace(known, subject, before);
        }
      }
    }
  }

  BettingArm canaryRatings() {
    return canaryRatings.bets();
  }

  BettingArm liveRatings() {
    return liveRatings.bets();
  }

  ArmHealth canaryHealth() {
    return canaryHealth;
  }

  ArmHealth liveHealth() {
    return liveHealth;
  }

  private void replace(Known known, String subject, Optional<FeedbackFact.Rated> before) {
    Optional<FeedbackFact.Rated> after = known.counting(subject);
    if (after.equals(before)) {
      return;
    }
    ArmRatings arm = known.canary ? canaryRatings : liveRatings;
    before.ifPresent(arm::remove);
    after.ifPresent(rating -> arm.add(rating, subject));
  }
}
