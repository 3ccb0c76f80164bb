package dev.tidemill.model.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.JsonFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Learns a byte-level BPE vocabulary and writes it as `tokenizer.json`. The same texts give the
/// same file: ties go to the pair of the lower numbers.
public final class BpeTrainer {
  /// Special tokens of a small chat model, in the order of their numbers.
  public static final List<String> CHAT_TOKENS =
      List.of("<|pad|>", "<|bos|>", "<|user|>", "<|assistant|>", "<|end|>");

  /// The chat template of a small model: a mark before each turn, another after it.
  private static final String CHAT_TEMPLATE =
      "{{ bos_token }}{% for message in messages %}"
          + "{% if message['role'] == 'assistant' %}{{ '<|assistant|>' }}"
          + "{% else %}{{ '<|user|>' }}{% endif %}"
          + "{{ message['content'] + '<|end|>' }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

  /// How a text is cut into the pieces inside which bytes are merged.
  public enum PreTokenizer {
    /// GPT-2's words, each with the blank before it.
    GPT2("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"),
    /// Words with the blank, dot or underscore before them, so that names such as `linger.ms` are
    /// few tokens; whole numbers.
    NAMES("[ ._]?\\p{L}+|\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+");

    private final String regex;

    PreTokenizer(String regex) {
      this.regex = regex;
    }
  }

  private static final int LEAST_COUNT = 2;

  private final List<String> tokens = new ArrayList<>();
  private final List<String> merges = new ArrayList<>();
  private final List<int[]> words = new ArrayList<>();
  private final List<Integer> counts = new ArrayList<>();
  private final Map<Long, Pair> pairs = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

  private final PreTokenizer preTokenizer;
  private final Pattern word;

  private BpeTrainer(PreTokenizer preTokenizer) {
    this.preTokenizer = preTokenizer;
    this.word = Pattern.compile(preTokenizer.regex, Pattern.UNICODE_CHARACTER_CLASS);
  }

  /// Two neighbouring tokens: how often they meet, and in which words they may.
  private static final class Pair {
    private long count;
    private final List<Integer> in = new ArrayList<>();
  }

