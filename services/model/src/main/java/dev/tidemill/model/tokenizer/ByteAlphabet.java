package dev.tidemill.model.tokenizer;

import java.nio.charset.StandardCharsets;

/// GPT-2's way of writing bytes as visible characters: printable Latin-1 bytes stand for
/// themselves, the others follow from U+0100 on.
final class ByteAlphabet {
  private static final char[] CHARACTERS = characters();

  private ByteAlphabet() {}

  static char character(int unsignedByte) {
    return CHARACTERS[unsignedByte];
  }

  /// The bytes of a text, each as its character.
  static String write(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder out = new StringBuilder(utf8.length);
    for (byte each : utf8) {
      out.append(CHARACTERS[each & 0xff]);
    }
    return out.toString();
  }

  private static char[] characters() {
    char[] characters = new char[256];
    int next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value >= '!' && value <= '~')
              || (value >= 0xa1 && value <= 0xac)
              || (value >= 0xae && value <= 0xff);
      characters[value] = (char) (printable ? value : next++);
    }
    return characters;
  }
}
