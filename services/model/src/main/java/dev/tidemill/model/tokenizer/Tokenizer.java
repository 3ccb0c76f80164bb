package dev.tidemill.model.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.JsonFile;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.program.Native;
import dev.tidemill.model.tokenizer.template.ChatTemplate;
import dev.tidemill.model.tokenizer.template.TemplateException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Text to tokens and back, and conversations to prompts. Safe for use by any thread.
public final class Tokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer binding;
  private final Vocabulary vocabulary;
  private final Map<String, String> templateNames;
  private final @Nullable ChatTemplate template;

  private Tokenizer(
      HuggingFaceTokenizer binding,
      Vocabulary vocabulary,
      Map<String, String> templateNames,
      @Nullable ChatTemplate template) {
    this.binding = binding;
    this.vocabulary = vocabulary;
    this.templateNames = templateNames;
    this.template = template;
  }

  /// A piece of a conversation: what the model reads, or what it is to answer.
  @SuppressWarnings("ArrayRecordComponent") // read-only by agreement
  public record ChatSegment(int[] tokens, boolean answer) {}

  /// Loads `tokenizer.json` and, when it is there, `tokenizer_config.json` from a folder.
  ///
  /// @throws ModelFormatException naming the file when it is damaged
  public static Tokenizer load(Path folder) {
    Path file = folder.resolve("tokenizer.json");
    Vocabulary vocabulary = Vocabulary.read(file);
    Path settings = folder.resolve("tokenizer_config.json");
    Map<String, String> names = new HashMap<>();
    @Nullable ChatTemplate template = null;
    if (Files.exists(settings)) {
      JsonFile json = JsonFile.read(settings);
      for (String key : List.of("bos_token", "eos_token", "pad_token", "unk_token")) {
        names.put(key, tokenText(json, key));
      }
      String page = templatePage(folder, json);
      try {
        template = page == null ? null : ChatTemplate.parse(page);
      } catch (TemplateException unreadable) {
        throw new ModelFormatException(
            "The key chat_template in " + settings + " is unusable: " + unreadable.getMessage(),
            unreadable);
      }
    }
    return new Tokenizer(bind(file), vocabulary, Map.copyOf(names), template);
  }

  /// Tokens of a text as it stands: nothing is added before or after. Special tokens written out
  /// in the text become those tokens.
  public int[] encode(String text) {
    if (text.isEmpty()) {
      return new int[0];
    }
    long[] ids = binding.encode(text, false, false).getIds();
    int[] tokens = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[i] = (int) ids[i];
    }
    return tokens;
  }

  /// Tokens of a text from outside: special tokens written out in it are dropped, so that nobody
  /// can forge the end of a turn.
  public int[] encodeText(String text) {
    return encode(vocabulary.withoutSpecial(text));
  }

  /// The text of tokens, without special tokens.
  public String decode(int[] tokens) {
    return decode(tokens, 0, tokens.length);
  }

  String decode(int[] tokens, int from, int to) {
    if (from >= to) {
      return "";
    }
    long[] ids = new long[to - from];
    for (int i = from; i < to; i++) {
      if (tokens[i] < 0) {
        throw new IllegalArgumentException("There is no token " + tokens[i] + ".");
      }
      ids[i - from] = tokens[i];
    }
    return binding.decode(ids, true);
  }

  /// Decodes token by token for streaming: never gives half a character.
  public StreamingDecoder streamingDecoder() {
    return new StreamingDecoder(this);
  }

  /// The prompt for the assistant's next turn. Special tokens written out in a message are
  /// dropped: only the template may set them.
  ///
  /// @throws IllegalArgumentException when the template refuses the conversation
  public int[] encodeChat(List<ChatMessage> messages) {
    return encode(renderChat(messages, true));
  }

  /// The conversation as the chat template writes it.
  ///
  /// @param forAnswer whether the assistant's next turn is begun at the end
  public String renderChat(List<ChatMessage> messages, boolean forAnswer) {
    if (template == null) {
      throw new ModelFormatException(
          "This base has no chat_template in tokenizer_config.json, so it cannot chat.");
    }
    Map<String, Object> values = new HashMap<>(templateNames);
    values.put("add_generation_prompt", forAnswer);
    values.put(
        "messages",
        messages.stream()
            .map(
                message ->
                    Map.of(
                        "role",
                        message.role(),
                        "content",
                        vocabulary.withoutSpecial(message.content())))
            .toList());
    try {
      return template.render(values);
    } catch (TemplateException refused) {
      throw new IllegalArgumentException(refused.getMessage(), refused);
    }
  }

  /// A whole conversation, cut where the assistant's answers begin and end; the token that ends
  /// an answer belongs to it.
  public List<ChatSegment> chatSegments(List<ChatMessage> messages) {
    List<ChatSegment> segments = new ArrayList<>();
    String done = "";
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role().equals("assistant")) {
        String prompt = renderChat(messages.subList(0, i), true);
        String answered = renderChat(messages.subList(0, i + 1), false);
        segments.add(new ChatSegment(encode(rest(prompt, done)), false));
        segments.add(new ChatSegment(encode(rest(answered, prompt)), true));
        done = answered;
      }
    }
    String end = rest(renderChat(messages, false), done);
    if (!end.isEmpty()) {
      segments.add(new ChatSegment(encode(end), false));
    }
    return segments;
  }

  /// Number of a token by its exact content, such as `<|end|>`.
  public OptionalInt tokenId(String token) {
    return vocabulary.id(token);
  }

  /// UTF-8 length of what the tokens stand for, special tokens counting nothing.
  public long utf8Length(int[] tokens) {
    long length = vocabulary.utf8Length(tokens);
    return length >= 0 ? length : decode(tokens).getBytes(StandardCharsets.UTF_8).length;
  }

  /// What each token stands for; usable after the tokenizer is closed.
  public TokenBytes bytes() {
    return vocabulary.bytes();
  }

  /// Number of tokens, special ones included.
  public int size() {
    return vocabulary.size();
  }

  @Override
  public void close() {
    binding.close();
  }

  private static HuggingFaceTokenizer bind(Path file) {
    Native.start();
    Map<String, String> options = new HashMap<>();
    options.put("addSpecialTokens", "false");
    options.put("truncation", "false");
    options.put("padding", "false");
    try (ByteArrayInputStream in = new ByteArrayInputStream(Files.readAllBytes(file))) {
      return HuggingFaceTokenizer.newInstance(in, options);
    } catch (IOException unreadable) {
      throw new UncheckedIOException("Reading " + file + " failed.", unreadable);
    } catch (RuntimeException refused) {
      throw new ModelFormatException(
          file + " is not a usable tokenizer: " + refused.getMessage() + ".", refused);
    }
  }

  private static String rest(String whole, String prefix) {
    if (!whole.startsWith(prefix)) {
      throw new ModelFormatException(
          "The chat template rewrites earlier turns, so answers cannot be told from prompts.");
    }
    return whole.substring(prefix.length());
  }

  /// A token's text; some files wrap it in an object.
  private static String tokenText(JsonFile json, String key) {
    JsonNode value = json.optional(key);
    if (value == null) {
      return "";
    }
    return value.isObject() ? value.path("content").asText() : value.asText();
  }

  private static @Nullable String templatePage(Path folder, JsonFile json) {
    Path page = folder.resolve("chat_template.jinja");
    if (Files.exists(page)) {
      try {
        return Files.readString(page);
      } catch (IOException unreadable) {
        throw new UncheckedIOException("Reading " + page + " failed.", unreadable);
      }
    }
    JsonNode template = json.optional("chat_template");
    if (template != null && template.isArray()) {
      for (JsonNode named : template) {
        if (named.path("name").asText().equals("default")) {
          return named.path("template").asText();
        }
      }
      throw json.fault("chat_template", "has no template named default");
    }
    return template == null ? null : template.asText();
  }
}
