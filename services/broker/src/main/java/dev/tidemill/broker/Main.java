package dev.tidemill.broker;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.logging.Logging;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/// The broker as a process of its own: `Main --data DIR --port N`. When it answers it prints
/// `ready HOST:PORT` on standard output. It stops when its standard input ends, which happens at
/// the latest when its parent dies, however that dies; or when it is told to (SIGTERM).
@CommandLine.Command(
    name = "broker",
    mixinStandardHelpOptions = true,
    description = "A single Kafka node that stops when its standard input ends.")
public final class Main implements Callable<Integer> {

  @CommandLine.Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "holds everything the broker keeps")
  private Path data = Path.of("broker");

  @CommandLine.Option(
      names = "--port",
      paramLabel = "N",
      description = "for clients; 0 takes any free one (default: ${DEFAULT-VALUE})")
  private int port = 9092;

  @CommandLine.Option(
      names = "--controller-port",
      paramLabel = "N",
      description = "for the node itself; 0 takes any free one (default: ${DEFAULT-VALUE})")
  private int controllerPort = 0;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Logging.configure();
    try (EmbeddedBroker broker = EmbeddedBroker.start(data, port, controllerPort)) {
      Thread hook = Thread.ofPlatform().name("stop").unstarted(broker::close);
      Runtime.getRuntime().addShutdownHook(hook);
      System.out.println("ready " + broker.bootstrapServers());
      awaitEnd(System.in);
      return 0;
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    }
  }

  private static void awaitEnd(InputStream in) throws IOException {
    while (in.read() >= 0) {
      // What is written to us means nothing; only the end does.
    }
  }
}
