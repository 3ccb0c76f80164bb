package dev.tidemill.curator.guard;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.events.Binary;
import dev.tidemill.events.Example;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Sft;

/// What a piece of evidence says of the answers to its prompt. Answers are digests of 8 bytes; 0 is
/// none.
///
/// @param good the answer it calls good, or better
/// @param bad the answer it calls bad, or worse
/// @param proposed whether the good answer is the subject's own text: of such there is one for each
///   subject, and they are rivals
public record Stance(long good, long bad, boolean proposed) {

  /// The stance of this evidence.
  public static Stance of(Evidence evidence) {
    long good = 0;
    long bad = 0;
    boolean proposed = false;
    for (Example example : evidence.examples()) {
      switch (example.getTraining()) {
        case Sft sft -> {
          good = answer(sft.getAnswer());
          proposed = true;
        }
        case PreferencePair pair -> {
          good = answer(pair.getChosen());
          bad = answer(pair.getRejected());
        }
        case Binary binary -> {
          good = binary.getGood() ? answer(binary.getAnswer()) : 0;
          bad = binary.getGood() ? 0 : answer(binary.getAnswer());
        }
        case Object other ->
            throw new IllegalStateException("the schema of Example knows no " + other.getClass());
      }
    }
    return new Stance(good, bad, proposed);
  }

  /// Whether a subject that says this takes that back: it speaks of the same answers, or both are
  /// its own texts.
  boolean replaces(Stance old) {
    if (proposed || old.proposed) {
      return proposed && old.proposed;
    }
    return speaksOf(old.good) && speaksOf(old.bad) && old.speaksOf(good) && old.speaksOf(bad);
  }

  private boolean speaksOf(long answer) {
    return answer == 0 || answer == good || answer == bad;
  }

  private static long answer(String text) {
    return Long.parseUnsignedLong(Texts.hash(Texts.folded(text)).substring(0, 16), 16);
  }
}
