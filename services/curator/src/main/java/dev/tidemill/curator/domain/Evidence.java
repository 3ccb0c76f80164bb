package dev.tidemill.curator.domain;

import dev.tidemill.events.Example;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One raw record that holds, with the examples it would make. It is damped as one piece.
///
/// @param kind of the record
/// @param raw the record, for a dead letter if it is refused later
/// @param claim digest of what it says; the same subject claiming the same about the same key
///   counts once
/// @param examples what it makes: at least one, all of one key, task and subject
/// @param voice how much its subject's word counts against others, in (0, 1]
/// @param crowd about how many subjects spoke lately; 0 while nobody counted
/// @param silent whether it is only to be judged by others: it makes no example and has no voice
/// @param settled whether it was borne out, and went on for that
public record Evidence(
    EvidenceKind kind,
    Raw raw,
    String claim,
    List<Example> examples,
    double voice,
    double crowd,
    boolean silent,
    boolean settled) {

  /// Evidence of a subject that nobody has looked at yet.
  public Evidence(EvidenceKind kind, Raw raw, String claim, List<Example> examples) {
    this(kind, raw, claim, examples, 1, 0, false, false);
  }

  public Evidence {
    if (examples.isEmpty()) {
      throw new IllegalArgumentException("evidence without an example");
    }
    examples = List.copyOf(examples);
  }

  /// Key of the examples.
  public String key() {
    return examples.getFirst().getKey();
  }

  /// The system that pushed the record.
  public String producer() {
    return examples.getFirst().getProducer();
  }

  /// Who is behind it: the subject, or one stand-in for all that a producer sends without one.
  public String subjectKey() {
    return subjectKey(producer(), examples.getFirst().getSubject());
  }

  /// Weight of the examples.
  public double weight() {
    return examples.getFirst().getWeight();
  }

  /// Who is behind a record of this producer and subject.
  public static String subjectKey(String producer, @Nullable String subject) {
    return subject == null ? "producer/" + producer : "subject/" + subject;
  }

  /// The subject in a key that [#subjectKey(String, String)] made; null when it is a stand-in.
  public static @Nullable String subjectOf(String subjectKey) {
    return subjectKey.startsWith("subject/") ? subjectKey.substring("subject/".length()) : null;
  }

  /// The same from a subject whose word counts so much, in a crowd of so many.
  public Evidence heard(double itsVoice, double itsCrowd) {
    return new Evidence(kind, raw, claim, examples, itsVoice, itsCrowd, silent, settled);
  }

  /// The same, to be judged only.
  public Evidence silenced() {
    return new Evidence(kind, raw, claim, examples, voice, crowd, true, settled);
  }

  /// The same, borne out.
  public Evidence settle() {
    return new Evidence(kind, raw, claim, examples, voice, crowd, silent, true);
  }

  /// The same with the weight multiplied by `factor`, and the reason noted on each example.
  public Evidence damped(double factor, String reason) {
    List<Example> lighter =
        examples.stream()
            .map(
                example -> {
                  List<String> damping = new java.util.ArrayList<>(example.getDamping());
                  damping.add(reason);
                  return Example.newBuilder(example)
                      .setWeight(example.getWeight() * factor)
                      .setDamping(damping)
                      .build();
                })
            .toList();
    return new Evidence(kind, raw, claim, lighter, voice, crowd, silent, settled);
  }
}
