package dev.tidemill.schemas;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.jspecify.annotations.Nullable;

/// The wire form of one record type. It writes Avro single-object encoding (`C3 01`, fingerprint,
/// body), or the registry wire format (`00`, four bytes of schema id, body) when it was given a
/// registry; it reads both. Safe for use by several threads.
///
/// A record is read with the schema that wrote it. That of a fingerprint comes from {@link
/// SchemaHistory}, else from the versions that the registry has for the topic; that of an id from
/// the registry. Each unknown schema costs a question to the registry, again and again: an answer
/// that there is none is not remembered, as the schema may be registered the moment after.
public final class AvroCodec<T extends SpecificRecord> {
  private static final byte REGISTRY_MAGIC = 0;
  private static final int REGISTRY_HEADER = 5;
  private static final int SINGLE_OBJECT_MAGIC = 0xC301;
  private static final int SINGLE_OBJECT_HEADER = 10;
  private static final String EVENTS = "dev.tidemill.events";

  static {
    // Avro makes instances only of classes that it was told to trust.
    ClassSecurityValidator.setGlobal(
        ClassSecurityValidator.composite(
            ClassSecurityValidator.getGlobal(), type -> EVENTS.equals(type.getPackageName())));
  }

  private final Schema schema;
  private final SpecificData data;
  private final BinaryMessageEncoder<T> encoder;
  private final @Nullable SchemaRegistry registry;
  private final String subject;
  private final Map<Long, DatumReader<T>> byFingerprint = new ConcurrentHashMap<>();
  private final Map<Integer, DatumReader<T>> byId = new ConcurrentHashMap<>();

  private AvroCodec(Class<T> type, String subject, @Nullable SchemaRegistry registry) {
    this(
        type,
        SpecificData.getForClass(type).getSchema(type),
        SchemaHistory.of(type.getSimpleName()),
        subject,
        registry);
  }

  /// A codec of a service in which the schema and its committed versions are these.
  AvroCodec(
      Class<T> type,
      Schema schema,
      List<Schema> history,
      String subject,
      @Nullable SchemaRegistry registry) {
    this.data = SpecificData.getForClass(type);
    this.schema = schema;
    // Not copied by the encoder: singleObject copies out of the thread's own buffer.
    this.encoder = new BinaryMessageEncoder<>(data, schema, false);
    this.subject = subject;
    this.registry = registry;
    learn(schema);
    history.forEach(this::learn);
  }

  /// A codec that writes single-object encoding. Without a registry a record in registry framing
  /// cannot be read, and says so.
  public static <T extends SpecificRecord> AvroCodec<T> of(Class<T> type) {
    return new AvroCodec<>(type, "", null);
  }

  /// A codec that writes the registry wire format under the subject `topic-value`.
  public static <T extends SpecificRecord> AvroCodec<T> of(
      Topic<T> topic, SchemaRegistry registry) {
    return new AvroCodec<>(topic.type(), topic.name() + "-value", registry);
  }

  /// The bytes of a record.
  ///
  /// @throws SchemaRegistryException when the registry is needed and cannot be asked
  public byte[] encode(T value) {
    try {
      return registry == null ? singleObject(value) : registryFrame(value, registry);
    } catch (IOException e) {
      throw new UncheckedIOException("a record cannot be encoded in memory", e);
    }
  }

  /// The record that the bytes hold.
  ///
  /// @throws UnknownSchemaException when nobody knows the schema that wrote them
  /// @throws MalformedRecordException when they hold no such record
  /// @throws SchemaRegistryException when the registry is needed and cannot be asked
  public T decode(byte[] bytes) throws MalformedRecordException {
    try {
      if (bytes.length > 0 && bytes[0] == REGISTRY_MAGIC) {
        return read(writerOfFrame(bytes), bytes, REGISTRY_HEADER);
      }
      return read(writerOfSingleObject(bytes), bytes, SINGLE_OBJECT_HEADER);
    } catch (IOException
        | AvroRuntimeException
        | ClassCastException
        | IndexOutOfBoundsException
        | IllegalArgumentException
        | ArithmeticException
        | NegativeArraySizeException
        | UnsupportedOperationException e) {
      throw new MalformedRecordException(refused(bytes) + reason(e), e);
    }
  }

