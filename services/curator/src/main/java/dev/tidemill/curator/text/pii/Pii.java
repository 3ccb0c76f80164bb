package dev.tidemill.curator.text.pii;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds personal data and secrets and puts placeholders in their places. May be shared by threads.
public final class Pii {
  private final List<Detector> detectors;
  private final int mostDigits;

  public Pii(PiiRules rules) {
    List<Detector> chosen = new ArrayList<>();
    Set<PiiKind> kinds = Set.copyOf(rules.kinds());
    for (PiiKind kind : PiiKind.values()) {
      if (rules.enabled() && kinds.contains(kind)) {
        chosen.add(detector(kind, rules));
      }
    }
    this.detectors = List.copyOf(chosen);
    this.mostDigits = chosen.stream().mapToInt(Detector::leastDigits).max().orElse(0);
  }

  /// A text with placeholders, and how many of each kind.
  public record Replaced(String text, Map<PiiKind, Integer> counts) {}

  /// What is found, in the order of the text and without overlaps.
  public List<Span> find(String text) {
    if (detectors.isEmpty() || text.length() < 3) {
      return List.of();
    }
    Spans found = new Spans();
    int digits = digits(text);
    for (Detector detector : detectors) {
      if (digits >= detector.leastDigits()) {
        detector.find(text, found);
      }
    }
    return found.inOrder();
  }

  /// Digits of a text, but no more than any detector asks for.
  private int digits(String text) {
    int digits = 0;
    for (int i = 0; i < text.length() && digits < mostDigits; i++) {
      digits += Chars.digit(text.charAt(i)) ? 1 : 0;
    }
    return digits;
  }

  /// The text with a placeholder for each find; the same text when there is none.
  public Replaced replace(String text) {
    List<Span> found = find(text);
    if (found.isEmpty()) {
      return new Replaced(text, Map.of());
    }
    StringBuilder replaced = new StringBuilder(text.length());
    Map<PiiKind, Integer> counts = new EnumMap<>(PiiKind.class);
    int from = 0;
    for (Span span : found) {
      replaced.append(text, from, span.start()).append(span.kind().placeholder());
      counts.merge(span.kind(), 1, Integer::sum);
      from = span.end();
    }
    return new Replaced(replaced.append(text, from, text.length()).toString(), counts);
  }

  private static Detector detector(PiiKind kind, PiiRules rules) {
    return switch (kind) {
      case SECRET -> new SecretDetector();
      case EMAIL -> new EmailDetector();
      case IBAN -> new IbanDetector();
      case CARD -> new CardDetector();
      case IP -> new IpDetector();
      case PHONE -> new PhoneDetector(rules.regions());
    };
  }
}
