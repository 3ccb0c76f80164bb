package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.SourcePosition;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

class DocumentTest {

  @Test
  void a_document_is_normalised_and_traced() {
    try (Bench bench = new Bench()) {
      bench.send(document("d1", "k1", "\uFEFFCafe\u0301  \r\nline\u0007 two\r\r\n\n"));
      TestRecord<String, CuratedDocument> written = bench.documents().getFirst();
      assertThat(written.key()).isEqualTo("d1");
      CuratedDocument document = written.value();
      assertThat(document.getText()).isEqualTo("Café\nline two");
      assertThat(document.getDigest()).isEqualTo(Texts.digest("Café\nline two"));
      assertThat(document.getOrigin()).isEqualTo(new SourcePosition("tidemill.documents", 0, 0L));
    }
  }

  @Test
  void a_text_counts_once_under_its_key() {
    try (Bench bench = new Bench()) {
      bench.send(document("d1", "k1", "one text"));
      bench.send(document("d1", "k1", "one text"));
      bench.send(document("d2", "k1", "one text \n"));
      bench.send(document("d1", "k1", "another text"));
      bench.send(document("d3", "k2", "one text"));
      bench.send(document("d4", "k1", "a revision"));
      assertThat(bench.documents())
          .extracting(record -> record.value().getId())
          .containsExactly("d1", "d3", "d4");
      assertThat(bench.reasons()).containsExactly("duplicate", "conflicting_id");
      assertThat(
              bench.count(
                  "tidemill.curator.records", "topic", "tidemill.documents", "outcome", "repeated"))
          .isEqualTo(1);
    }
  }

  @Test
  void the_memory_is_bounded_in_time_and_number() {
    try (Bench bench = new Bench()) {
      for (int i = 0; i < 1_500; i++) {
        bench.send(document("d" + i, "k" + i, "text " + i));
      }
      assertThat(bench.gauge("tidemill.curator.remembered.entries")).isEqualTo(2_000);
      bench.send(document("again", "k1499", "text 1499"));
      assertThat(bench.reasons()).containsExactly("duplicate");
      bench.send(document("again2", "k1", "text 1"));
      assertThat(bench.reasons()).isEmpty();
      bench.pass(Duration.ofDays(1));
      assertThat(bench.gauge("tidemill.curator.remembered.entries")).isZero();
    }
  }

  @Test
  void a_demonstration_counts_once() {
    try (Bench bench = new Bench()) {
      bench.send(demonstration("x1", "q", "a"));
      bench.send(demonstration("x1", "q", "a"));
      bench.send(demonstration("x1", "q", "b"));
      TestRecord<String, Example> written = bench.exampleRecords().getFirst();
      assertThat(written.key()).isEqualTo(written.value().getId());
      assertThat(written.value().getWeight()).isEqualTo(1);
      assertThat(written.value().getCompletionId()).isNull();
      assertThat(bench.exampleRecords()).isEmpty();
      assertThat(bench.reasons()).containsExactly("conflicting_id");
    }
  }

  @Test
  void what_is_held_out_never_trains() {
    try (Bench bench = new Bench(new HoldoutSplit(0.3, "salt"), Caps.DEFAULT)) {
      for (int i = 0; i < 200; i++) {
        String question = "question " + i % 100;
        bench.send(document("d" + i, "k" + i % 100, "text " + i));
        bench.send(
            demonstration(
                "x" + i, i < 100 ? question : question.toUpperCase(Locale.ROOT), "a" + i));
        bench.send(completion("c" + i, question, "bad"));
        bench.send(correction("f" + i, "c" + i, "subject" + i % 100, "a" + i));
      }
      bench.settle();
      Set<String> trained = new HashSet<>();
      bench.documents().forEach(record -> trained.add(record.value().getKey()));
      bench.examples().forEach(example -> trained.add(example.getKey()));
      Set<String> heldOut = new HashSet<>();
      for (TestRecord<String, Holdout> record : bench.holdout()) {
        Holdout holdout = record.value();
        heldOut.add(holdout.getKey());
        switch (holdout.getItem()) {
          case Example example -> {
            assertThat(example.getKey()).isEqualTo(holdout.getKey());
            assertThat(record.key()).startsWith(holdout.getKey() + ":");
          }
          case CuratedDocument document -> assertThat(record.key()).isEqualTo(document.getKey());
          case Object other -> throw new AssertionError(other);
        }
      }
      // 100 document keys and 100 prompts, 30 % of them held out.
      assertThat(trained.size() + heldOut.size()).isEqualTo(200);
      assertThat(heldOut).hasSizeBetween(35, 85).doesNotContainAnyElementsOf(trained);
      assertThat(heldOut.stream().filter(key -> key.startsWith("k"))).isNotEmpty();
      assertThat(heldOut.stream().filter(key -> !key.startsWith("k"))).isNotEmpty();
    }
  }
}
