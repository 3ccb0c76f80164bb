package dev.tidemill.benchmarks.scenario.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.model.train.PreferencePair;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Instruction data: from a file, or made with lengths as published instruction sets have them: log
/// normal, prompts of a hundred tokens with a long tail, answers of a handful with a longer one.
///
/// Made tokens follow each other by a rule that can be learned, so that a loss that falls tells
/// something.
public final class Instructions {
  public static final int LONGEST = 512;
  private static final int FIRST_TOKEN = 5;
  private static final int END = 4;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Random random;
  private final int vocabulary;

  public Instructions(int vocabulary, long seed) {
    this.vocabulary = vocabulary;
    random = new Random(seed);
  }

  /// Prompts with their answers, which alone are labelled; those that are too long are left out.
  ///
  /// @param file lines of JSON with `prompt` and `completion`, or null to make some
  public List<TrainingExample> answers(int count, @Nullable Path file, Tokenizer tokenizer)
      throws IOException {
    List<TrainingExample> examples = new ArrayList<>();
    if (file == null) {
      while (examples.size() < count) {
        int[] prompt = made(length(105, 0.95));
        int[] answer = ended(made(length(6, 1.3)));
        add(examples, prompt, answer);
      }
      return examples;
    }
    for (String line : shuffled(file)) {
      JsonNode json = JSON.readTree(line);
      if (examples.size() < count) {
        int[] prompt = tokenizer.encodeText(json.path("prompt").asText());
        add(examples, prompt, ended(tokenizer.encodeText(json.path("completion").asText())));
      }
    }
    return examples;
  }

  /// Two answers to each prompt.
  ///
  /// @param file lines of JSON with `prompt`, `chosen` and `rejected`, or null to make some
  public List<PreferencePair> pairs(int count, @Nullable Path file, Tokenizer tokenizer)
      throws IOException {
    List<TrainingExample> both = new ArrayList<>();
    if (file == null) {
      while (both.size() < 2 * count) {
        int[] prompt = made(length(61, 0.4));
        add(both, prompt, ended(made(length(98, 0.5))));
        if (both.size() % 2 == 1) {
          add(both, prompt, ended(made(length(90, 0.5))));
        }
      }
    } else {
      for (String line : shuffled(file)) {
        JsonNode json = JSON.readTree(line);
        int[] prompt = tokenizer.encodeText(json.path("prompt").asText());
        int[] chosen = ended(tokenizer.encodeText(json.path("chosen").asText()));
        int[] rejected = ended(tokenizer.encodeText(json.path("rejected").asText()));
        boolean fits = prompt.length + Math.max(chosen.length, rejected.length) <= LONGEST;
        if (both.size() < 2 * count && fits) {
          add(both, prompt, chosen);
          add(both, prompt, rejected);
        }
      }
    }
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i + 1 < both.size(); i += 2) {
      pairs.add(new PreferencePair(both.get(i), both.get(i + 1)));
    }
    return pairs;
  }

  /// Text of a length, labelled throughout.
  public TrainingExample text(int length) {
    return TrainingExample.text(made(length));
  }

  private List<String> shuffled(Path file) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    Collections.shuffle(lines, random);
    return lines;
  }

  private static void add(List<TrainingExample> examples, int[] prompt, int[] answer) {
    if (prompt.length > 0 && prompt.length + answer.length <= LONGEST) {
      int[] tokens = Arrays.copyOf(prompt, prompt.length + answer.length);
      System.arraycopy(answer, 0, tokens, prompt.length, answer.length);
      boolean[] labelled = new boolean[tokens.length];
      Arrays.fill(labelled, prompt.length, tokens.length, true);
      examples.add(new TrainingExample(tokens, labelled, 1));
    }
  }

  private static int[] ended(int[] tokens) {
    int[] ended = Arrays.copyOf(tokens, tokens.length + 1);
    ended[tokens.length] = END;
    return ended;
  }

  private int length(double median, double sigma) {
    return Math.clamp(Math.round(median * Math.exp(sigma * random.nextGaussian())), 1, 2000);
  }

  /// Four tokens in five follow from the one before.
  private int[] made(int length) {
    int range = vocabulary - FIRST_TOKEN;
    int[] tokens = new int[length];
    int last = random.nextInt(64);
    for (int i = 0; i < length; i++) {
      last = random.nextInt(5) == 0 ? random.nextInt(64) : (last * 31 + 7) % 509 % range;
      tokens[i] = FIRST_TOKEN + last;
    }
    return tokens;
  }
}
