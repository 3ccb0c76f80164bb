package dev.tidemill.benchmarks.scenario.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/// Sends the script: waves side by side, the steps of a wave one after the other.
final class Driver {
  private final Script script;
  private final Gateway gateway;
  private final Replica replica;
  private final Pace pace;
  private final int lanes;

  Driver(Script script, Gateway gateway, Replica replica, Pace pace, int lanes) {
    this.script = script;
    this.gateway = gateway;
    this.replica = replica;
    this.pace = pace;
    this.lanes = lanes;
  }

  /// Returns when all that comes before the afterthoughts is acknowledged.
  void steps() {
    send(Wave::steps);
  }

  /// Returns when all afterthoughts are acknowledged.
  void afterthoughts() {
    send(Wave::afterthoughts);
  }

  private void send(Function<Wave, List<Step>> part) {
    AtomicInteger next = new AtomicInteger();
    try (ExecutorService executor = Executors.newFixedThreadPool(lanes)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < lanes; i++) {
        running.add(
            executor.submit(
                () -> {
                  for (int n = next.getAndIncrement();
                      n < script.waves();
                      n = next.getAndIncrement()) {
                    // Once begun, a wave is sent to its end: what waits in between counts on the
                    // curator's clocks.
                    pace.await();
                    part.apply(script.wave(n)).forEach(this::send);
                  }
                }));
      }
      for (Future<?> lane : running) {
        lane.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the script could not be sent: " + e.getCause(), e);
    }
  }

  private void send(Step step) {
    if (step.events().isEmpty()) {
      return;
    }
    switch (step.way()) {
      case DOCUMENTS, DEMONSTRATIONS, FEEDBACK -> gateway.push(step);
      case KAFKA -> replica.write(step);
    }
    pace.sent(step.events().size());
  }
}
