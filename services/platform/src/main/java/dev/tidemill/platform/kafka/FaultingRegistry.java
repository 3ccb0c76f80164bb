package dev.tidemill.platform.kafka;

import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.schemas.SchemaRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.avro.Schema;

/// A schema registry that, when it cannot be asked, is asked again for a while and then is a
/// {@link RetriableFault}: what waits for its answer is neither good nor bad yet.
final class FaultingRegistry implements SchemaRegistry {

  private static final Duration PAUSE = Duration.ofMillis(250);

  private final SchemaRegistry registry;
  private final Duration patience;

  /// @param patience how long it is asked again; zero for once
  FaultingRegistry(SchemaRegistry registry, Duration patience) {
    this.registry = registry;
    this.patience = patience;
  }

  FaultingRegistry withPatience(Duration newPatience) {
    return new FaultingRegistry(registry, newPatience);
  }

  @Override
  public int idOf(String subject, Schema schema) {
    return ask("the id of " + subject, () -> registry.idOf(subject, schema));
  }

  @Override
  public Optional<Schema> schemaOf(int id) {
    return ask("schema " + id, () -> registry.schemaOf(id));
  }

  @Override
  public List<Schema> versionsOf(String subject) {
    return ask("the versions of " + subject, () -> registry.versionsOf(subject));
  }

  private interface Question<A> {
    A ask() throws IOException;
  }

  private <A> A ask(String about, Question<A> question) {
    long start = System.nanoTime();
    while (true) {
      try {
        return question.ask();
      } catch (IOException e) {
        if (System.nanoTime() - start >= patience.toNanos() || interrupted()) {
          throw new RetriableFault(
              "the schema registry cannot be asked for " + about + ": " + e.getMessage(), e);
        }
      }
    }
  }

  // Pauses; an interruption is kept for whoever sent it.
  private static boolean interrupted() {
    try {
      Thread.sleep(PAUSE);
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
