package dev.tidemill.platform;

import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;

/// What the platform hands to a service.
///
/// @param service the service's name, one of [dev.tidemill.platform.config.Settings#SERVICES]
/// @param kafka makes Kafka clients with the platform's defaults
/// @param metrics where meters are registered
/// @param artifacts the content-addressed store
/// @param health where heartbeats and readiness are registered
/// @param clock the time of day
public record ServiceContext(
    String service,
    KafkaClients kafka,
    MeterRegistry metrics,
    ArtifactStore artifacts,
    Health health,
    InstantSource clock) {}