  private T read(DatumReader<T> reader, byte[] bytes, int header)
      throws IOException, MalformedRecordException {
    BinaryDecoder body =
        DecoderFactory.get().binaryDecoder(bytes, header, bytes.length - header, null);
    @Nullable T value = reader.read(null, body);
    if (value == null) {
      throw new MalformedRecordException(refused(bytes) + "the body holds nothing", null);
    }
    if (!body.isEnd()) {
      int behind = body.inputStream().available();
      throw new MalformedRecordException(
          refused(bytes) + "%d bytes follow the record".formatted(behind), null);
    }
    return value;
  }

  private byte[] singleObject(T value) throws IOException {
    ByteBuffer encoded = encoder.encode(value);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  private byte[] registryFrame(T value, SchemaRegistry to) throws IOException {
    int id = ask("the id of " + subject, () -> to.idOf(subject, schema));
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.write(ByteBuffer.allocate(REGISTRY_HEADER).put(REGISTRY_MAGIC).putInt(id).array());
    BinaryEncoder binary = EncoderFactory.get().binaryEncoder(out, null);
    new SpecificDatumWriter<T>(schema, data).write(value, binary);
    binary.flush();
    return out.toByteArray();
  }

  private DatumReader<T> writerOfSingleObject(byte[] bytes) throws MalformedRecordException {
    if (bytes.length < SINGLE_OBJECT_HEADER
        || ByteBuffer.wrap(bytes).getChar() != SINGLE_OBJECT_MAGIC) {
      String begin = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 4));
      throw new MalformedRecordException(
          refused(bytes) + "it begins with '" + begin + "', neither c301 nor 00", null);
    }
    long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    @Nullable DatumReader<T> known = byFingerprint.get(fingerprint);
    if (known == null && registry != null) {
      SchemaRegistry from = registry;
      ask("the versions of " + subject, () -> from.versionsOf(subject)).forEach(this::learn);
      known = byFingerprint.get(fingerprint);
    }
    if (known == null) {
      String where = registry == null ? "" : " and no version of " + subject + " in the registry";
      throw new UnknownSchemaException(
          "%sno committed version%s has the fingerprint %016x; deploy consumers before producers"
              .formatted(refused(bytes), where, fingerprint));
    }
    return known;
  }

  private DatumReader<T> writerOfFrame(byte[] bytes) throws MalformedRecordException {
    SchemaRegistry from = registry;
    if (from == null) {
      throw new UnknownSchemaException(
          "a record in registry framing, and no schema registry is configured");
    }
    if (bytes.length < REGISTRY_HEADER) {
      throw new MalformedRecordException("a registry frame of " + bytes.length + " bytes", null);
    }
    int id = ByteBuffer.wrap(bytes, 1, 4).getInt();
    @Nullable DatumReader<T> known = byId.get(id);
    if (known == null) {
      Optional<Schema> writer = ask("schema " + id, () -> from.schemaOf(id));
      if (writer.isEmpty()) {
        throw new UnknownSchemaException(refused(bytes) + "the schema registry has no id " + id);
      }
      known = reader(writer.get());
      byId.put(id, known);
    }
    return known;
  }

  private void learn(Schema writer) {
    byFingerprint.computeIfAbsent(
        SchemaNormalization.parsingFingerprint64(writer), fingerprint -> reader(writer));
  }

  private DatumReader<T> reader(Schema writer) {
    return new SpecificDatumReader<>(WriterAliases.apply(writer, schema), schema, data);
  }

  private interface Question<A> {
    A ask() throws IOException;
  }

  private static <A> A ask(String about, Question<A> question) {
    try {
      return question.ask();
    } catch (IOException e) {
      throw new SchemaRegistryException(
          "the schema registry cannot be asked for " + about + ": " + reason(e), e);
    }
  }

  private String refused(byte[] bytes) {
    return "not a " + schema.getName() + " record (" + bytes.length + " bytes): ";
  }

  private static String reason(Exception e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }
}
