package dev.tidemill.quickstart.reference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.junit.jupiter.api.Test;

class KafkaReferenceTest {
  private static final KafkaReference OLD = KafkaReference.archived();
  private static final KafkaReference NEW = KafkaReference.current();

  @Test
  void versionsAreThoseOfTheJars() {
    assertThat(OLD.version()).isEqualTo("3.9");
    assertThat(NEW.version()).startsWith("4.");
  }

  @Test
  void bothReferencesAreWhole() {
    assertThat(OLD.withDefault()).hasSize(261);
    assertThat(OLD.settings()).hasSize(265);
    assertThat(NEW.settings()).hasSizeGreaterThan(OLD.settings().size());
    assertThat(NEW.settings().stream().map(Setting::id)).doesNotHaveDuplicates();
  }

  @Test
  void lingerMsWasZeroAndIsFive() {
    assertThat(defaultOf(OLD, Component.PRODUCER, "linger.ms")).isEqualTo("0");
    assertThat(defaultOf(NEW, Component.PRODUCER, "linger.ms")).isEqualTo("5");
  }

  @Test
  void anEmptyDefaultAndANullDefaultHaveWords() {
    assertThat(defaultOf(OLD, Component.ADMIN, "metric.reporters")).isEqualTo("\"\"");
    assertThat(defaultOf(OLD, Component.ADMIN, "ssl.cipher.suites")).isEqualTo("null");
    assertThat(defaultOf(NEW, Component.ADMIN, "ssl.cipher.suites")).isEqualTo("\"\"");
    assertThat(defaultOf(NEW, Component.ADMIN, "metric.reporters"))
        .isEqualTo("org.apache.kafka.common.metrics.JmxReporter");
  }

  /// What is read by name through a class loader is what the linked class says.
  @Test
  void theCurrentReferenceIsTheConfigDefOnTheClassPath() {
    assertAgrees(Component.PRODUCER, ProducerConfig.configDef());
    assertAgrees(Component.CONSUMER, ConsumerConfig.configDef());
  }

  @Test
  void readingTwiceGivesTheSame() {
    assertThat(KafkaReference.archived()).isEqualTo(OLD);
    assertThat(KafkaReference.current()).isEqualTo(NEW);
  }

  @Test
  void theArchivedJarLeavesTheContextClassLoaderAlone() {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    KafkaReference.archived();
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
  }

  @Test
  void documentationIsPlainText() {
    assertThat(List.of(OLD, NEW))
        .flatExtracting(KafkaReference::settings)
        .extracting(Setting::doc)
        .allSatisfy(
            doc -> assertThat(doc).doesNotContainPattern("</?(code|ul|li|p|a|b|i)\\b|&\\w+;|\n"));
  }

  @Test
  void changesAreExactlyTheDefaultsThatDiffer() {
    ReferenceChange change = ReferenceChange.between(OLD, NEW);

    assertThat(change.changed()).hasSizeGreaterThanOrEqualTo(10);
    assertThat(change.changed())
        .allSatisfy(
            s ->
                assertThat(defaultOf(OLD, s.component(), s.name())).isNotEqualTo(s.defaultValue()));
    assertThat(change.unchanged())
        .allSatisfy(
            s -> assertThat(defaultOf(OLD, s.component(), s.name())).isEqualTo(s.defaultValue()));
    assertThat(change.changed()).extracting(Setting::name).contains("linger.ms");
    assertThat(change.changed().size() + change.unchanged().size() + change.added().size())
        .isEqualTo(NEW.withDefault().size());
    assertThat(change.changed().size() + change.unchanged().size() + change.removed().size())
        .isEqualTo(OLD.withDefault().size());
  }

  private static void assertAgrees(Component component, ConfigDef definition) {
    List<ConfigDef.ConfigKey> keys =
        definition.configKeys().values().stream().filter(key -> !key.internalConfig).toList();
    assertThat(NEW.settings()).filteredOn(s -> s.component() == component).hasSameSizeAs(keys);
    for (ConfigDef.ConfigKey key : keys) {
      if (key.hasDefault()) {
        String text =
            Objects.requireNonNullElse(
                ConfigDef.convertToString(key.defaultValue, key.type), "null");
        assertThat(defaultOf(NEW, component, key.name)).isEqualTo(text.isEmpty() ? "\"\"" : text);
      } else {
        assertThat(NEW.withDefault())
            .extracting(Setting::id)
            .doesNotContain(new Setting.Id(component, key.name));
      }
    }
  }

  private static String defaultOf(KafkaReference reference, Component component, String name) {
    return reference.withDefault().stream()
        .filter(s -> s.component() == component && s.name().equals(name))
        .map(ReferenceText::answer)
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not a setting of " + component));
  }
}
