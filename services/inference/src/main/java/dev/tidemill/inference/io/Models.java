package dev.tidemill.inference.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.Arm;
import dev.tidemill.events.Release;
import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.serving.KnownReleases;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.inference.serving.ServingTable;
import dev.tidemill.inference.serving.ServingTable.CanaryArm;
import dev.tidemill.inference.serving.ServingTable.TaskArms;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The models that can be asked for: each task, and each release that it has in memory.
final class Models {
  private static final String OWNER = "tidemill";

  /// Of a task's releases that no route names, a client is told these many.
  private static final int MOST_KNOWN = 100;

  private Models() {}

  /// @param allowed the tasks that may be shown
  static ObjectNode list(ServingTable table, Predicate<String> allowed) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("object", "list");
    ArrayNode data = body.putArray("data");
    for (TaskArms arms : new TreeMap<>(table.tasks()).values()) {
      if (allowed.test(arms.task())) {
        data.add(task(arms));
        arms.releases().forEach((release, arm) -> data.add(release(arms, release, arm)));
      }
    }
    return body;
  }

  /// One of them, or a release that no route names and that may be asked for. A task names those of
  /// it, too.
  ///
  /// @throws dev.tidemill.platform.http.Problem 404 when there is no such model
  static ObjectNode one(ServingTable table, KnownReleases known, String model) {
    for (TaskArms arms : table.tasks().values()) {
      if (arms.task().equals(model)) {
        ObjectNode node = task(arms);
        ArrayNode all = node.putArray("known_releases");
        known.ofTask(model, MOST_KNOWN).forEach(release -> all.add(known(release)));
        return node;
      }
      for (Map.Entry<ResidentRelease, Arm> entry : arms.releases().entrySet()) {
        if (entry.getKey().id().equals(model)) {
          return release(arms, entry.getKey(), entry.getValue());
        }
      }
    }
    @Nullable Release release = known.find(model);
    if (release != null && table.tasks().containsKey(release.getTask())) {
      return known(release);
    }
    throw ApiProblems.modelNotFound(model, null);
  }

  private static ObjectNode known(Release release) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("id", release.getId());
    node.put("object", "model");
    node.put("created", release.getCandidate().getEventTime().getEpochSecond());
    node.put("owned_by", OWNER);
    node.put("release", release.getId());
    node.put("task", release.getTask());
    node.put("state", release.getState().name().toLowerCase(Locale.ROOT));
    node.put("base", release.getBase());
    node.put("adapter", release.getAdapter());
    return node;
  }

  private static ObjectNode task(TaskArms arms) {
    @Nullable ResidentRelease live = arms.live();
    ObjectNode node = model(arms.task(), live);
    node.put("release", live == null ? null : live.id());
    ArrayNode releases = node.putArray("releases");
    arms.releases()
        .forEach(
            (release, arm) -> {
              ObjectNode one = releases.addObject();
              one.put("release", release.id());
              describe(one, arms, release, arm);
            });
    return node;
  }

  private static ObjectNode release(TaskArms arms, ResidentRelease release, Arm arm) {
    ObjectNode node = model(release.id(), release);
    node.put("release", release.id());
    describe(node, arms, release, arm);
    return node;
  }

  private static ObjectNode model(String id, @Nullable ResidentRelease release) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("id", id);
    node.put("object", "model");
    node.put("created", release == null ? 0 : release.createdAt().getEpochSecond());
    node.put("owned_by", OWNER);
    return node;
  }

  private static void describe(ObjectNode node, TaskArms arms, ResidentRelease release, Arm arm) {
    node.put("task", arms.task());
    node.put("arm", arm.name().toLowerCase(Locale.ROOT));
    @Nullable CanaryArm canary = arms.canary();
    if (arm == Arm.CANARY && canary != null) {
      node.put("weight", canary.weight());
    }
    node.put("base", release.baseDigest());
    node.put("adapter", release.adapterDigest());
  }
}
