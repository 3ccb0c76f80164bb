package dev.tidemill.curator.guard;

import dev.tidemill.curator.Records;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import java.time.Duration;

/// One feedback and the completion it speaks of.
///
/// @param at when, from the beginning
/// @param served the answer it speaks of
/// @param evidence what it says
/// @param lie whether it belongs to an attack
record Said(
    Duration at, String subject, String question, String served, Object evidence, boolean lie) {

  static Said rating(Duration at, String subject, String question, String served, boolean good) {
    return new Said(at, subject, question, served, new Rating(good ? 1.0 : 0.0, null), false);
  }

  static Said correction(
      Duration at, String subject, String question, String served, String better) {
    return new Said(at, subject, question, served, new Correction(better), false);
  }

  static Said preference(
      Duration at, String subject, String question, String served, String other, boolean better) {
    return new Said(at, subject, question, served, new Preference(null, other, better), false);
  }

  /// The same as part of an attack.
  Said asLie() {
    return new Said(at, subject, question, served, evidence, true);
  }

  /// Sends both to the curator, with this id.
  void send(dev.tidemill.curator.Bench bench, String id) {
    var now = Records.START.plus(at);
    bench.send(
        dev.tidemill.events.Completion.newBuilder(Records.completion(id, question, served))
            .setEventTime(now)
            .build());
    bench.send(Records.at(Records.feedback("f-" + id, id, subject, evidence), now));
  }
}
