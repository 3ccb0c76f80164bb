package dev.tidemill.broker;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// The configuration of a Kafka node that is alone: one copy of everything, quick rebalances, small
/// buffers.
///
/// @param directory of the node; its log segments and its metadata log lie apart in it
record NodeProperties(Path directory, int brokerPort, int controllerPort) {

  static final int NODE_ID = 1;
  static final String CONTROLLER_LISTENER = "CONTROLLER";

  Path logs() {
    return directory.resolve("logs");
  }

  Path metadata() {
    return directory.resolve("metadata");
  }

  Map<String, String> map() {
    Map<String, String> map = new HashMap<>();
    identity(map);
    oneOfEverything(map);
    nobodyElse(map);
    quickRebalances(map);
    smallFootprint(map);
    return map;
  }

  private void identity(Map<String, String> map) {
    map.put("process.roles", "broker,controller");
    map.put("node.id", Integer.toString(NODE_ID));
    map.put("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
    map.put("controller.listener.names", CONTROLLER_LISTENER);
    map.put(
        "listeners",
        "PLAINTEXT://127.0.0.1:%d,%s://127.0.0.1:%d"
            .formatted(brokerPort, CONTROLLER_LISTENER, controllerPort));
    map.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + brokerPort);
    map.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    map.put("inter.broker.listener.name", "PLAINTEXT");
    map.put("log.dirs", logs().toString());
    map.put("metadata.log.dir", metadata().toString());
    map.put("auto.create.topics.enable", "false");
    map.put("delete.topic.enable", "true");
  }

  private static void oneOfEverything(Map<String, String> map) {
    map.put("default.replication.factor", "1");
    map.put("min.insync.replicas", "1");
    for (String topic :
        new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
      map.put(topic + ".replication.factor", "1");
    }
    map.put("offsets.topic.num.partitions", "4");
    map.put("transaction.state.log.num.partitions", "4");
    map.put("share.coordinator.state.topic.num.partitions", "4");
    map.put("transaction.state.log.min.isr", "1");
    map.put("share.coordinator.state.topic.min.isr", "1");
  }

  // Nobody could take over from the one broker. Taking the lead of its partitions away, at its end
  // or
  // because it was silent for a while, gains nothing, and a transaction that completes at that
  // moment would lose its markers (see Node).
  private static void nobodyElse(Map<String, String> map) {
    map.put("controlled.shutdown.enable", "false");
    map.put("broker.session.timeout.ms", "3600000");
  }

  private static void quickRebalances(Map<String, String> map) {
    map.put("group.initial.rebalance.delay.ms", "0");
    map.put("group.streams.initial.rebalance.delay.ms", "0");
    for (String kind : new String[] {"consumer", "share", "streams"}) {
      map.put("group." + kind + ".heartbeat.interval.ms", "500");
      map.put("group." + kind + ".min.heartbeat.interval.ms", "500");
      map.put("group." + kind + ".session.timeout.ms", "10000");
      map.put("group." + kind + ".min.session.timeout.ms", "6000");
      map.put("group." + kind + ".assignment.interval.ms", "0");
    }
    map.put("group.min.session.timeout.ms", "6000");
  }

  private static void smallFootprint(Map<String, String> map) {
    map.put("num.network.threads", "2");
    map.put("num.io.threads", "4");
    map.put("background.threads", "2");
    // Each cleaner thread takes this much of the heap, whether it cleans or not.
    map.put("log.cleaner.dedupe.buffer.size", "8388608");
    map.put("log.index.size.max.bytes", "1048576");
  }
}
