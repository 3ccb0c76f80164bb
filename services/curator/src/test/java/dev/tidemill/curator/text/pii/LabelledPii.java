package dev.tidemill.curator.text.pii;

import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberType;
import com.google.i18n.phonenumbers.Phonenumber.PhoneNumber;
import dev.tidemill.curator.text.pii.Sample.Value;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/// Makes sentences in several languages with personal data of every kind, in the forms that people
/// and programs write.
final class LabelledPii {
  private static final PhoneNumberUtil NUMBERS = PhoneNumberUtil.getInstance();

  private static final List<String> SENTENCES =
      List.of(
          "Please use {} for this.",
          "{} is what I was given last week.",
          "As agreed: {}",
          "We have {}, and nothing else, on file.",
          "(see {})",
          "Antworten Sie an {} bis Freitag.",
          "Voici : {} ; merci d'avance.",
          "Nuestro dato es {}.",
          "Il mio: {}!",
          "The row reads \"{}\" in the export of 2024-03-01.",
          "First line.\n{}\nLast line.",
          "<{}>",
          "Is it {}?",
          "| Anna | {} | active |");

  private final Dice dice;

  LabelledPii(Dice dice) {
    this.dice = dice;
  }

  /// One sentence with data of this kind.
  Sample of(PiiKind kind) {
    return switch (kind) {
      case EMAIL -> Sample.of(dice.pick(SENTENCES), email());
      case IBAN -> Sample.of(dice.pick(SENTENCES), Value.of(kind, iban()));
      case CARD -> Sample.of(dice.pick(SENTENCES), Value.of(kind, card()));
      case IP -> Sample.of(dice.pick(SENTENCES), ip());
      case PHONE -> phone();
      case SECRET -> secret();
    };
  }

  private Value email() {
    if (dice.chance(HARD)) {
      return Value.of(PiiKind.EMAIL, name() + " at " + name() + " dot org");
    }
    String local =
        switch (dice.below(8)) {
          case 0 -> name() + "." + name();
          case 1 -> name() + dice.of(Dice.DIGITS, dice.between(1, 4));
          case 2 -> name() + "+" + name();
          case 3 -> dice.of(Dice.LOWER, 1) + "_" + name();
          case 4 -> name().toUpperCase(Locale.ROOT);
          case 5 -> dice.pick("jörg", "élise", "o'neill", "муромец", "søren") + dice.below(90);
          case 6 -> name() + "-" + name();
          default -> name();
        };
    String host =
        switch (dice.below(6)) {
          case 0 -> name() + "." + dice.pick("co.uk", "com.au", "ac.jp", "gov.br");
          case 1 -> "mail." + name() + "-" + name() + ".org";
          case 2 -> dice.pick("bücher.de", "xn--bcher-kva.ch", "пример.рф", "example.москва");
          case 3 -> name() + dice.below(100) + ".io";
          case 4 -> name() + ".museum";
          default -> name() + "." + dice.pick("com", "org", "net", "de", "fr", "it", "es", "nl");
        };
    return switch (dice.below(10)) {
      case 0 -> new Value(PiiKind.EMAIL, local + "@" + host, "mailto:", "");
      case 1 -> new Value(PiiKind.EMAIL, local + "@" + host, "<", ">");
      case 2 -> Value.of(PiiKind.EMAIL, local + " (at) " + host);
      case 3 -> Value.of(PiiKind.EMAIL, local + "[at]" + host.replace(".", "[dot]"));
      case 4 -> new Value(PiiKind.EMAIL, local + "%40" + host, "https://x.example/?u=", "&v=1");
      case 5 -> new Value(PiiKind.EMAIL, local + "@" + host, "email=", ";");
      case 6 -> Value.of(PiiKind.EMAIL, "\"" + local + " x\"@" + host);
      default -> Value.of(PiiKind.EMAIL, local + "@" + host);
    };
  }

