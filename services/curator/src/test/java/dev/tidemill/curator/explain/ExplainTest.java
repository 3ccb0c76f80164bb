package dev.tidemill.curator.explain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainTest {
  private static final String PROSE =
      "The river that we have crossed with the children is wide, and no boat goes to the island. "
          .repeat(4);

  @TempDir private Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  @Test
  void each_record_has_its_line_and_each_rule_its_count() throws IOException {
    Path file =
        write(
            "records.ndjson",
            """
            {"id":"d1","key":"k1","source":"wiki","text":"%sWrite to jane@example.org."}
            {"id":"d2","key":"k2","source":"wiki","text":"Buy now, it is cheap."}

            {"id":"x1","task":"support","prompt":"who?","answer":"call +44 20 7946 0958"}
            {"id":"f1","completion_id":"c1","correction":{"text":"203.0.113.7, 203.0.113.8"}}
            {"id":"f2","completion_id":"c1","rating":{"value":7}}
            {"id":"d3",
            {"hello":"world"}
            ["no object"]
            """
                .formatted(PROSE));
    assertThat(run(file.toString())).isEqualTo(1);
    assertThat(printed().replaceFirst("no JSON: .+", "no JSON: ..."))
        .isEqualTo(
            """
            records.ndjson:1 document d1: accepted, language en, would replace 1 <EMAIL>
            records.ndjson:2 document d2: refused, too_few_words (text): of text the number of words is 5, the least is 50: 'Buy now, it is cheap.'
            records.ndjson:4 demonstration x1: accepted, would replace 1 <PHONE>
            records.ndjson:5 feedback f1: accepted, would replace 2 <IP>
            records.ndjson:6 feedback f2: refused, rating_out_of_range (evidence.value): evidence.value must be from 0 to 1, was 7.0
            records.ndjson:7 unreadable: no JSON: ...
            records.ndjson:8 unreadable: no document (text), demonstration (prompt, answer) or feedback (completion_id with rating, correction, preference or retraction)
            records.ndjson:9 unreadable: no JSON object but array

            8 records: 3 accepted, 2 refused, 3 unreadable
              rating_out_of_range    1
              too_few_words          1
            would be replaced: 1 <EMAIL>, 2 <IP>, 1 <PHONE>
            languages of documents: 1 en, 1 unknown
            """);
    assertThat(errors.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void the_configuration_is_that_of_the_service() throws IOException {
    Path config =
        write(
            "tidemill.yaml",
            "curator: {quality: {enabled: false}, sources: {denied: ['*.txt']}, language: {detect:"
                + " false}}");
    Path lists = write("records.json", "[{\"text\": \"short\"}, {\"text\": \" \"}]");
    assertThat(run("--config", config.toString(), lists.toString())).isEqualTo(1);
    assertThat(printed())
        .startsWith("records.json[0] document records.json[0]: accepted\n")
        .contains("records.json[1] document records.json[1]: refused, blank_text (text)");
    Path text = write("note.txt", "any text");
    assertThat(run("--config", config.toString(), text.toString())).isEqualTo(1);
    assertThat(printed()).startsWith("note.txt:1 document note.txt: refused, source_not_allowed");
  }

  @Test
  void plain_text_is_one_document_and_all_accepted_ends_with_zero() throws IOException {
    Path text = write("note.md", PROSE);
    assertThat(run(text.toString())).isZero();
    assertThat(printed()).startsWith("note.md:1 document note.md: accepted, language en\n");
  }

  @Test
  void what_cannot_be_used_is_said_in_a_sentence() throws IOException {
    assertThat(run()).isEqualTo(2);
    assertThat(said()).contains("Missing required parameter: 'RECORDS");
    assertThat(run(directory.resolve("absent.ndjson").toString())).isEqualTo(2);
    assertThat(said()).contains("RECORDS must be files that can be read, was ");
    Path config = write("bad.yaml", "curator: {quality: {min_wrods: 3}}");
    assertThat(run("--config", config.toString(), config.toString())).isEqualTo(2);
    assertThat(said()).contains("did you mean curator.quality.min_words?");
    assertThat(run("--help")).isZero();
    assertThat(printed()).contains("Usage: curator explain");
  }

  private int run(String... args) {
    return ExplainMain.run(args, Map.of(), stream(out), stream(errors));
  }

  private String printed() {
    return taken(out);
  }

  private String said() {
    return taken(errors);
  }

  private static String taken(ByteArrayOutputStream from) {
    String text = from.toString(StandardCharsets.UTF_8);
    from.reset();
    return text;
  }

  private static PrintStream stream(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }
}
