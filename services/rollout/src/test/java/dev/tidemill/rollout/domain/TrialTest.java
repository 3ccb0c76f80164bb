package dev.tidemill.rollout.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Arm;
import dev.tidemill.rollout.RolloutConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TrialTest {
  private static final Instant START = Instant.ofEpochSecond(1_000);
  private static final RolloutConfig CONFIG = RolloutConfig.defaults();

  private final Evidence evidence = new Evidence(4);
  private final Trial trial = begin();

  private Trial begin() {
    Trial begun = newTrial();
    evidence.begin(begun);
    return begun;
  }

  private static Trial newTrial() {
    return new Trial(new Trial.Pair("support", "new", "old", START), CONFIG);
  }

  @Test
  void onlyAnswersOfBothArmsDuringTheTrialCount() {
    evidence.take(completion("a", "new", Arm.CANARY, 0));
    evidence.take(completion("b", "old", Arm.LIVE, 0));
    evidence.take(completion("early", "old", Arm.LIVE, -1));
    evidence.take(completion("pinned", "new", Arm.PINNED, 1));
    evidence.take(completion("shadow", "new", Arm.SHADOW, 1));
    evidence.take(completion("older", "oldest", Arm.LIVE, 1));
    for (String id : List.of("a", "b", "early", "pinned", "shadow", "older")) {
      evidence.take(rated("r-" + id, id, "ann", 1, 5));
    }
    assertThat(trial.canaryRatings().count()).isEqualTo(1);
    assertThat(trial.liveRatings().count()).isEqualTo(1);
    assertThat(trial.canaryHealth().completions()).isEqualTo(1);
  }

  @Test
  void ofOneSubjectsRatingsTheLatestCountsAndARetractionBringsTheOneBeforeBack() {
    evidence.take(completion("a", "new", Arm.CANARY, 0));
    evidence.take(rated("r2", "a", "ann", 0, 20));
    evidence.take(rated("r1", "a", "ann", 1, 10));
    evidence.take(rated("r1", "a", "ann", 1, 10));
    assertThat(trial.canaryRatings().count()).isEqualTo(1);
    assertThat(trial.canaryRatings().mean()).isEqualTo(0);

    evidence.take(new FeedbackFact.Retracted("x", "a", "r2"));
    assertThat(trial.canaryRatings().mean()).isEqualTo(1);
    evidence.take(new FeedbackFact.Retracted("y", "a", "r1"));
    assertThat(trial.canaryRatings().count()).isZero();
  }

  @Test
  void aRetractionMayComeFirst() {
    evidence.take(completion("a", "new", Arm.CANARY, 0));
    evidence.take(new FeedbackFact.Retracted("x", "a", "r1"));
    evidence.take(rated("r1", "a", "ann", 1, 10));
    assertThat(trial.canaryRatings().count()).isZero();
  }

  @Test
  void feedbackWaitsForItsCompletionInBounds() {
    for (int i = 0; i < 6; i++) {
      evidence.take(rated("r" + i, "c" + i, "ann" + i, 1, 10));
    }
    assertThat(evidence.parked()).isEqualTo(4);
    assertThat(evidence.dropped()).isEqualTo(2);
    for (int i = 0; i < 6; i++) {
      evidence.take(completion("c" + i, "new", Arm.CANARY, 0));
    }
    assertThat(trial.canaryRatings().count()).isEqualTo(4);
    assertThat(evidence.parked()).isZero();
  }

  @Test
  void oneSubjectCountsTwentyTimesOnAnArm() {
    for (int i = 0; i < 30; i++) {
      evidence.take(completion("c" + i, "new", Arm.CANARY, 0));
      evidence.take(rated("r" + i, "c" + i, "ann", 1, 10 + i));
    }
    assertThat(trial.canaryRatings().count()).isEqualTo(20);
    evidence.take(completion("other", "new", Arm.CANARY, 0));
    evidence.take(rated("r-other", "other", "bob", 1, 99));
    assertThat(trial.canaryRatings().count()).isEqualTo(21);
  }

  @Test
  void aRatingWithoutASubjectCountsToWhoAsked() {
    for (int i = 0; i < 30; i++) {
      evidence.take(completion("c" + i, "new", Arm.CANARY, 0));
      evidence.take(rated("r" + i, "c" + i, null, 1, 10 + i));
    }
    assertThat(trial.canaryRatings().count()).isEqualTo(20);
  }

  @Test
  void theOrderOfArrivalAndReadingTwiceChangeNothing() {
    Random random = new Random(3);
    List<Object> facts = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      boolean canary = random.nextBoolean();
      facts.add(completion("c" + i, canary ? "new" : "old", canary ? Arm.CANARY : Arm.LIVE, i));
      facts.add(rated("r" + i, "c" + i, "s" + i % 7, random.nextInt(2), i + 1));
      if (i % 5 == 0) {
        facts.add(rated("again" + i, "c" + i, "s" + i % 7, random.nextInt(2), i + 40));
      }
      if (i % 11 == 0) {
        facts.add(new FeedbackFact.Retracted("x" + i, "c" + i, "r" + i));
      }
    }
    Trial first = read(facts);
    List<Object> twice = new ArrayList<>(facts);
    twice.addAll(facts);
    Collections.shuffle(twice, random);
    Trial second = read(twice);

    assertThat(first.canaryRatings().count()).isPositive();
    assertThat(TrialNumbers.of(second, 0.1, CONFIG, START))
        .containsEntry("mean_rating_live", first.liveRatings().mean());
    for (int cell = 0; cell <= BettingArm.CELLS; cell++) {
      assertThat(second.canaryRatings().capitalAbove(cell))
          .isEqualTo(first.canaryRatings().capitalAbove(cell));
      assertThat(second.liveRatings().capitalBelow(cell))
          .isEqualTo(first.liveRatings().capitalBelow(cell));
    }
  }

  @Test
  void aRatingOutOfBoundsIsRefused() {
    for (double value : List.of(-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY)) {
      assertThatThrownBy(() -> rated("r", "c", "ann", value, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[0, 1]");
    }
  }

  private static Trial read(List<Object> facts) {
    Evidence book = new Evidence(100_000);
    Trial trial = newTrial();
    book.begin(trial);
    for (Object fact : facts) {
      if (fact instanceof CompletionFact completion) {
        book.take(completion);
      } else {
        book.take((FeedbackFact) fact);
      }
    }
    return trial;
  }

  private static FeedbackFact.Rated rated(
      String id, String completion, @Nullable String subject, double value, long second) {
    return new FeedbackFact.Rated(id, completion, subject, value, START.plusSeconds(second));
  }

  private static CompletionFact completion(String id, String release, Arm arm, long second) {
    return new CompletionFact(
        id, "support", release, arm, "asker", "stop", 5, 0.1, START.plusSeconds(second));
  }
}
