package dev.tidemill.curator.explain;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Rules;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.curator.text.Screening;
import dev.tidemill.curator.text.pii.PiiKind;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Feedback;
import dev.tidemill.schemas.AvroCodec;
import java.io.PrintStream;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Prints what the rules say of each record, with the very rules of the service, and sums up.
final class Explainer {
  private final PrintStream out;
  private final Rules rules;
  private final Seen seen = new Seen();
  private final Map<String, Integer> refused = new TreeMap<>();
  private final Map<String, Integer> languages = new TreeMap<>();
  private final Map<PiiKind, Integer> replaced = new EnumMap<>(PiiKind.class);
  private int accepted;
  private int unreadable;

  Explainer(CuratorConfig config, PrintStream out) {
    this.out = out;
    // Avro copies only records of classes that are trusted; our codec says which those are.
    var _ = AvroCodec.of(Document.class);
    this.rules = new Rules(config.limits(), config.screening(seen));
  }

  /// Whether every record so far was accepted.
  boolean allAccepted() {
    return refused.isEmpty() && unreadable == 0;
  }

  void explain(RecordFile.Entry entry) {
    switch (entry) {
      case RecordFile.Entry.Unreadable(String place, String why) -> unreadable(place, why);
      case RecordFile.Entry.Found found -> {
        Optional<SpecificRecord> record = RecordReader.read(found.json(), found.place());
        if (record.isPresent()) {
          explain(found.place(), record.get());
        } else {
          unreadable(
              found.place(),
              "no document (text), demonstration (prompt, answer) or feedback (completion_id with"
                  + " rating, correction, preference or retraction)");
        }
      }
    }
  }

  void summary() {
    int refusals = refused.values().stream().mapToInt(n -> n).sum();
    out.println();
    out.printf(
        "%d records: %d accepted, %d refused, %d unreadable%n",
        accepted + refusals + unreadable, accepted, refusals, unreadable);
    refused.forEach((reason, count) -> out.printf("  %-22s %d%n", reason, count));
    if (!replaced.isEmpty()) {
      out.println("would be replaced: " + counts(replaced));
    }
    if (!languages.isEmpty()) {
      StringJoiner all = new StringJoiner(", ");
      languages.forEach((language, count) -> all.add(count + " " + language));
      out.println("languages of documents: " + all);
    }
  }

  private void unreadable(String place, String why) {
    unreadable++;
    out.println(place + " unreadable: " + why);
  }

  private void explain(String place, SpecificRecord record) {
    seen.clear();
    Raw raw = RecordReader.raw(record);
    switch (record) {
      case Document document ->
          print(place, "document " + document.getId(), rules.document(raw, document));
      case Demonstration demonstration ->
          print(
              place,
              "demonstration " + demonstration.getId(),
              rules.demonstration(raw, demonstration));
      case Feedback feedback ->
          print(place, "feedback " + feedback.getId(), rules.feedback(raw, feedback));
      case SpecificRecord other ->
          throw new IllegalStateException("nobody reads a " + other.getSchema().getName());
    }
    if (seen.looked) {
      languages.merge(seen.language == null ? "unknown" : seen.language, 1, Integer::sum);
    }
  }

  private void print(String place, String what, Verdict<?> verdict) {
    switch (verdict) {
      case Verdict.Accepted<?> _ -> {
        accepted++;
        seen.replaced.forEach((kind, count) -> replaced.merge(kind, count, Integer::sum));
        String language = seen.language == null ? "" : ", language " + seen.language;
        String replacing =
            seen.replaced.isEmpty() ? "" : ", would replace " + counts(seen.replaced);
        out.println(place + " " + what + ": accepted" + language + replacing);
      }
      case Verdict.Refused<?>(Refusal refusal) -> {
        refused.merge(refusal.reason().code(), 1, Integer::sum);
        String field = refusal.field() == null ? "" : " (" + refusal.field() + ")";
        out.println(
            "%s %s: refused, %s%s: %s"
                .formatted(place, what, refusal.reason().code(), field, refusal.detail()));
      }
    }
  }

  private static String counts(Map<PiiKind, Integer> counts) {
    StringJoiner all = new StringJoiner(", ");
    counts.forEach((kind, count) -> all.add(count + " " + kind.placeholder()));
    return all.toString();
  }

  /// What screening saw in one record.
  private static final class Seen implements Screening.Listener {
    private final Map<PiiKind, Integer> replaced = new EnumMap<>(PiiKind.class);
    private @Nullable String language;
    private boolean looked;

    @Override
    public void replaced(PiiKind kind, int count) {
      replaced.merge(kind, count, Integer::sum);
    }

    @Override
    public void language(@Nullable String code) {
      language = code;
      looked = true;
    }

    void clear() {
      replaced.clear();
      language = null;
      looked = false;
    }
  }
}