  private String iban() {
    // Letters and digits of the account after country and check digits: A a letter, 0 a digit.
    String form =
        dice.pick(
            "DE000000000000000000",
            "GBAAAA00000000000000",
            "FR0000000000AAAAAAAAAAA00",
            "NLAAAA0000000000",
            "ES00000000000000000000",
            "ITA0000000000AAAAAAAAAAAA",
            "CH00000AAAAAAAAAAAA",
            "AT0000000000000000",
            "BE000000000000",
            "PL000000000000000000000000",
            "NO00000000000",
            "SE00000000000000000000",
            "DK00000000000000",
            "FI00000000000000",
            "PT000000000000000000000",
            "IEAAAA00000000000000",
            "LU000AAAAAAAAAAAAA",
            "MTAAAA00000AAAAAAAAAAAAAAAAAA",
            "SA00AAAAAAAAAAAAAAAAAA",
            "TR000000AAAAAAAAAAAAAAAA");
    StringBuilder account = new StringBuilder();
    for (char c : form.substring(2).toCharArray()) {
      account.append(dice.of(c == 'A' ? Dice.UPPER : Dice.DIGITS, 1));
    }
    String country = form.substring(0, 2);
    StringBuilder number = new StringBuilder();
    for (char c : (account + country + "00").toCharArray()) {
      number.append(Character.digit(c, 36));
    }
    int check = 98 - new BigInteger(number.toString()).mod(BigInteger.valueOf(97)).intValueExact();
    String iban = country + "%02d".formatted(check) + account;
    if (dice.chance(HARD)) {
      return grouped(iban, "/");
    }
    return switch (dice.below(5)) {
      case 0 -> iban;
      case 1 -> grouped(iban, "\u00A0");
      case 2 -> grouped(iban, "-");
      case 3 -> iban.toLowerCase(Locale.ROOT);
      default -> grouped(iban, " ");
    };
  }

  private String card() {
    record Brand(String prefix, int length, List<Integer> groups) {}
    Brand brand =
        dice.pick(
            List.of(
                new Brand("4", 16, List.of(4, 4, 4, 4)),
                new Brand("4", 19, List.of(4, 4, 4, 4, 3)),
                new Brand("5" + dice.between(1, 5), 16, List.of(4, 4, 4, 4)),
                new Brand(String.valueOf(dice.between(2221, 2720)), 16, List.of(4, 4, 4, 4)),
                new Brand(dice.pick("34", "37"), 15, List.of(4, 6, 5)),
                new Brand("6011", 16, List.of(4, 4, 4, 4)),
                new Brand("65", 16, List.of(4, 4, 4, 4)),
                new Brand(dice.pick("36", "38", "300", "305"), 14, List.of(4, 6, 4)),
                new Brand(String.valueOf(dice.between(3528, 3589)), 16, List.of(4, 4, 4, 4)),
                new Brand("62", 16, List.of(4, 4, 4, 4))));
    String open = brand.prefix + dice.of(Dice.DIGITS, brand.length - 1 - brand.prefix.length());
    String digits = open;
    for (char c : Dice.DIGITS.toCharArray()) {
      if (luhn(open + c)) {
        digits = open + c;
      }
    }
    String separator = dice.chance(HARD) ? "/" : dice.pick("", " ", "-", "\u00A0");
    StringBuilder written = new StringBuilder();
    int from = 0;
    for (int group : brand.groups) {
      written.append(from == 0 ? "" : separator).append(digits, from, from + group);
      from += group;
    }
    return written.toString();
  }

  private static boolean luhn(String digits) {
    int sum = 0;
    boolean twice = false;
    for (int i = digits.length() - 1; i >= 0; i--) {
      int value = (digits.charAt(i) - '0') * (twice ? 2 : 1);
      sum += value / 10 + value % 10;
      twice = !twice;
    }
    return sum % 10 == 0;
  }

  private Value ip() {
    String four = dice.between(1, 223) + "." + byteValue() + "." + byteValue() + "." + byteValue();
    while (four.startsWith("127.")) {
      four = dice.between(1, 126) + "." + byteValue() + "." + byteValue() + "." + byteValue();
    }
    if (dice.chance(HARD)) {
      return new Value(PiiKind.IP, four.replace('.', '-'), "ip-", ".internal");
    }
    return switch (dice.below(9)) {
      case 0 -> new Value(PiiKind.IP, four, "http://", "/index.html");
      case 1 -> new Value(PiiKind.IP, four, "", ":" + dice.between(1_000, 60_000));
      case 2 -> new Value(PiiKind.IP, four, "from ", "/24");
      case 3 -> new Value(PiiKind.IP, six(), "[", "]:443");
      case 4 -> Value.of(PiiKind.IP, six());
      case 5 -> new Value(PiiKind.IP, six(), "", "/64");
      case 6 -> Value.of(PiiKind.IP, "fe80::" + group() + ":" + group() + "%eth0");
      case 7 -> Value.of(PiiKind.IP, "::ffff:" + four);
      default -> Value.of(PiiKind.IP, four);
    };
  }

