package dev.tidemill.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Document;
import dev.tidemill.events.Message;
import dev.tidemill.events.Sampling;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Old and new writers and readers of one topic mix: each change that the build allows, each way,
/// in both framings.
class SchemaEvolutionTest {
  private static final String MOOD = "{'name': 'mood', 'type': 'string', 'default': 'calm'}";
  private static final Schema DOCUMENT = Document.getClassSchema();
  private static final Schema COMPLETION = Completion.getClassSchema();

  private final InMemoryRegistry registry = new InMemoryRegistry();

  /// How the writer frames its records, and so how the reader finds the writer's schema.
  enum Framing {
    /// Single-object, its fingerprint among the committed versions of the reader.
    FROM_HISTORY,
    /// Single-object, its fingerprint only in the registry.
    FROM_REGISTRY_BY_FINGERPRINT,
    FROM_REGISTRY_BY_ID
  }

  @ParameterizedTest
  @EnumSource
  void aFieldAdded(Framing framing) throws Exception {
    Schema more = Derived.from(DOCUMENT).with(MOOD).schema();
    // New writer, old reader: skipped.
    assertThat(read(Topics.DOCUMENTS, DOCUMENT, framing, more, document(more, "mood", "gay")))
        .isEqualTo(document());
    // Old writer, new reader: the default.
    Schema less = Derived.from(DOCUMENT).without("title").schema();
    assertThat(read(Topics.DOCUMENTS, DOCUMENT, framing, less, document(less)).getTitle()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void aFieldRemoved(Framing framing) throws Exception {
    Schema less = Derived.from(DOCUMENT).without("licence").without("tags").schema();
    Document read = read(Topics.DOCUMENTS, DOCUMENT, framing, less, document(less));
    assertThat(read.getLicence()).isNull();
    assertThat(read.getTags()).isEmpty();
    assertThat(read.getText()).isEqualTo("five — ✓");
    Schema more = Derived.from(DOCUMENT).with(MOOD).schema();
    assertThat(read(Topics.DOCUMENTS, DOCUMENT, framing, more, document(more, "mood", "gay")))
        .isEqualTo(document());
  }

  @ParameterizedTest
  @EnumSource
  void aFieldRenamedWithAnAliasThatTheNewReaderHas(Framing framing) throws Exception {
    Schema body = Derived.from(DOCUMENT).renamed("text", "body").schema();
    Schema aware = Derived.from(DOCUMENT).aliased("text", "body").schema();
    assertThat(read(Topics.DOCUMENTS, aware, framing, body, document(body, "body", "five — ✓")))
        .isEqualTo(document());
  }

  @ParameterizedTest
  @EnumSource
  void aFieldRenamedWithAnAliasThatTheNewWriterHas(Framing framing) throws Exception {
    Schema told = Derived.from(DOCUMENT).renamed("text", "body").aliased("body", "text").schema();
    assertThat(read(Topics.DOCUMENTS, DOCUMENT, framing, told, document(told, "body", "five — ✓")))
        .isEqualTo(document());
  }

  @ParameterizedTest
  @EnumSource
  void anEnumSymbolAdded(Framing framing) throws Exception {
    Schema more = Derived.from(COMPLETION).withSymbol("arm", "SHADOW_CANARY").schema();
    assertThat(arm(framing, more, "SHADOW_CANARY")).isEqualTo(Arm.UNKNOWN);
    assertThat(arm(framing, more, "PINNED")).isEqualTo(Arm.PINNED);
    Schema less = Derived.from(COMPLETION).withoutSymbol("arm", "CANARY").schema();
    assertThat(arm(framing, less, "SHADOW")).isEqualTo(Arm.SHADOW);
  }

  @Test
  void aNewWriterThatNobodyTellsTheReaderOfIsNamedWithTheRemedy() throws Exception {
    Schema more = Derived.from(DOCUMENT).with(MOOD).schema();
    byte[] bytes = singleObject(document(more, "mood", "gay"));
    assertThatThrownBy(() -> AvroCodec.of(Document.class).decode(bytes))
        .isInstanceOf(UnknownSchemaException.class)
        .hasMessageContaining("not a Document record")
        .hasMessageContaining("%016x", SchemaNormalization.parsingFingerprint64(more))
        .hasMessageContaining("deploy consumers before producers");
    AvroCodec<Document> codec = AvroCodec.of(Topics.DOCUMENTS, registry);
    assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(UnknownSchemaException.class);
    // The refusal is not remembered: the moment that somebody registers the version, it is read.
    registry.idOf("tidemill.documents-value", more);
    assertThat(codec.decode(bytes)).isEqualTo(document());
  }

  @Test
  void anIdThatTheRegistryDoesNotHaveIsNamed() {
    AvroCodec<Document> codec = AvroCodec.of(Topics.DOCUMENTS, registry);
    assertThatThrownBy(() -> codec.decode(new byte[] {0, 0, 0, 1, 1, 2}))
        .isInstanceOf(UnknownSchemaException.class)
        .hasMessageContaining("the schema registry has no id 257");
  }

  @Test
  void aRegistryThatIsAwaySaysNothingAboutTheRecord() throws Exception {
    Schema more = Derived.from(DOCUMENT).with(MOOD).schema();
    byte[] byFingerprint = singleObject(document(more, "mood", "gay"));
    byte[] byId = framed(Topics.DOCUMENTS, document(more, "mood", "gay"));
    registry.idOf("tidemill.documents-value", more);
    registry.away(true);
    AvroCodec<Document> codec = AvroCodec.of(Topics.DOCUMENTS, registry);
    for (byte[] bytes : List.of(byFingerprint, byId)) {
      assertThatThrownBy(() -> codec.decode(bytes))
          .isInstanceOf(SchemaRegistryException.class)
          .hasMessageContaining("connection refused");
    }
    assertThatThrownBy(() -> codec.encode(document())).isInstanceOf(SchemaRegistryException.class);
    // What needs no registry is read as ever.
    assertThat(codec.decode(AvroCodec.of(Document.class).encode(document()))).isEqualTo(document());
    registry.away(false);
    assertThat(codec.decode(byFingerprint)).isEqualTo(document());
    assertThat(codec.decode(byId)).isEqualTo(document());
  }

  private Arm arm(Framing framing, Schema writer, String symbol) throws Exception {
    GenericRecord completion = generic(COMPLETION, writer, completion());
    completion.put(
        "arm", new GenericData.EnumSymbol(writer.getField("arm").schema(), (Object) symbol));
    return read(Topics.COMPLETIONS, COMPLETION, framing, writer, completion).getArm();
  }

  private <T extends SpecificRecord> T read(
      Topic<T> topic, Schema reader, Framing framing, Schema writer, GenericRecord value)
      throws Exception {
    String subject = topic.name() + "-value";
    return switch (framing) {
      case FROM_HISTORY ->
          new AvroCodec<>(topic.type(), reader, List.of(writer), "", null)
              .decode(singleObject(value));
      case FROM_REGISTRY_BY_FINGERPRINT -> {
        registry.idOf(subject, writer);
        yield new AvroCodec<>(topic.type(), reader, List.of(), subject, registry)
            .decode(singleObject(value));
      }
      case FROM_REGISTRY_BY_ID ->
          new AvroCodec<>(topic.type(), reader, List.of(), subject, registry)
              .decode(framed(topic, value));
    };
  }

  private static byte[] singleObject(GenericRecord value) throws IOException {
    ByteBuffer bytes =
        new BinaryMessageEncoder<GenericRecord>(new GenericData(), value.getSchema()).encode(value);
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return copy;
  }

  private byte[] framed(Topic<?> topic, GenericRecord value) throws IOException {
    int id = registry.idOf(topic.name() + "-value", value.getSchema());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
    out.write(body(value));
    return out.toByteArray();
  }

  private static byte[] body(GenericRecord value) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(value.getSchema()).write(value, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  private static GenericRecord document(Schema schema) throws IOException {
    return generic(DOCUMENT, schema, document());
  }

  private static GenericRecord document(Schema schema, String field, String value)
      throws IOException {
    // The value stands where a reader of this schema has no value of its own.
    Schema tolerant =
        Derived.from(schema)
            .without(field)
            .with("{'name': '" + field + "', 'type': 'string', 'default': ''}")
            .schema();
    GenericRecord some = generic(DOCUMENT, tolerant, document());
    GenericRecord record = new GenericData.Record(schema);
    schema.getFields().forEach(f -> record.put(f.name(), some.get(f.name())));
    record.put(field, value);
    return record;
  }

  // The record as a writer of another version would hold it.
  private static GenericRecord generic(Schema from, Schema to, SpecificRecord value)
      throws IOException {
    @SuppressWarnings("unchecked")
    byte[] single = AvroCodec.of((Class<SpecificRecord>) value.getClass()).encode(value);
    return new GenericDatumReader<GenericRecord>(from, to)
        .read(null, DecoderFactory.get().binaryDecoder(single, 10, single.length - 10, null));
  }

  private static Document document() {
    return new Document(
        "d-1",
        "linger.ms",
        "docs",
        "https://kafka.example",
        null,
        "s-1",
        null,
        "five — ✓",
        Map.of(),
        Instant.ofEpochMilli(1_700_000_000_123L));
  }

  private static Completion completion() {
    return Completion.newBuilder()
        .setId("c-1")
        .setTask("support")
        .setRelease("support@sha256:aa")
        .setBase("sha256:aa")
        .setArm(Arm.LIVE)
        .setReplica("r-1")
        .setProducer("shop")
        .setPrompt(List.of(new Message("user", "default of linger.ms?")))
        .setAnswer("5")
        .setSampling(Sampling.newBuilder().setTemperature(0).setTopP(1).setMaxTokens(16).build())
        .setFinishReason("stop")
        .setPromptTokens(5)
        .setCompletionTokens(1)
        .setTimeToFirstTokenSeconds(0.1)
        .setDurationSeconds(0.2)
        .setEventTime(Instant.ofEpochMilli(1_700_000_000_123L))
        .build();
  }
}
