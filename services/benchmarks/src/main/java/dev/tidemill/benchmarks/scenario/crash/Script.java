package dev.tidemill.benchmarks.scenario.crash;

import java.util.List;
import java.util.function.Consumer;

/// The deterministic stream of events: the same seed gives the same events, in any order of asking.
///
/// What comes of it depends on no clock, as long as a request is acknowledged and the curator comes
/// back within `join.settle`, and within `join.orphan_retention` for feedback that comes before its
/// completion.
final class Script {
  private final Settings settings;
  private final int waves;
  private final int events;
  private final int stepEvents;

  Script(Settings settings) {
    this.settings = settings;
    int counted = 0;
    int first = 0;
    int count = 0;
    while (counted < settings.events()) {
      Wave wave = wave(count++);
      counted += wave.events();
      first += Wave.count(wave.steps());
    }
    this.waves = count;
    this.events = counted;
    this.stepEvents = first;
  }

  int waves() {
    return waves;
  }

  /// All events: at least as many as were asked for.
  int events() {
    return events;
  }

  /// Events before the afterthoughts.
  int stepEvents() {
    return stepEvents;
  }

  Wave wave(int number) {
    return new WaveMaker(settings, number).make();
  }

  /// Shows every event that comes before the afterthoughts.
  void steps(Consumer<Event> consumer) {
    for (int i = 0; i < waves; i++) {
      show(wave(i).steps(), consumer);
    }
  }

  /// Shows every event of the afterthoughts.
  void afterthoughts(Consumer<Event> consumer) {
    for (int i = 0; i < waves; i++) {
      show(wave(i).afterthoughts(), consumer);
    }
  }

  private static void show(List<Step> steps, Consumer<Event> consumer) {
    for (Step step : steps) {
      step.events().forEach(consumer);
    }
  }
}
