package dev.tidemill.curator.guard;

import dev.tidemill.events.Message;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Whether an answer repeats what the user said: most of its words stand in the user's last turn.
/// It is a rough sign of an answer that agrees with the user, as no words are understood.
public final class Echo {
  private static final double MOST = 0.6;
  private static final int SHORT = 3;

  private Echo() {}

  /// Whether the answer repeats the last turn of this prompt.
  public static boolean repeats(List<Message> prompt, String answer) {
    Set<String> said = words(prompt.getLast().getContent());
    Set<String> answered = words(answer);
    long repeated = answered.stream().filter(said::contains).count();
    return !answered.isEmpty() && repeated >= MOST * answered.size();
  }

  // Short words are everywhere; numbers say something however short they are.
  private static Set<String> words(String text) {
    Set<String> words = new HashSet<>();
    Arrays.stream(text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+"))
        .filter(word -> word.length() > SHORT || word.chars().anyMatch(Character::isDigit))
        .forEach(words::add);
    return words;
  }
}
