package dev.tidemill.platform.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Makes the registry of a process. Our own meters are named `tidemill.<service>.<what>` with the
/// unit as Micrometer's base unit, so Prometheus sees `tidemill_<service>_<what>_<unit>`.
public final class Metrics {

  private static final Path STATUS = Path.of("/proc/self/status");

  private Metrics() {}

  /// A registry with the meters of the JVM and of the process.
  public static PrometheusMeterRegistry create() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new ClassLoaderMetrics().bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmGcMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    bindResidentMemory(registry);
    return registry;
  }

  /// Resident memory of this process in bytes, native memory included; NaN where the system does
  /// not tell.
  public static double residentMemoryBytes() {
    return statusBytes("VmRSS:");
  }

  /// The most resident memory this process has had, in bytes; NaN where the system does not tell.
  public static double peakResidentMemoryBytes() {
    return statusBytes("VmHWM:");
  }

  private static void bindResidentMemory(MeterRegistry registry) {
    if (!Files.isReadable(STATUS)) {
      return;
    }
    Gauge.builder("tidemill.process.resident.memory", Metrics::residentMemoryBytes)
        .baseUnit("bytes")
        .description("Resident memory of the process, native memory included")
        .register(registry);
    Gauge.builder("tidemill.process.resident.memory.peak", Metrics::peakResidentMemoryBytes)
        .baseUnit("bytes")
        .description("The most resident memory the process has had")
        .register(registry);
  }

  private static double statusBytes(String field) {
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(field))
          .findFirst()
          .map(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024)
          .orElse(Double.NaN);
    } catch (IOException | NumberFormatException e) {
      return Double.NaN;
    }
  }
}
