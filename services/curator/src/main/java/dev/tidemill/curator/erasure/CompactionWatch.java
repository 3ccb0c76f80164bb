package dev.tidemill.curator.erasure;

import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.schemas.Topic;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/// Looks whether the topics are compacted: a tombstone on one that is not would remove nothing.
final class CompactionWatch {

  /// @throws RetriableFault naming a topic that is not compacted: erasures wait until it is
  void check(Admin admin) {
    List<ConfigResource> topics =
        Readings.topics().stream()
            .map(Topic::name)
            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
            .toList();
    try {
      for (Map.Entry<ConfigResource, Config> topic :
          admin.describeConfigs(topics).all().get().entrySet()) {
        String policy = topic.getValue().get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
        if (!policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
          throw new RetriableFault(
              "topic %s has cleanup.policy %s; erasures wait until it has compact,delete"
                  .formatted(topic.getKey().name(), policy));
        }
      }
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RetriableFault("the look at the topics' configuration was interrupted", e);
    }
  }
}
