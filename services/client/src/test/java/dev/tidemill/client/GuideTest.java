package dev.tidemill.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.ingest.IngestConfig;
import dev.tidemill.ingest.IngestService;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs every example of the producers' guide against a real gateway on a real broker.
class GuideTest {

  private static final Path GUIDE = Path.of("../../docs/guides/producers.md");
  private static final Path EXAMPLES =
      Path.of("src/test/java/dev/tidemill/client/GuideExamples.java");

  @TempDir static Path directory;
  private static KafkaClients clients;
  private static IngestService gateway;

  @BeforeAll
  static void start() {
    clients = KafkaForTests.shared().freshTopics().clients("ingest");
    Health health = new Health();
    gateway =
        new IngestService(
            new ServiceContext(
                "ingest",
                clients,
                new SimpleMeterRegistry(),
                new DirectoryArtifactStore(directory, null, List.of()),
                health,
                InstantSource.system()),
            IngestConfig.at(HttpConfig.of("127.0.0.1", 0)));
    gateway.start();
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> health.ready().ok());
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  static List<String> commands() throws IOException {
    return blocks("sh");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void theCommandsPrintWhatTheGuideSays(String block) throws Exception {
    List<String> expected =
        block.lines().filter(line -> line.startsWith("#")).map(line -> line.substring(2)).toList();

    List<String> printed = shell(block);

    assertThat(expected).as("what the guide says is printed").isNotEmpty();
    assertThat(printed).as(String.join("\n", printed)).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(printed.get(i)).matches(pattern(expected.get(i)));
    }
  }

  @Test
  void theJavaExamplesAreThoseThatRun() throws IOException {
    String source = squeezed(Files.readString(EXAMPLES));
    List<String> blocks = blocks("java");
    assertThat(blocks).hasSizeGreaterThanOrEqualTo(3);
    assertThat(blocks).allSatisfy(block -> assertThat(source).contains(squeezed(block)));
  }

  @Test
  void theJavaExamplesPushWhatTheySay() {
    List<Document> documents =
        IntStream.range(0, 1_234)
            .mapToObj(
                i -> Document.of("import-" + i, "guide", "text number " + i).withTag("n", "1"))
            .toList();
    List<String> log = GuideExamples.run(uri(), documents);
    var _ = GuideExamples.run(uri(), documents);

    assertThat(log).containsExactly("1: text must not be blank");
    assertThat(keys(Topics.DOCUMENTS).stream().filter(key -> key.startsWith("import-")))
        .as("imported twice, written once")
        .hasSize(1_234);
    assertThat(keys(Topics.FEEDBACK)).contains("c-1");
    assertThat(keys(Topics.ERASURES)).contains("u-7");
  }

  private static List<String> keys(Topic<?> topic) {
    return new TopicReader(clients).readAll(topic).stream().map(record -> record.key()).toList();
  }

  private static List<String> shell(String block) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            "sh",
            "-c",
            "command -v curl >/dev/null || { echo 'the examples need curl, and this machine has"
                + " none'; exit 1; }\n"
                + block);
    builder.environment().put("TIDEMILL", uri().toString());
    builder.environment().remove("http_proxy");
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed.lines().toList();
  }

  private static String pattern(String expected) {
    return Arrays.stream(expected.split("…", -1))
        .map(Pattern::quote)
        .collect(Collectors.joining(".*"));
  }

  private static List<String> blocks(String language) throws IOException {
    Matcher matcher =
        Pattern.compile("^```" + language + "\\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
            .matcher(Files.readString(GUIDE));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return blocks;
  }

  private static String squeezed(String text) {
    return text.lines()
        .map(String::strip)
        .filter(l -> !l.isEmpty())
        .collect(Collectors.joining("\n"));
  }

  private static URI uri() {
    return URI.create("http://127.0.0.1:" + gateway.port());
  }
}