  private String six() {
    String head = dice.pick("2001:db8", "2a02:" + group(), "2600:" + group(), "fd12:" + group());
    String tail = group() + ":" + group();
    String six =
        dice.chance(0.5)
            ? head + "::" + tail
            : head + ":" + group() + ":" + group() + ":" + group() + ":" + group() + ":" + tail;
    return dice.chance(0.2) ? six.toUpperCase(Locale.ROOT) : six;
  }

  private String group() {
    return Integer.toHexString(dice.between(0x100, 0xffff));
  }

  private int byteValue() {
    return dice.between(0, 255);
  }

  // What the rules do not promise is in the set as well, as it is in the world.
  private static final double HARD = 0.02;

  private Sample phone() {
    String region =
        dice.pick(
            "US", "GB", "DE", "FR", "ES", "IT", "NL", "CH", "AT", "BE", "PL", "SE", "BR", "IN",
            "JP", "AU", "ZA", "MX", "TR", "CA", "PT", "DK", "CZ", "KR");
    PhoneNumber number = number(region);
    String international = NUMBERS.format(number, PhoneNumberFormat.INTERNATIONAL);
    String national = NUMBERS.format(number, PhoneNumberFormat.NATIONAL);
    boolean ours = PiiRules.DEFAULT.regions().contains(region);
    String speaking =
        dice.pick(
            "Call {} after five.",
            "Tel.: {}",
            "Phone {} or write.",
            "My mobile is {}, any time.",
            "Telefon: {} (Büro)",
            "Appelez le {} demain.",
            "Llame al móvil {}, por favor.",
            "Telefono {}.",
            "WhatsApp: {}",
            "Fax {}\nOffice",
            "Bel {} voor meer.");
    String any = dice.chance(0.5) ? speaking : dice.pick(SENTENCES);
    if (ours && dice.chance(HARD)) {
      return Sample.of(dice.pick(SENTENCES), Value.of(PiiKind.PHONE, national.replace(" ", "")));
    }
    if (ours && dice.chance(0.4)) {
      // North American numbers and those with a trunk prefix are known by their form.
      boolean shaped = region.equals("US") || (national.startsWith("0") && !region.equals("IT"));
      String written =
          switch (dice.below(4)) {
            case 0 ->
                region.equals("US") ? national.replaceAll("[() ]+", "-").substring(1) : national;
            case 1 ->
                region.equals("US")
                    ? "1-" + national.replaceAll("[() ]+", "-").substring(1)
                    : national;
            case 2 -> shaped ? national : national.replace(" ", "");
            default -> national;
          };
      return Sample.of(shaped ? any : speaking, Value.of(PiiKind.PHONE, written));
    }
    String written =
        switch (dice.below(7)) {
          case 0 -> NUMBERS.format(number, PhoneNumberFormat.E164);
          case 1 -> international.replace(' ', '-');
          case 2 -> international.replace(' ', '.');
          case 3 -> international.replaceFirst("\\+", "00");
          case 4 -> international.replaceFirst(" (\\d+)", " ($1)");
          case 5 -> international + " ext. " + dice.between(10, 9_999);
          default -> international;
        };
    return Sample.of(any, Value.of(PiiKind.PHONE, written));
  }

  private PhoneNumber number(String region) {
    PhoneNumberType type = dice.pick(List.of(PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE));
    PhoneNumber example = NUMBERS.getExampleNumberForType(region, type);
    String digits = String.valueOf(example.getNationalNumber());
    while (true) {
      String other = digits.substring(0, digits.length() - 5) + dice.of(Dice.DIGITS, 5);
      PhoneNumber number = new PhoneNumber().mergeFrom(example);
      number.setNationalNumber(Long.parseLong(other));
      if (NUMBERS.isValidNumber(number)) {
        return number;
      }
    }
  }

