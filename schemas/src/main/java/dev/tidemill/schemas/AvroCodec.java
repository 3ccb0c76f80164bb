package dev.tidemill.schemas;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageDecoder;
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
public final class AvroCodec<T extends SpecificRecord> {
  private static final byte REGISTRY_MAGIC = 0;
  private static final int REGISTRY_HEADER = 5;
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
  private final BinaryMessageDecoder<T> decoder;
  private final @Nullable SchemaRegistry registry;
  private final String subject;
  private final Map<Integer, Schema> writers = new ConcurrentHashMap<>();

  private AvroCodec(Class<T> type, String subject, @Nullable SchemaRegistry registry) {
    this.data = SpecificData.getForClass(type);
    this.schema = data.getSchema(type);
    // Not copied by the encoder: singleObject copies out of the thread's own buffer.
    this.encoder = new BinaryMessageEncoder<>(data, schema, false);
    this.decoder = new BinaryMessageDecoder<>(data, schema);
    for (Schema version : SchemaHistory.of(type.getSimpleName())) {
      decoder.addSchema(version);
    }
    this.subject = subject;
    this.registry = registry;
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
  public byte[] encode(T value) {
    try {
      return registry == null ? singleObject(value) : registryFrame(value, registry);
    } catch (IOException e) {
      throw new UncheckedIOException("a record cannot be encoded in memory", e);
    }
  }

  /// The record that the bytes hold.
  ///
  /// @throws MalformedRecordException when they hold none
  public T decode(byte[] bytes) throws MalformedRecordException {
    try {
      if (bytes.length > 0 && bytes[0] == REGISTRY_MAGIC) {
        return readRegistryFrame(bytes);
      }
      return decoder.decode(ByteBuffer.wrap(bytes), null);
    } catch (IOException
        | AvroRuntimeException
        | ClassCastException
        | IndexOutOfBoundsException
        | IllegalArgumentException
        | ArithmeticException
        | NegativeArraySizeException
        | UnsupportedOperationException e) {
      throw new MalformedRecordException(
          "not a " + schema.getName() + " record (" + bytes.length + " bytes): " + reason(e), e);
    }
  }

  private byte[] singleObject(T value) throws IOException {
    ByteBuffer encoded = encoder.encode(value);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  private byte[] registryFrame(T value, SchemaRegistry to) throws IOException {
    int id = to.idOf(subject, schema);
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.write(ByteBuffer.allocate(REGISTRY_HEADER).put(REGISTRY_MAGIC).putInt(id).array());
    BinaryEncoder binary = EncoderFactory.get().binaryEncoder(out, null);
    new SpecificDatumWriter<T>(schema, data).write(value, binary);
    binary.flush();
    return out.toByteArray();
  }

  private T readRegistryFrame(byte[] bytes) throws IOException, MalformedRecordException {
    if (registry == null) {
      throw new MalformedRecordException(
          "a record in registry framing, and no schema registry is configured", null);
    }
    if (bytes.length < REGISTRY_HEADER) {
      throw new MalformedRecordException("a registry frame of " + bytes.length + " bytes", null);
    }
    int id = ByteBuffer.wrap(bytes, 1, 4).getInt();
    Schema writer = writers.get(id);
    if (writer == null) {
      writer = registry.schemaOf(id);
      writers.put(id, writer);
    }
    BinaryDecoder binary =
        DecoderFactory.get()
            .binaryDecoder(bytes, REGISTRY_HEADER, bytes.length - REGISTRY_HEADER, null);
    return new SpecificDatumReader<T>(writer, schema, data).read(null, binary);
  }

  private static String reason(Exception e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }
}
