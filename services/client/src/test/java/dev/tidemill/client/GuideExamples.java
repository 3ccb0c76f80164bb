package dev.tidemill.client;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/// The Java examples of `docs/guides/producers.md`, word for word.
final class GuideExamples {

  private GuideExamples() {}

  /// Runs them all against a gateway.
  ///
  /// @return what they said
  static List<String> run(URI gateway, List<Document> documents) {
    List<String> log = new ArrayList<>();

    TidemillClient client = TidemillClient.at(gateway).producer("docs-site").build();

    Receipt receipt =
        client.push(
            List.of(
                Document.of("linger.ms", "kafka-4.3", "linger.ms defaults to 5.")
                    .withLicence("Apache-2.0"),
                Document.of("acks", "kafka-4.3", " ")));
    for (Receipt.Rejected rejected : receipt.rejected()) {
      log.add(rejected.index() + ": " + rejected.problem().detail());
    }

    client.push(Demonstration.of("support", "What is the default of linger.ms?", "5"));
    client.push(Feedback.rating("c-1", 0.2).withSubject("u-7").withId("f-1"));
    client.push(Feedback.correction("c-1", "5").withSubject("u-7"));
    client.push(Feedback.preference("c-1", "Five.", true).withSubject("u-7"));
    client.push(Feedback.retraction("c-1", "f-1").withSubject("u-7"));
    client.push(Erasure.of("u-7", "GDPR article 17"));

    try {
      client.push("import-2026-11-21", documents);
    } catch (UnavailableException e) {
      log.add("again later under " + e.idempotencyKey());
    } catch (RefusedException e) {
      log.add(e.problem().detail());
    }
    return log;
  }
}
