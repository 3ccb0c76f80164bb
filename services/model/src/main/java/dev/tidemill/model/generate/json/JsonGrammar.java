package dev.tidemill.model.generate.json;

/// A JSON object (RFC 8259), byte by byte, as an automaton with a stack: strings are sound UTF-8,
/// escaped halves of characters are not let in, and nesting has an end. A state is a number: the
/// place within a value in the low bits, the stack of open objects and lists above.
final class JsonGrammar {
  /// Open objects and lists at most.
  static final int DEEPEST = 32;

  static final long NO = -1;

  private static final int BITS = 8;
  private static final int IN_KEY = 0x40;

  private static final int BEGIN = 0;
  private static final int KEY_OR_END = 1;
  private static final int KEY = 2;
  private static final int COLON = 3;
  private static final int VALUE = 4;
  private static final int VALUE_OR_END = 5;
  private static final int NEXT = 6;
  private static final int DONE = 7;
  private static final int MINUS = 8;
  private static final int ZERO = 9;
  private static final int DIGITS = 10;
  private static final int POINT = 11;
  private static final int FRACTION = 12;
  private static final int E = 13;
  private static final int E_SIGN = 14;
  private static final int E_DIGITS = 15;

  /// `true`, `false` and `null` after their first letters.
  private static final int LITERAL = 16;

  private static final String[] REST = {
    "rue", "ue", "e", "alse", "lse", "se", "e", "ull", "ll", "l"
  };
  private static final int TRUE = 0;
  private static final int FALSE = 3;
  private static final int NULL = 7;

  private static final int STRING = 32;
  private static final int ESCAPE = 33;
  private static final int HEX_1 = 34;
  private static final int HEX_2 = 35;
  private static final int HEX_3 = 36;
  private static final int HEX_4 = 37;

  /// The second digit of an escape that begins with d: halves of characters begin with 8 or more
  /// there.
  private static final int HEX_2_LOW = 38;

  private static final int MORE_1 = 39;
  private static final int MORE_2 = 40;
  private static final int MORE_3 = 41;
  private static final int AFTER_E0 = 42;
  private static final int AFTER_ED = 43;
  private static final int AFTER_F0 = 44;
  private static final int AFTER_F4 = 45;

  private JsonGrammar() {}

  /// Before the object.
  static long begin() {
    return 1L << BITS | BEGIN;
  }

  /// Whether the object is whole.
  static boolean complete(long state) {
    return at(state) == DONE;
  }

  /// The state after one more byte, [#NO] when it may not come here.
  static long next(long state, int unsigned) {
    int at = at(state);
    if ((at & ~IN_KEY) >= STRING) {
      return string(state, at & ~IN_KEY, unsigned);
    }
    if (at >= LITERAL) {
      return literal(state, at - LITERAL, unsigned);
    }
    if (at >= MINUS) {
      return number(state, at, unsigned);
    }
    if (unsigned == ' ' || unsigned == '\n' || unsigned == '\r' || unsigned == '\t') {
      return at == DONE ? NO : state;
    }
    return switch (at) {
      case BEGIN -> unsigned == '{' ? push(state, true) : NO;
      case KEY_OR_END ->
          unsigned == '"' ? to(state, STRING | IN_KEY) : unsigned == '}' ? pop(state) : NO;
      case KEY -> unsigned == '"' ? to(state, STRING | IN_KEY) : NO;
      case COLON -> unsigned == ':' ? to(state, VALUE) : NO;
      case VALUE -> value(state, unsigned);
      case VALUE_OR_END -> unsigned == ']' ? pop(state) : value(state, unsigned);
      case NEXT -> more(state, unsigned);
      default -> NO;
    };
  }

  /// Bytes of the shortest way to the end of the object.
  static int left(long state) {
    int at = at(state);
    int open = depth(state);
    boolean key = (at & IN_KEY) != 0;
    int bare = at & ~IN_KEY;
    if (bare >= STRING) {
      return rest(bare) + (key ? 3 : 1) + open;
    }
    if (bare >= LITERAL) {
      return REST[bare - LITERAL].length() + open;
    }
    return switch (bare) {
      case BEGIN -> 2;
      case KEY -> 4 + open;
      case COLON -> 2 + open;
      case VALUE, MINUS, POINT, E, E_SIGN -> 1 + open;
      default -> open;
    };
  }

  private static int rest(int at) {
    return switch (at) {
      case STRING -> 0;
      case ESCAPE, HEX_4, MORE_1 -> 1;
      case HEX_3, MORE_2, AFTER_E0, AFTER_ED -> 2;
      case HEX_2, HEX_2_LOW, MORE_3, AFTER_F0, AFTER_F4 -> 3;
      default -> 4;
    };
  }

  private static long value(long state, int unsigned) {
    return switch (unsigned) {
      case '"' -> to(state, STRING);
      case '{' -> push(state, true);
      case '[' -> push(state, false);
      case '-' -> to(state, MINUS);
      case '0' -> to(state, ZERO);
      case 't' -> to(state, LITERAL + TRUE);
      case 'f' -> to(state, LITERAL + FALSE);
      case 'n' -> to(state, LITERAL + NULL);
      default -> unsigned >= '1' && unsigned <= '9' ? to(state, DIGITS) : NO;
    };
  }

