package dev.tidemill.curator.holdout;

import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static dev.tidemill.curator.Records.preference;
import static dev.tidemill.curator.Records.rating;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/// What goes through the whole topology, scanned for held-out items that train.
class HoldoutScanTest {
  private static final HoldoutSplit SPLIT = new HoldoutSplit(0.3, "salt");
  private static final int PROMPTS = 120;

  private final Random random = new Random(11);

  @Test
  void nothing_that_is_held_out_trains() {
    try (Bench bench = new Bench(SPLIT, Caps.DEFAULT)) {
      for (int i = 0; i < 6 * PROMPTS; i++) {
        send(bench, i);
      }
      bench.settle();
      HoldoutScan scan = new HoldoutScan(SPLIT);
      List<Holdout> held = bench.holdout().stream().map(TestRecord::value).toList();
      held.forEach(scan::heldOut);
      List<Example> examples = bench.examples();
      List<CuratedDocument> documents = bench.documents().stream().map(TestRecord::value).toList();
      // All kinds are on both sides, so that a leak of any would show.
      assertThat(kinds(held.stream().map(Holdout::getItem).toList()))
          .containsExactlyInAnyOrder("Sft", "PreferencePair", "Binary", "document");
      assertThat(kinds(new ArrayList<Object>(examples)))
          .containsExactlyInAnyOrder("Sft", "PreferencePair", "Binary");
      assertThat(documents).hasSizeGreaterThan(PROMPTS / 3);

      assertThat(examples.stream().map(scan::leak)).allMatch(java.util.Optional::isEmpty);
      assertThat(documents.stream().map(scan::leak)).allMatch(java.util.Optional::isEmpty);
    }
  }

  @Test
  void a_leak_is_seen_by_key_by_holdout_and_by_text() {
    try (Bench bench = new Bench(Bench.NOTHING_HELD_OUT, Caps.DEFAULT)) {
      for (int i = 0; i < 40; i++) {
        bench.send(document("d" + i, "key" + i, "text " + i));
        bench.send(demonstration("m" + i, "question " + i, "answer"));
      }
      List<CuratedDocument> documents = bench.documents().stream().map(TestRecord::value).toList();
      List<Example> examples = bench.examples();
      HoldoutScan bySplit = new HoldoutScan(SPLIT);
      assertThat(documents.stream().filter(d -> bySplit.leak(d).isPresent()))
          .isNotEmpty()
          .allMatch(d -> SPLIT.holdsOut(d.getKey()));
      assertThat(examples.stream().filter(e -> bySplit.leak(e).isPresent()))
          .isNotEmpty()
          .allMatch(e -> SPLIT.holdsOut(e.getKey()));

      HoldoutScan byItem = new HoldoutScan(Bench.NOTHING_HELD_OUT);
      CuratedDocument one = documents.getFirst();
      byItem.heldOut(new Holdout(one.getKey(), one));
      byItem.heldOut(new Holdout(examples.getFirst().getKey(), examples.getFirst()));
      assertThat(byItem.leak(one)).get().asString().contains("is in the holdout");
      assertThat(byItem.leak(examples.getFirst())).isPresent();
      assertThat(byItem.leak(documents.get(1))).isEmpty();
      assertThat(byItem.leak(CuratedDocument.newBuilder(one).setKey("other").build()))
          .get()
          .asString()
          .contains(one.getDigest());
    }
  }

  private void send(Bench bench, int i) {
    int about = random.nextInt(PROMPTS);
    // Trivial variants of a prompt must stay on its side.
    String question = "What about Thing " + about + "?";
    List<String> variants =
        List.of(
            question,
            question.toUpperCase(Locale.ROOT),
            "  " + question.replace(" ", "  ") + "\r\n");
    String asked = variants.get(random.nextInt(variants.size()));
    String id = "c" + i;
    String subject = "subject" + i % 90;
    bench.send(completion(id, asked, "answer " + random.nextInt(3)));
    switch (random.nextInt(5)) {
      case 0 -> bench.send(correction("f" + i, id, subject, "better " + random.nextInt(2)));
      case 1 -> bench.send(rating("f" + i, id, subject, random.nextDouble()));
      case 2 -> bench.send(preference("f" + i, id, subject, "other", random.nextBoolean()));
      case 3 -> bench.send(demonstration("m" + i, asked, "shown " + random.nextInt(3)));
      default -> bench.send(document("d" + i, "thing" + about, "Revision " + i + " of " + about));
    }
  }

  private static Set<String> kinds(List<?> items) {
    Set<String> kinds = new HashSet<>();
    for (Object item : items) {
      kinds.add(
          item instanceof Example example
              ? example.getTraining().getClass().getSimpleName()
              : "document");
    }
    return kinds;
  }
}
