package dev.tidemill.benchmarks.scenario.crash;

import java.util.List;
import java.util.random.RandomGenerator;

/// Makes plain English sentences. None is like another, none holds what a filter would look for.
final class Words {
  private static final List<String> NOUNS =
      words(
          """
          mill river tide wheel stone grain harbour keeper lantern bridge garden window ladder
          barrel anchor valley meadow village market kettle blanket candle copper engine feather
          furnace hammer island jacket kitchen leather library mirror needle orchard paper pillow
          quarry ribbon saddle shelter silver spring table thread timber tower tunnel vessel wagon
          winter workshop yard basket boulder cabin canal castle cellar chimney cottage curtain
          ferry field forest fountain gate glacier hill hollow kingdom lake landing ledge marsh
          mountain oven pasture path pebble pier plateau pond port ridge road roof shore slope
          stable stream summit swamp temple terrace trail turbine wharf willow wool
          """);
  private static final List<String> VERBS =
      words(
          """
          carries follows guards lifts holds turns covers opens closes cleans paints mends moves
          watches keeps finds shows brings builds crosses drives feeds fills joins leads leaves
          marks meets opposes passes pulls pushes raises reaches serves sets shapes shields sorts
          starts steers stops supports takes teaches touches tracks warms washes weighs
          """);
  private static final List<String> QUALITIES =
      words(
          """
          old quiet heavy narrow bright distant wooden hidden broad calm careful clear cold common
          deep dry early even fair famous firm flat fresh gentle golden grey hollow honest humble
          large late light lonely long low mild modest noble pale patient plain proud pure rare
          rough round rusty sharp short simple slow small smooth soft solid steady steep strong
          sudden tall tender thick thin tidy tiny warm weak wide wild wise young
          """);
  private static final List<String> LINKS =
      words("because while until although before after whenever unless since though");

  private final RandomGenerator random;

  Words(RandomGenerator random) {
    this.random = random;
  }

  /// A text of so many sentences.
  String text(int sentences) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sentences; i++) {
      text.append(i == 0 ? "" : " ").append(sentence());
    }
    return text.toString();
  }

  /// One sentence.
  String sentence() {
    return "The %s and the %s of %s."
        .formatted(
            clause() + " " + pick(LINKS) + " the " + clause(),
            pick(QUALITIES) + " " + pick(NOUNS) + " " + pick(VERBS) + " the " + pick(NOUNS),
            pick(NOUNS));
  }

  /// A question that no other is like.
  String question(long number) {
    return "What does it mean that the %s in the story of %s?".formatted(clause(), name(number));
  }

  /// A word for a number, without digits.
  static String name(long number) {
    StringBuilder word = new StringBuilder();
    for (long rest = number; rest > 0 || word.length() < 3; rest /= 80) {
      int syllable = (int) (rest % 80);
      word.append("bdfgklmnprstvzhj".charAt(syllable / 5)).append("aeiou".charAt(syllable % 5));
    }
    return Character.toUpperCase(word.charAt(0)) + word.substring(1);
  }

  private String clause() {
    return "%s %s %s the %s %s"
        .formatted(pick(QUALITIES), pick(NOUNS), pick(VERBS), pick(QUALITIES), pick(NOUNS));
  }

  private String pick(List<String> words) {
    return words.get(random.nextInt(words.size()));
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split("\\s+"));
  }
}
