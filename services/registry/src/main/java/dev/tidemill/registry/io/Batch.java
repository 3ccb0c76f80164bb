package dev.tidemill.registry.io;

import dev.tidemill.registry.domain.Outcome;
import dev.tidemill.registry.domain.RegistryDecider;
import dev.tidemill.registry.domain.RegistryEvent;
import dev.tidemill.registry.domain.RegistryImage;
import dev.tidemill.registry.domain.RegistryInput;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A row of inputs, each decided on the image that the ones before it make.
final class Batch {
  private static final Logger log = LoggerFactory.getLogger(Batch.class);

  private final List<RegistryEvent> events = new ArrayList<>();
  private final InstantSource clock;
  private final RegistryMetrics metrics;
  private RegistryImage image;

  Batch(RegistryImage image, InstantSource clock, RegistryMetrics metrics) {
    this.image = image;
    this.clock = clock;
    this.metrics = metrics;
  }

  /// What is to be recorded.
  List<RegistryEvent> events() {
    return events;
  }

  /// The image with all events so far.
  RegistryImage image() {
    return image;
  }

  Outcome take(RegistryInput input) {
    Outcome outcome = RegistryDecider.decide(image, input, clock.instant());
    switch (outcome) {
      case Outcome.Accepted accepted -> {
        events.addAll(accepted.events());
        image = image.replay(accepted.events());
        accepted.events().forEach(Batch::tell);
      }
      case Outcome.Refused refused -> {
        log.warn("ignored ({}): {}", refused.reason().label(), refused.detail());
        metrics.countIgnored(refused.reason());
      }
    }
    return outcome;
  }

  private static void tell(RegistryEvent event) {
    switch (event) {
      case RegistryEvent.ReleaseChanged changed ->
          log.info(
              "release {} is {}: {}",
              changed.release().getId(),
              changed.release().getState(),
              changed.release().getReason());
      case RegistryEvent.RouteChanged changed ->
          log.info(
              "route of {} is at epoch {}{}",
              changed.route().getTask(),
              changed.route().getEpoch(),
              changed.route().getLive() == null ? ", without a live release" : "");
      case RegistryEvent.ErasureSeen seen ->
          log.info(
              "erasure {} is applied: {} places",
              seen.erasure().id(),
              seen.erasure().positions().size());
    }
  }
}
