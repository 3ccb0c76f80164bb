package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.document;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Document;
import dev.tidemill.schemas.AvroCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/// Near duplicates in the topology.
class NearDocumentTest {

  @Test
  void a_near_duplicate_is_a_dead_letter_that_names_the_other_and_gives_its_bytes_back() {
    try (Bench bench = new Bench()) {
      Document copy = document("d2", "k2", words(1, 199) + " w500");
      bench.send(document("d1", "k1", words(1, 200)));
      bench.send(copy);
      assertThat(ids(bench)).containsExactly("d1");
      DeadLetter letter = bench.deadLetters().getFirst();
      assertThat(letter.getReason()).isEqualTo("near_duplicate");
      assertThat(letter.getField()).isEqualTo("text");
      // Of 196 word 5-grams, 194 are in both.
      assertThat(letter.getDetail()).contains("0.990").contains("'d1'");
      assertThat(letter.getSource().getOffset()).isEqualTo(1);
      assertThat(letter.getRecordKey())
          .isEqualTo(ByteBuffer.wrap("k2".getBytes(StandardCharsets.UTF_8)));
      assertThat(letter.getPayload())
          .isEqualTo(ByteBuffer.wrap(AvroCodec.of(Document.class).encode(copy)));
      bench.pass(Duration.ofSeconds(1));
      assertThat(bench.gauge("tidemill.curator.near.documents")).isEqualTo(1);
      assertThat(bench.gauge("tidemill.curator.near.state.bytes")).isPositive();
      assertThat(
              bench.count(
                  "tidemill.curator.records", "topic", "tidemill.documents", "outcome", "refused"))
          .isEqualTo(1);
    }
  }

  @Test
  void a_revision_is_none_and_takes_the_place_of_what_it_revises() {
    try (Bench bench = new Bench()) {
      bench.send(document("d1", "k1", words(1, 200)));
      bench.send(document("d2", "k1", words(1, 199) + " w500"));
      bench.send(document("d3", "k1", words(1, 198) + " w501 w502"));
      assertThat(ids(bench)).containsExactly("d1", "d2", "d3");
      bench.send(document("d4", "k2", words(1, 200)));
      assertThat(bench.deadLetters().getFirst().getDetail()).contains("'d3'");
    }
  }

  @Test
  void short_texts_may_differ_in_the_one_word_that_matters() {
    try (Bench bench = new Bench()) {
      bench.send(document("d1", "k1", words(1, 24)));
      bench.send(document("d2", "k2", words(1, 24)));
      bench.send(document("d3", "k3", words(1, 25)));
      bench.send(document("d4", "k4", words(1, 25)));
      assertThat(ids(bench)).containsExactly("d1", "d2", "d3");
      assertThat(bench.reasons()).containsExactly("near_duplicate");
    }
  }

  @Test
  void nothing_near_to_what_is_held_out_trains_and_nothing_that_trains_is_near_to_the_holdout() {
    HoldoutSplit split = new HoldoutSplit(0.5, "salt");
    try (Bench bench = new Bench(split, Caps.DEFAULT)) {
      for (int i = 0; i < 100; i++) {
        // Pairs of near duplicates under keys of either side, in either order.
        bench.send(document("a" + i, "first" + i, words(1000 * i, 1000 * i + 100)));
        bench.send(document("b" + i, "second" + i, words(1000 * i + 1, 1000 * i + 101)));
      }
      Map<Integer, Set<String>> training = new HashMap<>();
      for (TestRecord<String, CuratedDocument> record : bench.documents()) {
        training.computeIfAbsent(pair(record.value()), i -> new HashSet<>()).add("t");
      }
      Set<Integer> heldOut =
          bench.holdout().stream()
              .map(record -> record.value().getItem())
              .map(item -> pair((CuratedDocument) item))
              .collect(Collectors.toSet());
      assertThat(training.keySet()).hasSizeBetween(30, 70).doesNotContainAnyElementsOf(heldOut);
      assertThat(training.size() + heldOut.size()).isEqualTo(100);
      assertThat(bench.reasons()).hasSize(100).containsOnly("near_duplicate");
      long crossing =
          IntStream.range(0, 100)
              .filter(i -> split.holdsOut("first" + i) != split.holdsOut("second" + i))
              .count();
      assertThat(crossing).isPositive();
    }
  }

  private static int pair(CuratedDocument document) {
    return Integer.parseInt(document.getId().substring(1));
  }

  private static List<String> ids(Bench bench) {
    return bench.documents().stream().map(record -> record.value().getId()).toList();
  }

  private static String words(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }
}
