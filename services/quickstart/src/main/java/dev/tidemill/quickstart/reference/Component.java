package dev.tidemill.quickstart.reference;

/// The three clients whose settings the Kafka client jar documents.
public enum Component {
  ADMIN("the admin client", "org.apache.kafka.clients.admin.AdminClientConfig"),
  CONSUMER("the consumer", "org.apache.kafka.clients.consumer.ConsumerConfig"),
  PRODUCER("the producer", "org.apache.kafka.clients.producer.ProducerConfig");

  private final String phrase;
  private final String configClass;

  Component(String phrase, String configClass) {
    this.phrase = phrase;
    this.configClass = configClass;
  }

  /// How a sentence names this component.
  public String phrase() {
    return phrase;
  }

  /// The class in the jar that holds this component's `ConfigDef`.
  String configClass() {
    return configClass;
  }
}
