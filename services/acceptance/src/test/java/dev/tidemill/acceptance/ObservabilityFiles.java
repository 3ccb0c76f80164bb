package dev.tidemill.acceptance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The dashboards and rules of the checkout, and the metrics they read.
final class ObservabilityFiles {
  /// Series that Prometheus itself makes; no service exposes them.
  private static final Set<String> OF_PROMETHEUS = Set.of("up", "ALERTS", "ALERTS_FOR_STATE");

  private static final Pattern LABEL_VALUES =
      Pattern.compile("\\s*label_values\\((?<query>.*),\\s*\\w+\\s*\\)\\s*", Pattern.DOTALL);

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private ObservabilityFiles() {}

  /// A query and where it stands, for example `overview.json, panel Lag`.
  record Query(String place, String expression) {}

  /// Names of samples, as a scrape shows them (`..._total`, `..._seconds_bucket`), each with the
  /// places that read it. What recording rules make and what Prometheus makes is left out.
  static SortedMap<String, SortedSet<String>> metricNames() throws IOException {
    SortedMap<String, SortedSet<String>> places = new TreeMap<>();
    List<Query> queries = new ArrayList<>(dashboardQueries());
    queries.addAll(ruleQueries());
    for (Query query : queries) {
      for (String name : PromQlNames.of(query.expression())) {
        places.computeIfAbsent(name, key -> new TreeSet<>()).add(query.place());
      }
    }
    places.keySet().removeAll(OF_PROMETHEUS);
    places.keySet().removeAll(recorded());
    return places;
  }

  /// Every query of every dashboard: of panels, variables and annotations.
  static List<Query> dashboardQueries() throws IOException {
    List<Query> queries = new ArrayList<>();
    for (Path file : files("grafana/dashboards", ".json")) {
      JsonNode dashboard = JSON.readTree(file.toFile());
      String name = file.getFileName().toString();
      for (JsonNode panel : panels(dashboard)) {
        for (JsonNode target : panel.path("targets")) {
          queries.add(
              new Query(
                  name + ", panel " + panel.path("title").asText(), target.path("expr").asText()));
        }
      }
      for (JsonNode variable : dashboard.at("/templating/list")) {
        String text = variable.at("/query/query").asText(variable.path("query").asText());
        Matcher labelValues = LABEL_VALUES.matcher(text);
        if (labelValues.matches()) {
          queries.add(
              new Query(
                  name + ", variable " + variable.path("name").asText(),
                  labelValues.group("query")));
        }
      }
      for (JsonNode annotation : dashboard.at("/annotations/list")) {
        if (annotation.hasNonNull("expr")) {
          queries.add(
              new Query(
                  name + ", annotation " + annotation.path("name").asText(),
                  annotation.path("expr").asText()));
        }
      }
    }
    return queries;
  }

  /// Every expression of every alert and recording rule.
  static List<Query> ruleQueries() throws IOException {
    List<Query> queries = new ArrayList<>();
    for (JsonNode rule : rules()) {
      String name = rule.path("alert").asText(rule.path("record").asText());
      queries.add(new Query("rule " + name, rule.path("expr").asText()));
    }
    return queries;
  }

  /// The alert rules as they stand in the files.
  static List<JsonNode> alerts() throws IOException {
    return rules().stream().filter(rule -> rule.has("alert")).toList();
  }

  /// The panels of every dashboard, those inside rows included, rows left out.
  static List<JsonNode> panels() throws IOException {
    List<JsonNode> panels = new ArrayList<>();
    for (Path file : files("grafana/dashboards", ".json")) {
      panels.addAll(panels(JSON.readTree(file.toFile())));
    }
    return panels;
  }

  private static List<JsonNode> panels(JsonNode parent) {
    List<JsonNode> panels = new ArrayList<>();
    for (JsonNode panel : parent.path("panels")) {
      if (panel.path("type").asText().equals("row")) {
        panels.addAll(panels(panel));
      } else {
        panels.add(panel);
      }
    }
    return panels;
  }

  private static SortedSet<String> recorded() throws IOException {
    SortedSet<String> names = new TreeSet<>();
    for (JsonNode rule : rules()) {
      if (rule.has("record")) {
        names.add(rule.path("record").asText());
      }
    }
    return names;
  }

  private static List<JsonNode> rules() throws IOException {
    List<JsonNode> rules = new ArrayList<>();
    for (Path file : files("infra/prometheus", ".yml")) {
      for (JsonNode group : YAML.readTree(file.toFile()).path("groups")) {
        group.path("rules").forEach(rules::add);
      }
    }
    return rules;
  }

  private static List<Path> files(String folder, String ending) {
    try (Stream<Path> all = Files.walk(Repository.root().resolve(folder))) {
      return all.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
