package dev.tidemill.curator.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourcesTest {

  @ParameterizedTest
  @CsvSource({
    "https://a.org/, https://a.org/x, true",
    "https://a.org/, https://a.orgs/x, false",
    "wiki, wiki, true",
    "wiki, Wiki, false",
    "*.example.org, https://docs.example.org, true",
    "*.example.org, https://docs.example.org/, false",
    "https://*.example.org/*, https://docs.example.org/page, true",
    "https://*.example.org/*, https://example.org/page, false",
    "a*b*a, aba, true",
    "a*b*a, ab, false",
    "a*a, a, false",
    "*, anything, true",
    "ab**c, abc, true",
  })
  void an_entry_is_a_beginning_or_a_pattern(String entry, String source, boolean matches) {
    assertThat(new Sources(List.of(entry), List.of()).against(source).isEmpty()).isEqualTo(matches);
    assertThat(new Sources(List.of(), List.of(entry)).against(source).isPresent())
        .isEqualTo(matches);
  }

  @Test
  void what_is_denied_stays_out_though_it_is_allowed() {
    Sources sources = new Sources(List.of("https://a.org/"), List.of("*/private/*"));
    assertThat(sources.against("https://a.org/private/x"))
        .hasValue("is denied by '*/private/*' of curator.sources.denied");
    assertThat(sources.against("https://b.org/x"))
        .hasValue("is none of curator.sources.allowed: https://a.org/");
    assertThat(sources.against("https://a.org/x")).isEmpty();
  }
}
