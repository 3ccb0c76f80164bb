package dev.tidemill.curator.guard;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Recognises texts that are nearly the same, and campaigns: few subjects, of all that speak, who
/// say nearly the same of many prompts. What many subjects say, such as `true` or a label, is none.
public final class Campaigns {
  /// Fewer words than this are compared as they stand.
  private static final int LONG = 5;

  // One hash each: texts of which the half of the pairs of words is the same share one of the four
  // in 15 of 16 cases.
  private static final long[] SEEDS = {
    0x9E3779B97F4A7C15L, 0xC2B2AE3D27D4EB4FL, 0x165667B19E3779F9L, 0x27D4EB2F165667C5L
  };

  /// Most subjects of a campaign, as a share of all.
  private static final double FEW = 0.15;

  /// A campaigner says it of so many prompts, on average.
  private static final int OFTEN = 3;

  private Campaigns() {}

  /// Signatures of a text: texts that are nearly the same have one in common. Digits make no
  /// difference in long texts, and all of it in short ones.
  public static List<Long> signatures(String text) {
    String[] words = text.toLowerCase(Locale.ROOT).strip().split("\\s+");
    if (words.length < LONG) {
      return List.of(mix(String.join(" ", words).hashCode() * 31L + words.length));
    }
    Set<Long> pairs = new HashSet<>();
    int before = 0;
    for (String word : words) {
      int hash = word.chars().anyMatch(Character::isDigit) ? 0 : word.hashCode();
      pairs.add(31L * before + hash);
      before = hash;
    }
    long[] least = new long[SEEDS.length];
    Arrays.fill(least, Long.MAX_VALUE);
    for (long pair : pairs) {
      for (int i = 0; i < SEEDS.length; i++) {
        least[i] = Math.min(least[i], mix(pair ^ SEEDS[i]));
      }
    }
    return Arrays.stream(least).boxed().toList();
  }

  /// How much one more piece of this text counts: 1, or less the more often few subjects said it.
  ///
  /// @param crowd how many subjects spoke lately
  public static double weight(Campaign campaign, double crowd, Guard guard) {
    double subjects = Math.max(1, campaign.subjects().count());
    boolean few = subjects <= FEW * crowd && crowd >= guard.crowd();
    boolean often =
        campaign.prompts().count() > guard.campaignFree() && campaign.pieces() > OFTEN * subjects;
    return few && often ? (double) guard.campaignFree() / campaign.pieces() : 1;
  }

  private static long mix(long value) {
    long mixed = value * 0x9E3779B97F4A7C15L;
    mixed ^= mixed >>> 32;
    mixed *= 0xD6E8FEB86659FD93L;
    return mixed ^ mixed >>> 29;
  }
}
