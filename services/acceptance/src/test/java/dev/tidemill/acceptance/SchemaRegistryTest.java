package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Document;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.HttpSchemaRegistry;
import dev.tidemill.schemas.Topics;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The stream in registry framing, on a real schema registry that is killed and comes back.
@Timeout(180)
class SchemaRegistryTest {
  private static final String SUBJECT = Topics.DOCUMENTS.name() + "-value";

  @TempDir private Path folder;

  @Test
  void documentsFlowInRegistryFramingOverAnOutage() throws IOException {
    try (RegistryGround ground = new RegistryGround(folder)) {
      HttpSchemaRegistry registry = new HttpSchemaRegistry(ground.registry().url());

      assertThat(ground.gateway().pushDocument("pushed").statusCode()).isEqualTo(202);
      byte[] curated = ground.values().await(Topics.CURATED_DOCUMENTS, "pushed");
      assertThat(registry.schemaOf(idIn(ground.values().await(Topics.DOCUMENTS, "pushed"))))
          .hasValue(Document.getClassSchema());
      assertThat(registry.schemaOf(idIn(curated))).hasValue(CuratedDocument.getClassSchema());

      ground.send("single", AvroCodec.of(Document.class).encode(RegistryGround.document("single")));
      awaitCurated(ground, "single");

      NewerProducer second = NewerProducer.register(registry, SUBJECT, "mood");
      assertThat(registry.versionsOf(SUBJECT))
          .containsExactly(Document.getClassSchema(), second.schema());
      ground.send("second", second.framed(RegistryGround.document("second")));
      ground.send("second-single", second.singleObject(RegistryGround.document("second-single")));
      awaitCurated(ground, "second");
      awaitCurated(ground, "second-single");

      outage(ground, NewerProducer.register(registry, SUBJECT, "place"));

      ground.send("rubbish", ByteBuffer.allocate(9).putInt(1, 987_654_321).array());
      Awaitility.await("the rubbish is a dead letter")
          .atMost(RegistryGround.LIMIT)
          .until(() -> !ground.read(Topics.DEAD_LETTERS).isEmpty());
      assertThat(ground.read(Topics.DEAD_LETTERS))
          .extracting(DeadLetter::getReason)
          .containsExactly("unknown_schema");
      assertThat(ground.read(Topics.CURATED_DOCUMENTS))
          .extracting(CuratedDocument::getId)
          .containsExactlyInAnyOrder(
              "pushed",
              "single",
              "second",
              "second-single",
              "cached",
              "third",
              "third-single",
              "after");
    }
  }

  /// @param third of a schema that the curator has not met before the registry goes
  private static void outage(RegistryGround ground, NewerProducer third) throws IOException {
    ground.registry().kill();
    assertThat(ground.gateway().pushDocument("cached").statusCode()).isEqualTo(202);
    awaitCurated(ground, "cached");
    HttpResponse<String> refused = ground.gateway().pushDemonstration("asked");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("Retry-After")).hasValue("2");
    assertThat(refused.body())
        .contains(
            "the schema registry cannot be asked for the id of tidemill.demonstrations-value");
    ground.send("third", third.framed(RegistryGround.document("third")));
    ground.send("third-single", third.singleObject(RegistryGround.document("third-single")));
    ground.awaitThreadFailure();
    assertThat(ground.values().has(Topics.CURATED_DOCUMENTS, "third")).isFalse();
    assertThat(ground.values().has(Topics.CURATED_DOCUMENTS, "third-single")).isFalse();
    assertThat(ground.read(Topics.DEAD_LETTERS)).isEmpty();
    ground.assertAlive();

    ground.registry().start();
    ground.registry().awaitReady();
    awaitCurated(ground, "third");
    awaitCurated(ground, "third-single");
    assertThat(ground.gateway().pushDemonstration("asked").statusCode()).isEqualTo(202);
    assertThat(ground.gateway().pushDocument("after").statusCode()).isEqualTo(202);
    awaitCurated(ground, "after");
    Awaitility.await("the demonstration is an example")
        .atMost(RegistryGround.LIMIT)
        .until(() -> ground.read(Topics.EXAMPLES).size() == 1);
    assertThat(ground.read(Topics.DEAD_LETTERS)).isEmpty();
    ground.assertAlive();
  }

  private static void awaitCurated(RegistryGround ground, String id) {
    ground.values().await(Topics.CURATED_DOCUMENTS, id);
  }

  private static int idIn(byte[] frame) {
    assertThat(frame[0]).as("magic byte").isZero();
    return ByteBuffer.wrap(frame).getInt(1);
  }
}
