package dev.tidemill.tuner.domain;

import dev.tidemill.events.Binary;
import dev.tidemill.events.Example;
import dev.tidemill.events.Message;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Sft;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.model.train.RatedExample;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.tuner.TunerConfig.Kind;
import dev.tidemill.tuner.TunerConfig.Ratings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// The examples of a window as the model learns them.
///
/// @param sft answers to learn
/// @param pairs answers to prefer
/// @param rated answers that were found good or bad, where those train by rating
/// @param sources the examples behind `sft`, in the same order
/// @param tooLong examples left out because they are longer than the model takes
/// @param unusable examples left out because the chat template refuses them or nothing of them is
///   an answer
public record TrainingSet(
    List<TrainingExample> sft,
    List<dev.tidemill.model.train.PreferencePair> pairs,
    List<RatedExample> rated,
    List<Example> sources,
    int tooLong,
    int unusable) {

  public TrainingSet {
    sft = List.copyOf(sft);
    pairs = List.copyOf(pairs);
    rated = List.copyOf(rated);
    sources = List.copyOf(sources);
  }

  /// What kind an example is.
  public static Kind kind(Example example) {
    return switch (example.getTraining()) {
      case Sft sft -> Kind.SFT;
      case PreferencePair pair -> Kind.PREFERENCE;
      case Binary binary -> Kind.BINARY;
      case Object other -> throw new IllegalArgumentException("no example: " + other.getClass());
    };
  }

  /// What an example answers.
  public static List<Message> prompt(Example example) {
    return switch (example.getTraining()) {
      case Sft sft -> sft.getPrompt();
      case PreferencePair pair -> pair.getPrompt();
      case Binary binary -> binary.getPrompt();
      case Object other -> throw new IllegalArgumentException("no example: " + other.getClass());
    };
  }

  /// The examples of a window that train now. Confirmed answers come with every rating and would
  /// drown the few corrections, so at most `perAnswer` of them are drawn for each answer to learn.
  public static List<Example> balanced(
      Collection<Example> examples, double perAnswer, Random random) {
    List<Example> confirmed = new ArrayList<>();
    List<Example> balanced = new ArrayList<>();
    long answers = 0;
    for (Example example : examples) {
      Kind kind = kind(example);
      answers += kind == Kind.SFT ? 1 : 0;
      (kind == Kind.BINARY ? confirmed : balanced).add(example);
    }
    Collections.shuffle(confirmed, random);
    long most = answers == 0 ? confirmed.size() : Math.round(answers * perAnswer);
    balanced.addAll(confirmed.subList(0, (int) Math.min(confirmed.size(), most)));
    return balanced;
  }

  /// Tokenizes examples.
  ///
  /// @param objectives kinds that train
  /// @param ratings how answers train that were found good or bad
  /// @param maxTokens longest sequence that the model takes
  public static TrainingSet of(
      Collection<Example> examples,
      List<Kind> objectives,
      Ratings ratings,
      Tokenizer tokenizer,
      int maxTokens) {
    List<RatedExample> rated = new ArrayList<>();
    List<TrainingExample> sft = new ArrayList<>();
    List<dev.tidemill.model.train.PreferencePair> pairs = new ArrayList<>();
    List<Example> sources = new ArrayList<>();
    int tooLong = 0;
    int unusable = 0;
    for (Example example : examples) {
      if (!objectives.contains(kind(example))) {
        continue;
      }
      try {
        if (ratings == Ratings.KTO && example.getTraining() instanceof Binary binary) {
          RatedExample each = rated(binary, tokenizer, (float) example.getWeight());
          if (each.prompt().length + each.answer().length > maxTokens) {
            tooLong++;
          } else {
            rated.add(each);
          }
          continue;
        }
        List<TrainingExample> made = make(example, tokenizer);
        if (made.stream().anyMatch(m -> m.tokens().length > maxTokens)) {
          tooLong++;
        } else if (made.stream().anyMatch(m -> m.labelledTokens() == 0)) {
          unusable++;
        } else if (made.size() == 1) {
          sft.add(made.getFirst());
          sources.add(example);
        } else if (made.size() == 2) {
          pairs.add(new dev.tidemill.model.train.PreferencePair(made.getFirst(), made.getLast()));
        }
      } catch (IllegalArgumentException refused) {
        unusable++;
      }
    }
    return new TrainingSet(sft, pairs, rated, sources, tooLong, unusable);
  }

  /// One sequence for an answer to learn, two for a preference, none for a bad answer.
  private static List<TrainingExample> make(Example example, Tokenizer tokenizer) {
    float weight = (float) example.getWeight();
    return switch (example.getTraining()) {
      case Sft sft -> List.of(chat(tokenizer, sft.getPrompt(), sft.getAnswer(), weight));
      case Binary binary ->
          binary.getGood()
              ? List.of(chat(tokenizer, binary.getPrompt(), binary.getAnswer(), weight))
              : List.of();
      case PreferencePair pair ->
          List.of(
              chat(tokenizer, pair.getPrompt(), pair.getChosen(), weight),
              chat(tokenizer, pair.getPrompt(), pair.getRejected(), weight));
      case Object other -> throw new IllegalArgumentException("no example: " + other.getClass());
    };
  }

  private static RatedExample rated(Binary binary, Tokenizer tokenizer, float weight) {
    List<ChatMessage> messages = new ArrayList<>(messages(binary.getPrompt()));
    messages.add(ChatMessage.assistant(binary.getAnswer()));
    return RatedExample.chat(tokenizer, messages, binary.getGood(), weight);
  }

  private static TrainingExample chat(
      Tokenizer tokenizer, List<Message> prompt, String answer, float weight) {
    List<ChatMessage> messages = new ArrayList<>(messages(prompt));
    messages.add(ChatMessage.assistant(answer));
    return TrainingExample.chat(tokenizer, messages, weight);
  }

  /// A prompt as the chat template takes it.
  public static List<ChatMessage> messages(List<Message> prompt) {
    return prompt.stream().map(m -> new ChatMessage(m.getRole(), m.getContent())).toList();
  }
}
