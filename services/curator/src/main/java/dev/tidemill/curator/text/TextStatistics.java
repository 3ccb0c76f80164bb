package dev.tidemill.curator.text;

import java.util.Map;

/// What the quality rules look at, measured in one pass over the characters.
///
/// A word is what stands between white space, without the punctuation around it; what has no letter
/// and no digit is no word. A line is one that is not blank, without the white space around it.
///
/// @param words number of words
/// @param meanWordLength characters of a word
/// @param alphabeticWords share of words with a letter
/// @param symbolRatio hash signs or ellipses, whichever are more, for each word
/// @param stopWords different stop words of each language
/// @param newlineRatio line ends for each word
/// @param lines number of lines
/// @param bulletLines share of lines that begin with a bullet
/// @param ellipsisLines share of lines that end with an ellipsis
/// @param punctuatedLines share of lines that end with a mark that ends a sentence
/// @param shortLines share of lines no longer than what is called short
/// @param duplicateLines share of lines that came before
/// @param duplicateCharacters share of characters that stand in such lines
public record TextStatistics(
    int words,
    double meanWordLength,
    double alphabeticWords,
    double symbolRatio,
    Map<String, Integer> stopWords,
    double newlineRatio,
    int lines,
    double bulletLines,
    double ellipsisLines,
    double punctuatedLines,
    double shortLines,
    double duplicateLines,
    double duplicateCharacters) {

  /// Measures a text.
  ///
  /// @param shortLine characters up to which a line is short
  static TextStatistics of(String text, StopWords stopWords, int shortLine) {
    return new Pass(text, stopWords.tally(), shortLine).run();
  }

  /// One walk over a text.
  private static final class Pass {
    private final String text;
    private final StopWords.Tally stopWords;
    private final int shortLine;
    private final LongSet seenLines = new LongSet();

    private int words;
    private long wordCharacters;
    private int alphabetic;
    private int hashes;
    private int ellipses;
    private int newlines;
    private int lines;
    private int bullets;
    private int ellipsisLines;
    private int punctuated;
    private int shorts;
    private int duplicates;
    private long characters;
    private long duplicateCharacters;

    // Of the word that is being read: its first and last letter or digit.
    private int first = -1;
    private int last = -1;
    private boolean letter;
    // Of the line that is being read: its first and last character that is not blank.
    private int begin = -1;
    private int end = -1;
    private long hash;

    Pass(String text, StopWords.Tally stopWords, int shortLine) {
      this.text = text;
      this.stopWords = stopWords;
      this.shortLine = shortLine;
    }

    TextStatistics run() {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c == '\n') {
          newlines++;
          endWord();
          endLine();
        } else if (blank(c)) {
          endWord();
        } else {
          visible(c, i);
        }
      }
      endWord();
      endLine();
      return new TextStatistics(
          words,
          share(wordCharacters, words),
          share(alphabetic, words),
          (double) Math.max(hashes, ellipses) / Math.max(1, words),
          stopWords.distinct(),
          (double) newlines / Math.max(1, words),
          lines,
          share(bullets, lines),
          share(ellipsisLines, lines),
          share(punctuated, lines),
          share(shorts, lines),
          share(duplicates, lines),
          share(duplicateCharacters, characters));
    }

    private void visible(char c, int i) {
      if (begin < 0) {
        begin = i;
      }
      end = i;
      // Blanks within a line are left out of its hash: they make no other line of it.
      hash = (hash ^ c) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
      if (letter(c)) {
        letter = true;
        first = first < 0 ? i : first;
        last = i;
      } else if (digit(c)) {
        first = first < 0 ? i : first;
        last = i;
      } else if (c == '#') {
        hashes++;
      } else if (c == '…') {
        ellipses++;
      } else if (c == '.' && i >= 2 && endsWithDots(i + 1) && !endsWithDots(i)) {
        ellipses++;
      }
    }

    private void endWord() {
      if (first >= 0) {
        words++;
        wordCharacters += last - first + 1;
        alphabetic += letter ? 1 : 0;
        stopWords.add(text, first, last + 1);
      }
      first = -1;
      letter = false;
    }

    private void endLine() {
      if (begin < 0) {
        return;
      }
      int length = end - begin + 1;
      lines++;
      characters += length;
      shorts += length <= shortLine ? 1 : 0;
      bullets += bullet() ? 1 : 0;
      boolean ellipsis = text.charAt(end) == '…' || endsWithDots(end + 1);
      ellipsisLines += ellipsis ? 1 : 0;
      punctuated += ellipsis || sentenceEnds() ? 1 : 0;
      if (!seenLines.add(hash)) {
        duplicates++;
        duplicateCharacters += length;
      }
      begin = -1;
      hash = 0;
    }

    private boolean bullet() {
      char c = text.charAt(begin);
      return switch (c) {
        case '•', '‣', '▪', '●', '◦', '·', '■', '►' -> true;
        case '-', '*', '+', '–' -> begin < end && blank(text.charAt(begin + 1));
        default -> false;
      };
    }

    private boolean sentenceEnds() {
      int at = end;
      while (at > begin && "\"'”’»)]".indexOf(text.charAt(at)) >= 0) {
        at--;
      }
      return ".!?。！？؟।".indexOf(text.charAt(at)) >= 0;
    }

    private boolean endsWithDots(int to) {
      return to >= 3 && text.startsWith("...", to - 3);
    }
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  private static boolean letter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        // Half of a pair stands for a letter: scripts beyond the basic plane are letters mostly.
        || (c >= 0x80 && (Character.isLetter(c) || Character.isHighSurrogate(c)));
  }

  private static boolean digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 0x80 && Character.isDigit(c));
  }

  private static boolean blank(char c) {
    return c <= ' ' || (c >= 0x80 && (Character.isWhitespace(c) || Character.isSpaceChar(c)));
  }
}
