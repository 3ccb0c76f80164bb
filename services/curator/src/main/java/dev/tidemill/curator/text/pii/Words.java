package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.letter;

import java.util.Locale;
import java.util.Set;

/// Looks at the words before a number, which often say what it is.
final class Words {
  static final Set<String> VERSION =
      Set.of(
          "version",
          "versions",
          "ver",
          "v",
          "release",
          "releases",
          "build",
          "revision",
          "rev",
          "firmware",
          "section",
          "chapter",
          "clause",
          "update",
          "patch",
          "driver",
          "jdk",
          "kafka",
          "figure",
          "table",
          "upgrade",
          "since",
          "oid",
          "версия",
          "versión",
          "versione",
          "versão");

  static final Set<String> PHONE =
      Set.of(
          "phone",
          "phones",
          "telephone",
          "tel",
          "t",
          "call",
          "called",
          "calling",
          "mobile",
          "cell",
          "cellphone",
          "fax",
          "whatsapp",
          "sms",
          "text",
          "dial",
          "ring",
          "reach",
          "hotline",
          "telefon",
          "mobil",
          "handy",
          "anruf",
          "téléphone",
          "tél",
          "portable",
          "appelez",
          "teléfono",
          "móvil",
          "llame",
          "telefono",
          "cellulare",
          "chiamare",
          "telefoon",
          "mobiel",
          "bel",
          "telefone",
          "celular",
          "telemóvel",
          "landline",
          "contact",
          "ph",
          "mob",
          "m",
          "rufnummer",
          "komórka",
          "zadzwoń",
          "puhelin",
          "puh",
          "tlf",
          "mobilnummer");

  /// What may as well be said of other numbers.
  static final Set<String> NUMBER = Set.of("number", "numéro", "nummer", "número", "numero", "no");

  /// What says that a long number is a card's after all.
  static final Set<String> CARD =
      Set.of("card", "visa", "mastercard", "amex", "credit", "debit", "karte", "carte", "tarjeta");

  /// What other long numbers are.
  static final Set<String> OTHER_NUMBER =
      Set.of(
          "order",
          "orders",
          "invoice",
          "ticket",
          "offset",
          "offsets",
          "tracking",
          "serial",
          "reference",
          "ref",
          "id",
          "ids",
          "isbn",
          "issn",
          "ean",
          "sku",
          "part",
          "timestamp",
          "epoch",
          "transaction",
          "partition",
          "version",
          "build",
          "case",
          "bug",
          "issue",
          "article",
          "item",
          "customer",
          "account",
          "bestellung",
          "rechnung",
          "pull",
          "commit",
          "patent",
          "rfc",
          "port",
          "size",
          "bytes",
          "total",
          "sequence",
          "batch",
          "lot",
          "doi");

  private static final int FAR = 40;

  private Words() {}

  /// Whether one of the nearest words before an index, on its line, is one of these.
  ///
  /// @param nearest how many words are looked at
  static boolean before(String text, int index, Set<String> words, int nearest) {
    int i = index - 1;
    int limit = Math.max(0, index - FAR);
    for (int seen = 0; seen < nearest && i >= limit; seen++) {
      while (i >= limit && !letter(text.charAt(i))) {
        if (text.charAt(i) == '\n') {
          return false;
        }
        i--;
      }
      int end = i + 1;
      while (i >= limit && letter(text.charAt(i))) {
        i--;
      }
      if (end > i + 1 && words.contains(text.substring(i + 1, end).toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }
}