  /// A pair with the count it had when it was queued; stale ones are queued again.
  private record Candidate(long pair, long count) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      int byCount = Long.compare(other.count, count);
      return byCount != 0 ? byCount : Long.compare(pair, other.pair);
    }
  }

  /// Learns from texts and writes what was learned.
  ///
  /// @param vocabSize all tokens: special ones, 256 bytes, merges; fewer when the texts give no
  ///     more
  /// @param tokenizerJson the file to write; `tokenizer_config.json` with a chat template goes
  ///     beside it
  public static void train(
      Iterable<String> texts, int vocabSize, List<String> specialTokens, Path tokenizerJson) {
    train(texts, vocabSize, specialTokens, PreTokenizer.GPT2, CHAT_TEMPLATE, tokenizerJson);
  }

  /// The same with words cut and conversations rendered as told.
  ///
  /// @param chatTemplate a Jinja template in Hugging Face's terms
  public static void train(
      Iterable<String> texts,
      int vocabSize,
      List<String> specialTokens,
      PreTokenizer preTokenizer,
      String chatTemplate,
      Path tokenizerJson) {
    if (vocabSize < specialTokens.size() + 256) {
      throw new IllegalArgumentException(
          "A vocabulary of "
              + vocabSize
              + " has no room for "
              + specialTokens.size()
              + " special tokens and 256 bytes.");
    }
    BpeTrainer trainer = new BpeTrainer(preTokenizer);
    trainer.learn(texts, vocabSize, specialTokens);
    JsonFile.write(tokenizerJson, trainer.json(specialTokens));
    writeConfig(tokenizerJson.resolveSibling("tokenizer_config.json"), chatTemplate);
  }

  /// Writes the `tokenizer_config.json` that goes with [#CHAT_TOKENS].
  public static void writeConfig(Path tokenizerConfigJson) {
    writeConfig(tokenizerConfigJson, CHAT_TEMPLATE);
  }

  private static void writeConfig(Path tokenizerConfigJson, String chatTemplate) {
    ObjectNode json = JsonFile.newObject();
    json.put("bos_token", "<|bos|>");
    json.put("chat_template", chatTemplate);
    json.put("clean_up_tokenization_spaces", false);
    json.put("eos_token", "<|end|>");
    json.put("pad_token", "<|pad|>");
    json.put("tokenizer_class", "PreTrainedTokenizerFast");
    JsonFile.write(tokenizerConfigJson, json);
  }

  private void learn(Iterable<String> texts, int vocabSize, List<String> specialTokens) {
    tokens.addAll(specialTokens);
    char[] alphabet = new char[256];
    for (int i = 0; i < 256; i++) {
      alphabet[i] = ByteAlphabet.character(i);
    }
    Arrays.sort(alphabet);
    Map<Character, Integer> ids = new HashMap<>();
    for (char character : alphabet) {
      ids.put(character, tokens.size());
      tokens.add(String.valueOf(character));
    }
    countWords(texts)
        .forEach(
            (word, count) -> {
              words.add(word.chars().map(c -> ids.getOrDefault((char) c, 0)).toArray());
              counts.add(count);
            });
    for (int i = 0; i < words.size(); i++) {
      int[] word = words.get(i);
      for (int at = 0; at + 1 < word.length; at++) {
        add(word[at], word[at + 1], i, counts.get(i));
      }
    }
    pairs.forEach((key, pair) -> queue.add(new Candidate(key, pair.count)));
    while (tokens.size() < vocabSize && !queue.isEmpty()) {
      Candidate best = queue.remove();
      Pair pair = pairs.get(best.pair);
      if (pair == null || pair.count < LEAST_COUNT) {
        continue;
      }
      if (pair.count != best.count) {
        queue.add(new Candidate(best.pair, pair.count));
        continue;
      }
      merge(best.pair, pair);
    }
  }

  /// Words by their text, so that the order does not depend on hashing.
  private Map<String, Integer> countWords(Iterable<String> texts) {
    Map<String, Integer> counted = new TreeMap<>();
    for (String text : texts) {
      Matcher found = word.matcher(text);
      while (found.find()) {
        counted.merge(ByteAlphabet.write(found.group()), 1, Integer::sum);
      }
    }
    return counted;
  }

  private void merge(long key, Pair pair) {
    int left = (int) (key >>> 32);
    int right = (int) key;
    int merged = tokens.size();
    tokens.add(tokens.get(left) + tokens.get(right));
    merges.add(tokens.get(left) + " " + tokens.get(right));
    pairs.remove(key);
    Map<Long, Long> grown = new TreeMap<>();
    for (int index : pair.in) {
      int[] word = words.get(index);
      int count = counts.get(index);
      int[] shorter = new int[word.length];
      int length = 0;
      boolean changed = false;
      for (int at = 0; at < word.length; at++) {
        if (at + 1 < word.length && word[at] == left && word[at + 1] == right) {
          shorter[length++] = merged;
          at++;
          changed = true;
        } else {
          shorter[length++] = word[at];
        }
      }
      if (!changed) {
        continue;
      }
      int[] now = Arrays.copyOf(shorter, length);
      for (int at = 0; at + 1 < word.length; at++) {
        Pair old = pairs.get(key(word[at], word[at + 1]));
        if (old != null) {
          old.count -= count;
        }
      }
      for (int at = 0; at + 1 < now.length; at++) {
        add(now[at], now[at + 1], index, count);
        grown.put(key(now[at], now[at + 1]), 0L);
      }
      words.set(index, now);
    }
    grown
        .keySet()
        .forEach(
            each -> {
              Pair now = pairs.get(each);
              if (now != null && now.count >= LEAST_COUNT) {
                queue.add(new Candidate(each, now.count));
              }
            });
  }

  private void add(int left, int right, int word, int count) {
    Pair pair = pairs.computeIfAbsent(key(left, right), key -> new Pair());
    pair.count += count;
    if (pair.in.isEmpty() || pair.in.getLast() != word) {
      pair.in.add(word);
    }
  }

  private static long key(int left, int right) {
    return ((long) left << 32) | right;
  }

  private ObjectNode json(List<String> specialTokens) {
    ObjectNode json = JsonFile.newObject();
    json.put("version", "1.0");
    json.putNull("truncation");
    json.putNull("padding");
    ArrayNode added = json.putArray("added_tokens");
    for (int id = 0; id < specialTokens.size(); id++) {
      ObjectNode token = added.addObject();
      token.put("id", id);
      token.put("content", specialTokens.get(id));
      token.put("single_word", false);
      token.put("lstrip", false);
      token.put("rstrip", false);
      token.put("normalized", false);
      token.put("special", true);
    }
    json.putNull("normalizer");
    preTokenizer(json.putObject("pre_tokenizer"));
    json.putNull("post_processor");
    byteLevel(json.putObject("decoder"), true);
    ObjectNode model = json.putObject("model");
    model.put("type", "BPE");
    model.putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    merges.forEach(model.putArray("merges")::add);
    return json;
  }

  private void preTokenizer(ObjectNode node) {
    switch (preTokenizer) {
      case GPT2 -> byteLevel(node, true);
      case NAMES -> {
        node.put("type", "Sequence");
        ArrayNode steps = node.putArray("pretokenizers");
        ObjectNode split = steps.addObject();
        split.put("type", "Split");
        split.putObject("pattern").put("Regex", preTokenizer.regex);
        split.put("behavior", "Isolated");
        split.put("invert", false);
        byteLevel(steps.addObject(), false);
      }
    }
  }

  private static void byteLevel(ObjectNode node, boolean useRegex) {
    node.put("type", "ByteLevel");
    node.put("add_prefix_space", false);
    node.put("trim_offsets", true);
    node.put("use_regex", useRegex);
  }
}
