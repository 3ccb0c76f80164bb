package dev.tidemill.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.Release;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.Producer;

/// Someone with a trainer's key who publishes a broken adapter, and an operator who waves it past
/// the gate. Everything they do goes through the doors that honest ones use.
public final class Saboteur {
  private static final String LINEAGE = "saboteur";
  private static final float FLIP = -1.5f;

  private final Stack stack;
  private final HttpClient http;
  private final String registry;
  private final Path scratch;

  public Saboteur(Stack stack, HttpClient http, int registryPort, Path scratch) {
    this.stack = stack;
    this.http = http;
    this.registry = "http://127.0.0.1:" + registryPort + "/v1/";
    this.scratch = scratch;
  }

  /// Publishes an adapter that turns what a live adapter has learnt around. No gate has seen it,
  /// and its report says so, which is why the registry will reject it.
  ///
  /// @return the id of the release that this proposes
  public String publish(Release live, long sequence, Instant now)
      throws IOException, InterruptedException {
    String adapter = Objects.requireNonNull(live.getAdapter(), "the live release has no adapter");
    String digest =
        stack.artifacts().publish(flipped(adapter), draft(live, adapter, sequence, now));
    GateCheck check =
        new GateCheck("gate_ran", 0.0, null, 1.0, false, "published without a gate run");
    Candidate candidate =
        new Candidate(
            LINEAGE + "#" + sequence,
            ArtifactKind.ADAPTER,
            digest,
            live.getBase(),
            List.of(live.getTask()),
            LINEAGE,
            sequence,
            adapter,
            List.of(),
            0L,
            null,
            null,
            new GateReport(false, live.getId(), List.of(check)),
            LINEAGE,
            "none",
            now);
    try (Producer<String, byte[]> producer = stack.kafka().producer(LINEAGE)) {
      stack.kafka().writer(producer, Topics.CANDIDATES).send(LINEAGE, candidate).get();
    } catch (ExecutionException e) {
      throw new IOException("the bad adapter cannot be announced", e);
    }
    return ReleaseId.of(live.getTask(), live.getBase(), digest);
  }

  /// Has an operator approve a release that the gate rejected.
  public void approve(String release) throws IOException, InterruptedException {
    String path = "releases/" + URLEncoder.encode(release, StandardCharsets.UTF_8) + "/approve";
    String body =
        new ObjectMapper()
            .writeValueAsString(
                Map.of("operator", "night-shift", "reason", "it looked fine on my machine"));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(registry + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IOException("the registry refused the approval: " + response.body());
    }
  }

  private Path flipped(String adapter) throws IOException {
    Path source = stack.artifacts().open(adapter).folder();
    Path staged = scratch.resolve("saboteur");
    Files.createDirectories(staged);
    List<Tensor> tensors = new ArrayList<>();
    for (Tensor tensor : Safetensors.read(source.resolve("adapter_model.safetensors")).values()) {
      float[] values = tensor.toFloats();
      if (tensor.name().contains("lora_B")) {
        for (int i = 0; i < values.length; i++) {
          values[i] *= FLIP;
        }
      }
      tensors.add(Tensor.ofFloats(tensor.name(), tensor.shape(), values));
    }
    Safetensors.write(staged.resolve("adapter_model.safetensors"), tensors, Map.of("format", "pt"));
    Files.copy(
        source.resolve("adapter_config.json"),
        staged.resolve("adapter_config.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    return staged;
  }

  private static ManifestDraft draft(Release live, String parent, long sequence, Instant now) {
    return new ManifestDraft(
        LINEAGE,
        Manifest.Kind.ADAPTER,
        LINEAGE,
        sequence,
        live.getTask(),
        live.getBase(),
        parent,
        List.of(),
        "sha256:" + dev.tidemill.schemas.Sha256.hex(new byte[0]),
        0,
        Map.of(),
        Map.of(),
        "none",
        now);
  }
}
