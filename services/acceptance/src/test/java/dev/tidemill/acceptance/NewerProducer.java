package dev.tidemill.acceptance;

import dev.tidemill.events.Document;
import dev.tidemill.schemas.HttpSchemaRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;

/// A producer of documents that have a field more than ours.
///
/// @param schema of its documents
/// @param field that ours do not have
/// @param id under which it has registered the schema
record NewerProducer(Schema schema, String field, int id) {
  /// Registers such a schema.
  static NewerProducer register(HttpSchemaRegistry registry, String subject, String field)
      throws IOException {
    Schema ours = Document.getClassSchema();
    List<Schema.Field> fields = new ArrayList<>();
    ours.getFields().forEach(f -> fields.add(new Schema.Field(f, f.schema())));
    Schema text = Schema.create(Schema.Type.STRING);
    fields.add(new Schema.Field(field, text, "A field that is not known here.", "unknown"));
    Schema schema =
        Schema.createRecord(ours.getName(), ours.getDoc(), ours.getNamespace(), false, fields);
    return new NewerProducer(schema, field, registry.idOf(subject, schema));
  }

  /// A document in registry framing.
  byte[] framed(Document document) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(ByteBuffer.allocate(5).putInt(1, id).array());
    BinaryEncoder binary = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(schema).write(newer(document), binary);
    binary.flush();
    return out.toByteArray();
  }

  /// A document in single-object framing.
  byte[] singleObject(Document document) throws IOException {
    ByteBuffer encoded =
        new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema).encode(newer(document));
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  private GenericRecord newer(Document document) {
    GenericRecord record = new GenericData.Record(schema);
    for (Schema.Field known : document.getSchema().getFields()) {
      record.put(known.name(), document.get(known.pos()));
    }
    record.put("event_time", document.getEventTime().toEpochMilli());
    record.put(field, "of a newer version");
    return record;
  }
}
