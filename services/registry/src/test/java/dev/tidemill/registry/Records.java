package dev.tidemill.registry;

import dev.tidemill.events.Action;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Records as the trainers and rollout write them.
public final class Records {
  public static final Instant NEWEST = Instant.ofEpochSecond(1_000);
  public static final String BASE = digest("base");

  private Records() {}

  public static String digest(String of) {
    return "sha256:" + Sha256.hex(of.getBytes(StandardCharsets.UTF_8));
  }

  public static Candidate base(boolean passed, String name, String... tasks) {
    return candidate(ArtifactKind.BASE, passed, digest(name), digest(name), null, 1, tasks);
  }

  public static Candidate adapter(boolean passed, String name, long sequence, String task) {
    @Nullable String parent = sequence == 1 ? null : digest(name + (sequence - 1));
    return candidate(
        ArtifactKind.ADAPTER, passed, digest(name + sequence), BASE, parent, sequence, task);
  }

  public static Decision decision(String task, String release, Action action, double weight) {
    String id = Sha256.hex((release + action + weight).getBytes(StandardCharsets.UTF_8));
    return new Decision(
        id,
        task,
        release,
        action,
        weight,
        action == Action.START_CANARY ? "salt" : null,
        "because of " + action,
        Map.of("alpha", 0.05),
        NEWEST);
  }

  public static String idOf(Candidate candidate, String task) {
    return switch (candidate.getKind()) {
      case BASE -> ReleaseId.of(task, candidate.getArtifact(), null);
      case ADAPTER -> ReleaseId.of(task, candidate.getBase(), candidate.getArtifact());
    };
  }

  private static Candidate candidate(
      ArtifactKind kind,
      boolean passed,
      String artifact,
      String base,
      @Nullable String parent,
      long sequence,
      String... tasks) {
    String lineage = kind == ArtifactKind.BASE ? "pretrainer/main" : "tuner/" + tasks[0];
    return new Candidate(
        lineage + "#" + sequence,
        kind,
        artifact,
        base,
        List.of(tasks),
        lineage,
        sequence,
        parent,
        List.of(new OffsetRange("tidemill.examples", 0, 100 * (sequence - 1), 100 * sequence)),
        100L,
        NEWEST.minusSeconds(60),
        NEWEST,
        new GateReport(
            passed,
            null,
            List.of(new GateCheck("heldout_loss", passed ? 1.0 : 3.0, 2.0, 2.0, passed, ""))),
        "trainer-1",
        "0.1.0",
        NEWEST);
  }
}
