package dev.tidemill.broker;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server;
import kafka.server.SharedServer;
import kafka.server.StandardFaultHandlerFactory;
import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;
import org.apache.kafka.common.errors.NotControllerException;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.controller.ControllerRequestContext;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.ServerSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Controller and broker of one Kafka node, put together as Kafka's own `KafkaRaftServer` does,
/// with one step between the two starts: the registration that a killed broker left is removed.
///
/// Beside such a registration a new broker leads its partitions by the former metadata until the
/// session of the dead one ends. It tries to send the markers of transactions that were about to
/// complete, to itself, and is not listening yet. When the session ends, no partition has a leader
/// for a moment, and the transaction coordinator takes a partition without a leader for a deleted
/// one: it leaves its marker out and calls the transaction complete
/// (`TransactionMarkerChannelManager.addTxnMarkersToBrokerQueue`, Kafka 4.3.1). A committed
/// transaction is lost that way, or stays open and blocks its readers.
final class Node {

  private static final Logger log = LoggerFactory.getLogger(Node.class);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final int id;
  private final SharedServer shared;
  private final ControllerServer controller;
  private final BrokerServer broker;

  Node(KafkaConfig config) {
    id = config.nodeId();
    scala.Tuple2<MetaPropertiesEnsemble, BootstrapMetadata> directories =
        KafkaRaftServer.initializeLogDirs(config, log, "[node " + id + "] ");
    Metrics metrics =
        Server.initializeMetrics(config, Time.SYSTEM, directories._1().clusterId().orElseThrow());
    shared =
        new SharedServer(
            config,
            directories._1(),
            Time.SYSTEM,
            metrics,
            CompletableFuture.completedFuture(
                QuorumConfig.parseVoterConnections(config.quorumConfig().voters())),
            List.of(),
            new StandardFaultHandlerFactory(),
            ServerSocketFactory.INSTANCE);
    controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), directories._2());
    broker = new BrokerServer(shared);
  }

  /// Returns when the broker answers.
  void start() throws InterruptedException, ExecutionException, TimeoutException {
    controller.startup();
    removeFormerRegistration();
    awaitMetadata();
    broker.startup();
  }

  void stop() {
    broker.shutdown();
    controller.shutdown();
    broker.awaitShutdown();
    controller.awaitShutdown();
  }

  private void removeFormerRegistration()
      throws InterruptedException, ExecutionException, TimeoutException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    boolean removed = false;
    while (!removed) {
      try {
        ControllerRequestContext context =
            new ControllerRequestContext(
                new RequestHeaderData(), KafkaPrincipal.ANONYMOUS, OptionalLong.empty());
        controller.controller().unregisterBroker(context, id).get(60, TimeUnit.SECONDS);
        removed = true;
      } catch (ExecutionException e) {
        // The one voter is elected within milliseconds. Only the controller itself knows: what is
        // published of its state may be older, and one killed before it worked is there as well.
        removed = e.getCause() instanceof BrokerIdNotRegisteredException;
        if (!removed
            && (!(e.getCause() instanceof NotControllerException) || System.nanoTime() > end)) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
  }

  // The broker begins with the metadata that the node has read so far: with what came before the
  // removal it would lead partitions by the former registration after all.
  private void awaitMetadata() throws InterruptedException, TimeoutException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    long written = shared.raftManager().client().highWatermark().orElse(0);
    while (shared.loader().lastAppliedOffset() < written - 1) {
      if (System.nanoTime() > end) {
        throw new TimeoutException("the node does not read its metadata up to offset " + written);
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }
}
