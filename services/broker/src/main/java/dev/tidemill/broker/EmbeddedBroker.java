package dev.tidemill.broker;

import dev.tidemill.platform.config.ConfigException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One Kafka node, broker and controller (KRaft), inside this JVM, listening on the loopback
/// address. Its data stays in its directory; started there again, it goes on with it.
///
/// Kafka answers some failed starts by halting the JVM, so what can be known before is checked
/// before: that nobody else holds the directory, and that both ports are free.
public final class EmbeddedBroker implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

  private final Node node;
  private final DirectoryLock lock;
  private final int port;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedBroker(Node node, DirectoryLock lock, int port) {
    this.node = node;
    this.lock = lock;
    this.port = port;
  }

  /// Starts a broker and returns when it answers; on a quiet machine in about two seconds.
  ///
  /// @param dataDir holds everything the broker keeps; made when missing
  /// @param brokerPort for clients; 0 takes any free one
  /// @param controllerPort for the node itself; 0 takes any free one
  /// @throws ConfigException when the directory is in use or a port is taken, saying which
  public static EmbeddedBroker start(Path dataDir, int brokerPort, int controllerPort) {
    Path directory = dataDir.toAbsolutePath().normalize();
    DirectoryLock lock = DirectoryLock.take(directory);
    try {
      if (brokerPort != 0 && brokerPort == controllerPort) {
        throw new ConfigException("broker and controller cannot share port " + brokerPort);
      }
      int port = freePort("the broker", brokerPort, controllerPort);
      int controller = freePort("the broker's controller", controllerPort, port);
      NodeProperties properties = new NodeProperties(directory, port, controller);
      format(properties);
      Node node = new Node(new KafkaConfig(properties.map()));
      node.start();
      log.info("broker at 127.0.0.1:{} keeps its data in {}", port, directory);
      return new EmbeddedBroker(node, lock, port);
    } catch (ConfigException e) {
      lock.close();
      throw e;
    } catch (Exception e) {
      lock.close();
      throw new ConfigException("the broker in " + directory + " could not be started: " + e, e);
    }
  }

  /// What clients are configured with.
  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  /// Stops the broker in order and lets go of its directory. A second call does nothing.
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      node.stop();
    } finally {
      lock.close();
    }
  }

  // Formatting an already formatted directory does nothing, but wants the cluster id it has.
  private static void format(NodeProperties properties) throws Exception {
    Files.createDirectories(properties.logs());
    Files.createDirectories(properties.metadata());
    List<String> directories =
        List.of(properties.logs().toString(), properties.metadata().toString());
    MetaPropertiesEnsemble former =
        new MetaPropertiesEnsemble.Loader()
            .addLogDirs(List.of(properties.logs().toString()))
            .addMetadataLogDir(properties.metadata().toString())
            .load();
    new Formatter()
        .setNodeId(NodeProperties.NODE_ID)
        .setClusterId(former.clusterId().orElseGet(() -> Uuid.randomUuid().toString()))
        .setDirectories(directories)
        .setMetadataLogDirectory(properties.metadata().toString())
        .setControllerListenerName(NodeProperties.CONTROLLER_LISTENER)
        .setIgnoreFormatted(true)
        .setPrintStream(new java.io.PrintStream(java.io.OutputStream.nullOutputStream()))
        .run();
  }

  // Any free port may turn out to be the one the other listener wants: then ask again.
  private static int freePort(String who, int wanted, int taken) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
      int port = probe.getLocalPort();
      return port == taken ? freePort(who, wanted, taken) : port;
    } catch (IOException e) {
      throw new ConfigException(
          who + " cannot listen on 127.0.0.1:" + wanted + ": " + e.getMessage(), e);
    }
  }
}
