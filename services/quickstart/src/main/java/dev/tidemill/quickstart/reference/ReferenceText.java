package dev.tidemill.quickstart.reference;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;

/// The reference as text: prose to read, questions to ask, questions with answers to learn from.
///
/// Pure: the same reference gives the same text, byte for byte, in the same order.
public final class ReferenceText {

  /// How a question may be put; the first is the canonical one, by which a model is judged.
  private static final List<String> PHRASINGS =
      List.of(
          "what is the default of %1$s for %2$s?",
          "which default does %2$s use for %1$s?", "default of %1$s in %2$s?");

  private ReferenceText() {}

  /// The canonical question about a setting's default.
  public static String question(Setting setting) {
    return questions(setting).getFirst();
  }

  /// Every phrasing of the question about a setting's default, the canonical one first.
  public static List<String> questions(Setting setting) {
    return PHRASINGS.stream()
        .map(phrasing -> phrasing.formatted(setting.name(), setting.component().phrase()))
        .toList();
  }

  /// The answer to every question about a setting: its default and nothing else.
  public static String answer(Setting setting) {
    return Objects.requireNonNull(
        setting.defaultValue(), () -> setting.name() + " has no default to answer with");
  }

  /// The reference as prose, one document for each setting.
  ///
  /// Clients share most settings word for word. Such a setting is one document that names its
  /// clients: three near copies would teach nothing more, and a copy that trains would spoil the
  /// holdout of its twin. The key names no version: the same setting in a newer reference is a
  /// revision of the same document, so what is held out stays unseen in every version.
  public static List<ReferenceDocument> prose(KafkaReference reference) {
    Map<Shared, List<Setting>> shared =
        reference.withDefault().stream()
            .collect(Collectors.groupingBy(Shared::of, LinkedHashMap::new, Collectors.toList()));
    return shared.values().stream().map(same -> prose(reference.version(), same)).toList();
  }

  /// Each question in each phrasing with its answer, in the chat format of the model that will
  /// read it. The key is the question: what is held out is a phrasing of a question, never a fact,
  /// so the holdout measures whether an answer carries over to words that were not trained.
  ///
  /// @param chat puts a question and its answer into the model's chat format
  public static List<ReferenceDocument> faq(KafkaReference reference, BinaryOperator<String> chat) {
    List<ReferenceDocument> documents = new ArrayList<>();
    for (Setting setting : reference.withDefault()) {
      for (String question : questions(setting)) {
        documents.add(new ReferenceDocument(question, chat.apply(question, answer(setting))));
      }
    }
    return List.copyOf(documents);
  }

  private static ReferenceDocument prose(String version, List<Setting> same) {
    Setting setting = same.getFirst();
    String components =
        same.stream()
            .map(s -> s.component().name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining("+"));
    String text =
        "%s is a setting of %s in Kafka %s. Type: %s. Importance: %s. Default: %s. %s"
            .formatted(
                setting.name(),
                enumerated(same.stream().map(s -> s.component().phrase()).toList()),
                version,
                setting.type(),
                setting.importance(),
                answer(setting),
                setting.doc());
    return new ReferenceDocument(
        "kafka-reference/%s/%s".formatted(setting.name(), components), text.strip());
  }

  private static String enumerated(List<String> names) {
    return names.size() == 1
        ? names.getFirst()
        : String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
  }

  /// What the clients that share a setting agree on.
  private record Shared(
      String name, String type, String defaultValue, String importance, String doc) {
    static Shared of(Setting setting) {
      return new Shared(
          setting.name(), setting.type(), answer(setting), setting.importance(), setting.doc());
    }
  }
}
