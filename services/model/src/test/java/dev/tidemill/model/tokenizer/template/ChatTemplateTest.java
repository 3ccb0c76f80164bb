package dev.tidemill.model.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// Templates in the manner of published models, rendered by Transformers
  /// (`src/test/python/make_template_fixture.py`).
  static List<JsonNode> cases() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ChatTemplateTest.class.getResourceAsStream("/templates.json"))) {
      List<JsonNode> cases = new ArrayList<>();
      MAPPER.readTree(in).forEach(cases::add);
      assertThat(cases).hasSize(30);
      return cases;
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rendersAsTransformersDoes(JsonNode example) {
    ChatTemplate template = ChatTemplate.parse(example.path("template").asText());
    Map<String, Object> values =
        Map.of(
            "messages",
            MAPPER.convertValue(
                example.path("messages"), new TypeReference<List<Map<String, Object>>>() {}),
            "add_generation_prompt",
            example.path("prompt").asBoolean(),
            "bos_token",
            "<s>",
            "eos_token",
            "</s>");
    if (example.has("refused")) {
      assertThatThrownBy(() -> template.render(values))
          .isInstanceOf(TemplateException.class)
          .hasMessageEndingWith(example.path("refused").asText());
    } else {
      assertThat(template.render(values)).isEqualTo(example.path("text").asText());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro x() %}{% endmacro %}",
        "{% for m in messages %}",
        "{% if a %}",
        "{% endfor %}",
        "{{ a b }}",
        "{{ 'open }}",
        "{{ a[ }}",
        "{% set x %}"
      })
  void whatCannotBeReadIsRefused(String page) {
    assertThatThrownBy(() -> ChatTemplate.parse(page)).isInstanceOf(TemplateException.class);
  }

  @Test
  void whatIsNotSupportedIsNamed() {
    assertThatThrownBy(() -> ChatTemplate.parse("{{ a | batch }}").render(Map.of("a", "x")))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("batch");
    assertThatThrownBy(() -> ChatTemplate.parse("{{ cycler() }}").render(Map.of()))
        .hasMessageContaining("cycler");
  }
}