  private Sample secret() {
    if (dice.chance(HARD)) {
      return Sample.of("my password is {}", Value.of(PiiKind.SECRET, name() + dice.below(100)));
    }
    if (dice.chance(0.55)) {
      Value shaped = Value.of(PiiKind.SECRET, shaped());
      return Sample.of(
          dice.pick(
              "Use {} for the call.",
              "token: {}",
              "{}",
              "export KEY={}",
              "curl -H 'X-Api: {}' host",
              "Key {} expires.",
              "{\"key\": \"{}\", \"id\": 7}".replaceFirst("\\{\"", "{ \""),
              "I pasted {}, sorry."),
          shaped);
    }
    String random = dice.of(Dice.ALPHANUMERIC, dice.between(20, 48)) + "7aQ2";
    return switch (dice.below(8)) {
      case 0 -> Sample.of("{}", new Value(PiiKind.SECRET, random, "api_key=", ""));
      case 1 -> Sample.of("{}", new Value(PiiKind.SECRET, random, "\"clientSecret\": \"", "\","));
      case 2 -> Sample.of("{}", new Value(PiiKind.SECRET, random, "Authorization: Bearer ", "\n"));
      case 3 -> Sample.of("{}", new Value(PiiKind.SECRET, password(), "password: ", "\nnext"));
      case 4 -> Sample.of("{}", new Value(PiiKind.SECRET, password(), "DB_PASSWORD='", "'"));
      case 5 ->
          Sample.of(
              "{}",
              new Value(
                  PiiKind.SECRET,
                  name() + ":" + password().replace("@", "!"),
                  "postgres://",
                  "@db.example.org/x"));
      case 6 -> Sample.of("Keep this:\n{}\nsafe.", Value.of(PiiKind.SECRET, pem()));
      default ->
          Sample.of(
              "{}", new Value(PiiKind.SECRET, random + "==", "aws_secret_access_key = ", "\n"));
    };
  }

  private String shaped() {
    String letters = Dice.ALPHANUMERIC;
    return switch (dice.below(17)) {
      case 0 -> dice.pick("AKIA", "ASIA") + dice.of(Dice.UPPER + "234567", 15) + "7";
      case 1 -> dice.pick("ghp_", "gho_", "ghs_") + dice.of(letters, 35) + "3";
      case 2 -> "github_pat_" + dice.of(letters, 22) + "_" + dice.of(letters, 58) + "1";
      case 3 -> "glpat-" + dice.of(letters, 19) + "9";
      case 4 -> "sk-" + dice.of(letters, 47) + "5";
      case 5 -> "sk-proj-" + dice.of(letters + "_-", 80) + "5a";
      case 6 -> "sk-ant-api03-" + dice.of(letters + "_-", 80) + "AA";
      case 7 ->
          "xoxb-"
              + dice.of(Dice.DIGITS, 12)
              + "-"
              + dice.of(Dice.DIGITS, 12)
              + "-"
              + dice.of(letters, 24);
      case 8 -> "AIza" + dice.of(letters + "_-", 34) + "4";
      case 9 -> dice.pick("sk_live_", "rk_live_", "pk_test_") + dice.of(letters, 23) + "8";
      case 10 -> "npm_" + dice.of(letters, 35) + "2";
      case 11 -> "hf_" + dice.of(letters, 33) + "6";
      case 12 -> "SG." + dice.of(letters, 22) + "." + dice.of(letters, 42) + "1";
      case 13 -> "dop_v1_" + dice.of(Dice.HEX, 63) + "0";
      case 14 -> "shpat_" + dice.of(Dice.HEX, 31) + "5";
      case 15 -> "xoxp-" + dice.of(Dice.DIGITS, 11) + "-" + dice.of(letters, 30);
      default -> jwt();
    };
  }

  private String jwt() {
    Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
    String header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    String body = "{\"sub\":\"" + dice.of(Dice.DIGITS, 10) + "\",\"iat\":1516239022}";
    return encoder.encodeToString(header.getBytes(StandardCharsets.UTF_8))
        + "."
        + encoder.encodeToString(body.getBytes(StandardCharsets.UTF_8))
        + "."
        + dice.of(Dice.ALPHANUMERIC, 43);
  }

  private String pem() {
    String kind = dice.pick("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ");
    StringBuilder key = new StringBuilder("-----BEGIN " + kind + "PRIVATE KEY-----\n");
    for (int i = 0; i < 5; i++) {
      key.append(dice.of(Dice.ALPHANUMERIC + "+/", 64)).append('\n');
    }
    return key.append("-----END ").append(kind).append("PRIVATE KEY-----").toString();
  }

  private String password() {
    return dice.of(Dice.LOWER, 4)
        + dice.of(Dice.UPPER, 2)
        + dice.of(Dice.DIGITS, dice.between(2, 4))
        + dice.pick("!", "#", "@", "+", "$", "?");
  }

  private String name() {
    return dice.pick(
        "anna", "jan", "maria", "john", "wei", "fatima", "lars", "olga", "pedro", "giulia", "tom",
        "support", "info", "sales", "mill", "river");
  }

  private static String grouped(String text, String separator) {
    List<String> groups = new ArrayList<>();
    for (int i = 0; i < text.length(); i += 4) {
      groups.add(text.substring(i, Math.min(text.length(), i + 4)));
    }
    return String.join(separator, groups);
  }
}
