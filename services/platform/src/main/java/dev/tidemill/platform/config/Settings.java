package dev.tidemill.platform.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The settings of a process: one YAML file, overridden by environment variables.
///
/// Each top-level section belongs to one owner and is bound to its record: keys are the components'
/// names in snake_case, nested records are nested sections. What is left out reaches the record's
/// compact constructor as null (or zero), which puts the default. Durations are written `30s`,
/// `5m`, `250ms` or ISO-8601, sizes `1MiB` or plain.
///
/// `TIDEMILL_INGEST__HTTP__PORT=8080` overrides `ingest.http.port`: two underscores a level. A
/// value that begins with `[` or `{` is read as YAML.
public final class Settings {

  /// The sections every service may read.
  public static final List<String> SHARED = List.of("kafka", "artifacts", "admin");

  /// The services, each with a section of its own.
  public static final List<String> SERVICES =
      List.of(
          "ingest",
          "curator",
          "pretrainer",
          "tuner",
          "registry",
          "inference",
          "rollout",
          "quickstart");

  private static final String PREFIX = "TIDEMILL_";

  // Kubernetes puts such variables into each pod for a service called tidemill-...
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "TIDEMILL_\\w+_(SERVICE_(HOST|PORT\\w*)|PORT_\\d+_(TCP|UDP)\\w*)=.*|\\w+_PORT=(tcp|udp)://.*");

  private final Setting.Mapping root;

  private Settings(Setting.Mapping root) {
    this.root = root;
  }

  /// Reads the file, lays the environment over it and refuses unknown sections.
  ///
  /// @param yamlFile null when there is none: then only the environment speaks
  /// @param env the environment; only `TIDEMILL_` variables are looked at
  /// @throws ConfigException when it cannot be used
  public static Settings load(@Nullable Path yamlFile, Map<String, String> env) {
    Setting.Mapping root =
        yamlFile == null ? Setting.Mapping.empty("the environment") : YamlFile.read(yamlFile);
    new TreeMap<>(env)
        .forEach(
            (name, value) -> {
              if (name.startsWith(PREFIX)) {
                override(root, name, value);
              }
            });
    root.entries().forEach(Settings::refuseUnknownSection);
    return new Settings(root);
  }

  /// The section of this name as a `T`; an absent section is an empty one.
  ///
  /// @throws ConfigException naming the key that cannot be used and where it stands
  public <T extends Record> T section(String name, Class<T> type) {
    @Nullable Setting section = root.entries().get(name);
    return RecordBinder.bind(
        name, section == null ? new Setting.Absent(root.place()) : section, type);
  }

  private static void override(Setting.Mapping root, String variable, String value) {
    String place = "environment variable " + variable;
    if (!variable.contains("__")) {
      if (SERVICE_LINK.matcher(variable + "=" + value).matches()) {
        return;
      }
      throw new ConfigException(
          variable
              + ": not a setting; levels are divided by two underscores, as in"
              + " TIDEMILL_INGEST__HTTP__PORT");
    }
    List<String> path =
        List.of(variable.substring(PREFIX.length()).toLowerCase(Locale.ROOT).split("__", -1));
    Setting.Mapping at = root;
    for (String key : path.subList(0, path.size() - 1)) {
      Setting next = at.entries().get(key);
      if (!(next instanceof Setting.Mapping)) {
        next = Setting.Mapping.empty(place);
        at.entries().put(key, next);
      }
      at = (Setting.Mapping) next;
    }
    at.entries().put(path.getLast(), YamlFile.readValue(value, place));
  }

  private static void refuseUnknownSection(String name, Setting section) {
    List<String> known = new ArrayList<>(SHARED);
    known.addAll(SERVICES);
    if (!known.contains(name)) {
      String nearest =
          known.stream()
              .min(Comparator.comparingInt(k -> Nearest.distance(name, k)))
              .filter(k -> Nearest.near(name, k))
              .map(k -> "did you mean " + k + "?")
              .orElseGet(() -> "known: " + String.join(", ", known));
      throw new ConfigException(
          name + ": unknown section; " + nearest + " (" + section.place() + ")");
    }
  }
}
