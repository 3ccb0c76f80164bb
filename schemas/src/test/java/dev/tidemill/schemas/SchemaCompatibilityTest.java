package dev.tidemill.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidatorBuilder;
import org.apache.avro.specific.SpecificData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Holds every schema against all its committed versions (BACKWARD_TRANSITIVE). Run with
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
    requireReads(current, versions);
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

  @Test
  void anIncompatibleChangeIsRefused() {
    Schema before = parse("{'name': 'a', 'type': 'string'}");
    Schema after = parse("{'name': 'a', 'type': 'string'}, {'name': 'b', 'type': 'int'}");
    assertThatThrownBy(() -> requireReads(after, List.of(before)))
        .isInstanceOf(SchemaValidationException.class);
  }

  @Test
  void aFieldAddedWithADefaultIsAccepted() throws Exception {
    Schema before = parse("{'name': 'a', 'type': 'string'}");
    Schema after =
        parse("{'name': 'a', 'type': 'string'}, {'name': 'b', 'type': 'int', 'default': 0}");
    requireReads(after, List.of(before));
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

  private static void requireReads(Schema reader, List<Schema> writers)
      throws SchemaValidationException {
    new SchemaValidatorBuilder().canReadStrategy().validateAll().validate(reader, writers);
  }

  private static String canonical(Schema schema) {
    return SchemaNormalization.toParsingForm(schema);
  }

  private static Schema parse(String fields) {
    String json = "{'type': 'record', 'name': 'R', 'fields': [" + fields + "]}";
    return new Schema.Parser().parse(json.replace('\'', '"'));
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