  private static long more(long state, int unsigned) {
    boolean object = (state >> BITS & 1) == 1;
    return switch (unsigned) {
      case ',' -> to(state, object ? KEY : VALUE);
      case '}' -> object ? pop(state) : NO;
      case ']' -> object ? NO : pop(state);
      default -> NO;
    };
  }

  private static long literal(long state, int letter, int unsigned) {
    String rest = REST[letter];
    return unsigned != rest.charAt(0)
        ? NO
        : to(state, rest.length() == 1 ? NEXT : LITERAL + letter + 1);
  }

  private static long number(long state, int at, int unsigned) {
    boolean digit = unsigned >= '0' && unsigned <= '9';
    boolean e = unsigned == 'e' || unsigned == 'E';
    int next =
        switch (at) {
          case MINUS -> unsigned == '0' ? ZERO : digit ? DIGITS : -1;
          case ZERO -> unsigned == '.' ? POINT : e ? E : -1;
          case DIGITS -> digit ? DIGITS : unsigned == '.' ? POINT : e ? E : -1;
          case POINT -> digit ? FRACTION : -1;
          case FRACTION -> digit ? FRACTION : e ? E : -1;
          case E -> digit ? E_DIGITS : unsigned == '+' || unsigned == '-' ? E_SIGN : -1;
          default -> digit ? E_DIGITS : -1;
        };
    if (next >= 0) {
      return to(state, next);
    }
    boolean whole = at == ZERO || at == DIGITS || at == FRACTION || at == E_DIGITS;
    return whole ? next(to(state, NEXT), unsigned) : NO;
  }

  private static long string(long state, int at, int unsigned) {
    int next =
        switch (at) {
          case STRING -> character(unsigned);
          case ESCAPE ->
              unsigned == 'u' ? HEX_1 : "\"\\/bfnrt".indexOf(unsigned) >= 0 ? STRING : -1;
          case HEX_1 -> unsigned == 'd' || unsigned == 'D' ? HEX_2_LOW : hex(unsigned) ? HEX_2 : -1;
          case HEX_2_LOW -> unsigned >= '0' && unsigned <= '7' ? HEX_3 : -1;
          case HEX_2 -> hex(unsigned) ? HEX_3 : -1;
          case HEX_3 -> hex(unsigned) ? HEX_4 : -1;
          case HEX_4 -> hex(unsigned) ? STRING : -1;
          case MORE_1 -> within(unsigned, 0x80, 0xbf, STRING);
          case MORE_2 -> within(unsigned, 0x80, 0xbf, MORE_1);
          case MORE_3 -> within(unsigned, 0x80, 0xbf, MORE_2);
          case AFTER_E0 -> within(unsigned, 0xa0, 0xbf, MORE_1);
          case AFTER_ED -> within(unsigned, 0x80, 0x9f, MORE_1);
          case AFTER_F0 -> within(unsigned, 0x90, 0xbf, MORE_2);
          default -> within(unsigned, 0x80, 0x8f, MORE_2);
        };
    boolean key = (at(state) & IN_KEY) != 0;
    if (next == NEXT) {
      return to(state, key ? COLON : NEXT);
    }
    return next < 0 ? NO : to(state, key ? next | IN_KEY : next);
  }

  /// What follows a byte within a string; [#NEXT] after its end.
  private static int character(int unsigned) {
    return switch (unsigned) {
      case '"' -> NEXT;
      case '\\' -> ESCAPE;
      case 0xe0 -> AFTER_E0;
      case 0xed -> AFTER_ED;
      case 0xf0 -> AFTER_F0;
      case 0xf4 -> AFTER_F4;
      default ->
          unsigned < 0x20
              ? -1
              : unsigned < 0x80
                  ? STRING
                  : unsigned < 0xc2
                      ? -1
                      : unsigned < 0xe0
                          ? MORE_1
                          : unsigned < 0xf0 ? MORE_2 : unsigned < 0xf4 ? MORE_3 : -1;
    };
  }

  private static int within(int unsigned, int from, int to, int next) {
    return unsigned >= from && unsigned <= to ? next : -1;
  }

  private static boolean hex(int unsigned) {
    return Character.digit(unsigned, 16) >= 0 && unsigned < 0x80;
  }

  private static long push(long state, boolean object) {
    if (depth(state) >= DEEPEST) {
      return NO;
    }
    long stack = state >> BITS << 1 | (object ? 1 : 0);
    return stack << BITS | (object ? KEY_OR_END : VALUE_OR_END);
  }

  private static long pop(long state) {
    long stack = state >> BITS >> 1;
    return stack << BITS | (stack == 1 ? DONE : NEXT);
  }

  private static long to(long state, int at) {
    return state >> BITS << BITS | at;
  }

  private static int at(long state) {
    return (int) (state & (1 << BITS) - 1);
  }

  private static int depth(long state) {
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(state >> BITS);
  }
}
