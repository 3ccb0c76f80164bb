package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/// A broker, an ingest and a curator as processes of their own, each of which comes back in place.
final class Cluster implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(50);
  // Below the ports that systems hand out by themselves, so that nobody takes one while its owner
  // is dead.
  private static final int FIRST_PORT = 21_000;
  private static final int LAST_PORT = 30_000;

  private final Set<Integer> ports = new HashSet<>();
  private final int ingestPort;
  private final int curatorAdmin;
  private final KafkaClients clients;
  private final Probe probe;
  private final Victim broker;
  private final Victim ingest;
  private final Victim curator;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final List<Thread> watchers;

  Cluster(Path folder, Settings settings) throws IOException {
    int brokerPort = port();
    int ingestAdmin = port();
    curatorAdmin = port();
    ingestPort = port();
    String servers = "127.0.0.1:" + brokerPort;
    clients = clients(servers, Map.of());
    probe = new Probe(clients(servers, Probe.IMPATIENT), brokerPort);
    Path config = folder.resolve("tidemill.yaml");
    Files.writeString(config, Config.yaml(servers, ingestPort, folder, settings));
    broker =
        new Victim(
            new Program(
                folder,
                "broker",
                List.of("-Xmx512m"),
                dev.tidemill.broker.Main.class,
                List.of(
                    "--data",
                    folder.resolve("kafka").toString(),
                    "--port",
                    Integer.toString(brokerPort),
                    "--controller-port",
                    Integer.toString(port()))),
            probe::brokerWorks);
    ingest =
        new Victim(
            service(folder, "ingest", "-Xmx256m", dev.tidemill.ingest.Main.class, ingestAdmin),
            () -> probe.ready(ingestAdmin));
    curator =
        new Victim(
            service(folder, "curator", "-Xmx768m", dev.tidemill.curator.Main.class, curatorAdmin),
            () -> probe.ready(curatorAdmin));
    watchers = victims().stream().map(this::watcher).toList();
  }

  /// Starts everything and returns when it works.
  void start() {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::kill));
    broker.start();
    watchers.forEach(Thread::start);
    await("the broker works", Duration.ofMinutes(1), () -> !broker.down());
    try (Admin admin = clients.admin()) {
      TopicCreation.ensure(admin, (short) 1);
    }
    ingest.start();
    curator.start();
    await("everything works", Duration.ofSeconds(90), this::works);
    victims().forEach(Victim::begin);
  }

  List<Victim> victims() {
    return List.of(broker, ingest, curator);
  }

  boolean works() {
    return victims().stream().noneMatch(Victim::down);
  }

  KafkaClients clients() {
    return clients;
  }

  /// Feedback that waits for its completion, by the curator's own metric.
  double parked() {
    return probe.metric(curatorAdmin, "tidemill_curator_feedback_parked");
  }

  int ingestPort() {
    return ingestPort;
  }

  /// Waits for a condition.
  static void await(String what, Duration limit, java.util.function.BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("not within " + limit.toSeconds() + " s: " + what);
      }
      pause(LOOK);
    }
  }

  static void pause(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    for (Thread watcher : watchers) {
      try {
        watcher.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    kill();
    probe.close();
  }

  private void kill() {
    victims().forEach(Victim::close);
  }

  private Thread watcher(Victim victim) {
    return Thread.ofPlatform()
        .name("watch-" + victim.name())
        .daemon()
        .unstarted(
            () -> {
              boolean closed = false;
              while (!closed) {
                victim.look();
                try {
                  closed = closing.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                  closed = true;
                }
              }
            });
  }

  private static Program service(
      Path folder, String name, String heap, Class<?> main, int adminPort) throws IOException {
    // Each has an admin port of its own; all else is in the one file.
    Path config = folder.resolve(name + ".yaml");
    Files.writeString(
        config,
        Files.readString(folder.resolve("tidemill.yaml"))
            + "admin: {port: %d}%n".formatted(adminPort));
    return new Program(folder, name, List.of(heap), main, List.of("--config", config.toString()));
  }

  private static KafkaClients clients(String servers, Map<String, String> properties) {
    return new KafkaClients(
        new KafkaConfig(servers, properties, null, (short) 1), "soak", new SimpleMeterRegistry());
  }

  private int port() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      if (ports.add(port) && free(port)) {
        return port;
      }
    }
  }

  private static boolean free(int port) throws IOException {
    try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return probe.isBound();
    } catch (java.net.BindException e) {
      return false;
    }
  }
}
