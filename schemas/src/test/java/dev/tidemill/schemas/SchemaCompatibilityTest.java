package dev.tidemill.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.specific.SpecificData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Holds every schema against all its committed versions by {@link EvolutionRules}. Run with
/// `-Dtidemill.recordSchemas=true` to commit a compatible change as the next version.
class SchemaCompatibilityTest {
  static Stream<Topic<?>> topics() {
    return TopicCatalogue.all().stream();
  }

  @ParameterizedTest
  @MethodSource("topics")
  void theSchemaReadsEveryCommittedVersionAndIsCommittedItself(Topic<?> topic) throws Exception {
    Schema current = SpecificData.getForClass(topic.type()).getSchema(topic.type());
    List<Schema> versions = new ArrayList<>(SchemaHistory.of(current.getName()));
    assertThat(EvolutionRules.breaches(current, versions)).isEmpty();
    boolean committed =
        !versions.isEmpty() && canonical(versions.getLast()).equals(canonical(current));
    if (!committed && Boolean.getBoolean("tidemill.recordSchemas")) {
      record(current, versions.size() + 1);
      committed = true;
    }
    assertThat(committed)
        .as(
            "the schema of %s differs from its newest committed version; run the schemas tests with"
                + " -Dtidemill.recordSchemas=true and commit the new file under history/",
            current.getName())
        .isTrue();
  }

  static Stream<Arguments> incompatibleChanges() {
    Schema completion = Completion.getClassSchema();
    Schema document = Document.getClassSchema();
    return Stream.of(
        Arguments.of(
            Derived.from(document).with("{'name': 'mood', 'type': 'string'}").schema(),
            "Document cannot read Document version 1 at Document.mood"),
        Arguments.of(
            Derived.from(document).retyped("text", "'bytes'").retyped("key", "'int'").schema(),
            "Document cannot read Document version 1 at Document.key: type mismatch"),
        Arguments.of(
            Derived.from(document).retyped("title", "'string'").schema(),
            "Document cannot read Document version 1 at Document.title"),
        Arguments.of(
            Derived.from(document).without("source").schema(),
            "Document has lost the field source, for which readers of " + newest(document)),
        Arguments.of(
            Derived.from(document).renamed("text", "body").schema(),
            "Document cannot read Document version 1 at Document.body"),
        Arguments.of(
            Derived.from(completion).withoutSymbol("arm", "CANARY").schema(),
            "Arm has lost the symbol CANARY of Completion version 1"),
        Arguments.of(
            Derived.from(completion).withSymbol("arm", "NEXT").withoutEnumDefault("arm").schema(),
            "Arm has the symbol NEXT more than in " + newest(completion) + " and no default"));
  }

  private static String newest(Schema schema) {
    return schema.getName() + " version " + SchemaHistory.of(schema.getName()).size();
  }

  /// The very rules that hold the schemas, on copies with a change each.
  @ParameterizedTest
  @MethodSource("incompatibleChanges")
  void anIncompatibleChangeIsNamed(Schema changed, String sentence) {
    assertThat(EvolutionRules.breaches(changed, SchemaHistory.of(changed.getName())))
        .anySatisfy(breach -> assertThat(breach).startsWith(sentence));
  }

  @Test
  void anOldVersionCountsAsMuchAsTheNewest() {
    Schema first = Derived.from(Document.getClassSchema()).without("title").schema();
    Schema second = Document.getClassSchema();
    Schema third = Derived.from(second).retyped("title", "['null', 'string']").schema();
    assertThat(EvolutionRules.breaches(third, List.of(second))).isEmpty();
    assertThat(EvolutionRules.breaches(third, List.of(first, second)))
        .singleElement()
        .asString()
        .startsWith("Document cannot read Document version 1 at Document.title");
  }

  static Stream<Schema> compatibleChanges() {
    Schema completion = Completion.getClassSchema();
    Schema document = Document.getClassSchema();
    return Stream.of(
        Derived.from(document).with("{'name': 'mood', 'type': 'string', 'default': ''}").schema(),
        Derived.from(document).without("title").schema(),
        Derived.from(document).renamed("text", "body").aliased("body", "text").schema(),
        Derived.from(completion).withSymbol("arm", "NEXT").schema());
  }

  @ParameterizedTest
  @MethodSource("compatibleChanges")
  void aCompatibleChangeIsAllowed(Schema changed) {
    assertThat(EvolutionRules.breaches(changed, SchemaHistory.of(changed.getName()))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("topics")
  void everyFieldSaysWhatItIs(Topic<?> topic) {
    Schema schema = SpecificData.getForClass(topic.type()).getSchema(topic.type());
    assertThat(schema.getDoc()).contains(topic.name());
    for (Schema.Field field : schema.getFields()) {
      assertThat(field.doc()).as("%s.%s", schema.getName(), field.name()).isNotBlank();
    }
  }

  private static String canonical(Schema schema) {
    return SchemaNormalization.toParsingForm(schema);
  }

  private static void record(Schema schema, int version) throws IOException {
    Path file =
        Path.of(
            "src/main/resources/dev/tidemill/schemas/history", schema.getName(), version + ".avsc");
    Files.createDirectories(file.getParent());
    String json = new ObjectMapper().readTree(schema.toString()).toPrettyString();
    Files.writeString(file, json + "\n");
  }
}
