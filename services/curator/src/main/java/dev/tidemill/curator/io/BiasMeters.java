package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.EvidenceKind;
import dev.tidemill.curator.guard.Echo;
import dev.tidemill.curator.guard.Sliding;
import dev.tidemill.events.Binary;
import dev.tidemill.events.Example;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Sft;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// Whether subjects like long answers, or those that repeat what the user said, more than others.
/// Over the last pieces heard here since the start; damped evidence counts like any other, since
/// what is measured is what people say.
final class BiasMeters {
  private static final int LAST = 1_000;

  private final Sliding corrections = new Sliding(LAST);
  private final Sliding preferences = new Sliding(LAST);
  private final Sliding ratings = new Sliding(LAST);
  private final Sliding echoes = new Sliding(LAST);
  private final Sliding others = new Sliding(LAST);
  private final List<Meter> gauges = new ArrayList<>();

  BiasMeters(MeterRegistry registry) {
    String length = "tidemill.curator.length.bias";
    String what = "Mean natural logarithm of characters of the better by those of the worse answer";
    gauge(registry, length, what, corrections, Sliding::mean, "kind", "correction");
    gauge(registry, length, what, preferences, Sliding::mean, "kind", "preference");
    gauge(
        registry,
        "tidemill.curator.good.ratings.ratio",
        "Share of the last ratings that call the answer good",
        ratings,
        Sliding::mean);
    gauge(
        registry,
        "tidemill.curator.agreement.bias",
        "Share of good ratings of answers that repeat the user, less that of all other answers",
        echoes,
        all -> all.size() == 0 || others.size() == 0 ? 0 : all.mean() - others.mean());
  }

  void add(Evidence evidence) {
    for (Example example : evidence.examples()) {
      switch (example.getTraining()) {
        case PreferencePair pair -> {
          double ratio = Math.log((double) pair.getChosen().length() / pair.getRejected().length());
          (evidence.kind() == EvidenceKind.CORRECTION ? corrections : preferences).add(ratio);
        }
        case Binary binary -> {
          double good = binary.getGood() ? 1 : 0;
          ratings.add(good);
          (Echo.repeats(binary.getPrompt(), binary.getAnswer()) ? echoes : others).add(good);
        }
        case Sft sft -> {
          // An answer without another to compare it with.
        }
        case Object other ->
            throw new IllegalStateException("the schema of Example knows no " + other.getClass());
      }
    }
  }

  List<Meter> gauges() {
    return gauges;
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String description,
      Sliding sliding,
      ToDoubleFunction<Sliding> value,
      String... tags) {
    gauges.add(
        Gauge.builder(name, sliding, value).description(description).tags(tags).register(registry));
  }
}
