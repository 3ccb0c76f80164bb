package dev.tidemill.quickstart.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Rules;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.curator.text.Screening;
import dev.tidemill.events.Document;
import dev.tidemill.events.SourcePosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The curator as the quickstart configures it lets through all that the quickstart teaches, as it
/// is.
class ReferenceScreeningTest {
  private final Rules rules;

  ReferenceScreeningTest(@TempDir Path directory) throws IOException {
    CuratorConfig config = QuickstartCurator.config(directory);
    rules = new Rules(config.limits(), config.screening(Screening.Listener.NONE));
  }

  @Test
  void everyDocumentPassesUnchanged() {
    List<ReferenceDocument> documents =
        Stream.of(KafkaReference.archived(), KafkaReference.current())
            .flatMap(
                reference ->
                    Stream.concat(
                        ReferenceText.prose(reference).stream(),
                        ReferenceText.faq(reference, (q, a) -> q + "\n" + a).stream()))
            .toList();
    assertThat(documents).hasSizeGreaterThan(1_500);
    assertThat(documents)
        .allSatisfy(
            document ->
                assertThat(verdict(document))
                    .isInstanceOfSatisfying(
                        Verdict.Accepted.class,
                        accepted ->
                            assertThat(((Document) accepted.value()).getText())
                                .isEqualTo(document.text())));
  }

  @Test
  void otherTextIsStillHeldAgainstTheRules() {
    String navigation = "Home | About | Contact | Login | Register | Search | Help";
    assertThat(verdict(new ReferenceDocument("k", navigation))).isInstanceOf(Verdict.Refused.class);
  }

  private Verdict<Document> verdict(ReferenceDocument reference) {
    Document document =
        Document.newBuilder()
            .setId(reference.key())
            .setKey(reference.key())
            .setProducer("quickstart")
            .setSource("kafka-reference")
            .setLicence("Apache-2.0")
            .setText(reference.text())
            .setTags(Map.of())
            .setEventTime(Instant.EPOCH)
            .build();
    ByteBuffer key = ByteBuffer.wrap(reference.key().getBytes(StandardCharsets.UTF_8));
    return rules.document(new Raw(new SourcePosition("test", 0, 0L), 0, key, null), document);
  }
}
