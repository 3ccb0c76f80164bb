package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the compiler cannot check: skipped tests, the top level, examples in the docs.
class BuildHygieneTest {
  /// Why a test may be skipped: the hardware or engine that the machine lacks, by the words that
  /// the skip must give as its reason. Nothing else may be skipped.
  private static final List<String> ALLOWED_SKIPS = List.of("needs a GPU", "needs a Docker engine");

  private static final Set<String> TOP_LEVEL =
      Set.of("README.md", "pom.xml", "LICENSE", "schemas", "services", "infra", "grafana", "docs");

  private static final Pattern SKIPPED =
      Pattern.compile(
          "<testcase name=\"([^\"]*)\" classname=\"([^\"]*)\"[^>]*>\\s*<skipped([^>]*)>");
  private static final Pattern BLOCK =
      Pattern.compile("^```(json|yaml)\\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);

  @Test
  void noTestWasSkippedWithoutNamingWhatTheMachineLacks() throws IOException {
    List<String> silent = new ArrayList<>();
    for (Path report : files("target/surefire-reports/TEST-*.xml")) {
      Matcher matcher = SKIPPED.matcher(Files.readString(report));
      while (matcher.find()) {
        String reason = matcher.group(3);
        if (ALLOWED_SKIPS.stream().noneMatch(reason::contains)) {
          silent.add(matcher.group(2) + "." + matcher.group(1) + ": " + reason);
        }
      }
    }
    assertThat(silent).as("tests skipped for no named lack of the machine").isEmpty();
  }

  @Test
  void theTopLevelHoldsOnlyWhatBelongsThere() throws IOException {
    try (Stream<Path> entries = Files.list(Repository.root())) {
      assertThat(entries.map(p -> p.getFileName().toString()))
          .filteredOn(name -> !name.startsWith(".") && !name.equals("target"))
          .isSubsetOf(TOP_LEVEL);
    }
  }

  @Test
  void everyJsonAndYamlBlockInTheDocsParses() throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
    int blocks = 0;
    for (Path page : files("*.md")) {
      Matcher matcher = BLOCK.matcher(Files.readString(page));
      while (matcher.find()) {
        blocks++;
        ObjectMapper mapper = matcher.group(1).equals("json") ? json : yaml;
        try {
          mapper.readTree(matcher.group(2));
        } catch (IOException e) {
          throw new AssertionError(page + ": a " + matcher.group(1) + " block does not parse", e);
        }
      }
    }
    assertThat(blocks).as("blocks in the docs").isPositive();
  }

  private static List<Path> files(String glob) throws IOException {
    Path root = Repository.root();
    var matcher = root.getFileSystem().getPathMatcher("glob:**/" + glob);
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(p -> !root.relativize(p).startsWith(".git"))
          .filter(matcher::matches)
          .toList();
    }
  }
}
