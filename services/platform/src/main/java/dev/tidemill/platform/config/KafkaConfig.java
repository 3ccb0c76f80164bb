package dev.tidemill.platform.config;

import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which Kafka, and how to reach it (section `kafka`).
///
/// @param bootstrapServers host:port, comma separated
/// @param properties client properties passed on as they are (security, mostly); they win over the
///   platform's, except those that keep data safe (acks, idempotence, isolation)
/// @param schemaRegistryUrl when set, values are written in the registry's wire format
/// @param replicationFactor of the topics we create; 0 or absent means the broker's default (held
/// as -1)
public record KafkaConfig(
    String bootstrapServers,
    Map<String, String> properties,
    @Nullable URI schemaRegistryUrl,
    short replicationFactor) {

  public KafkaConfig {
    bootstrapServers = bootstrapServers == null ? "localhost:9092" : bootstrapServers;
    properties = properties == null ? Map.of() : Map.copyOf(properties);
    if (bootstrapServers.isBlank()) {
      throw new IllegalArgumentException("bootstrap_servers must not be blank");
    }
    if (replicationFactor < -1) {
      throw new IllegalArgumentException(
          "replication_factor must be positive, was " + replicationFactor);
    }
    replicationFactor = replicationFactor == 0 ? -1 : replicationFactor;
  }

  /// A Kafka at these servers, everything else by default.
  public static KafkaConfig of(String bootstrapServers) {
    return new KafkaConfig(bootstrapServers, Map.of(), null, (short) 0);
  }
}
