package dev.tidemill.schemas;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.jspecify.annotations.Nullable;

/// The rules that a changed schema must keep, each breach one sentence.
///
/// 1. It reads what every committed version wrote (BACKWARD_TRANSITIVE).
/// 2. No symbol of an enum goes: what bears it would be read as the default.
/// 3. A field goes only if the readers of the newest version have a default for it.
/// 4. An enum that gains a symbol has a default, for readers that do not know the symbol.
final class EvolutionRules {
  private static final Pattern FIELD = Pattern.compile("^/fields/(\\d+)");

  private EvolutionRules() {}

  /// What is wrong with the schema, given its committed versions, oldest first.
  static List<String> breaches(Schema current, List<Schema> committed) {
    List<String> breaches = new ArrayList<>();
    for (int i = 0; i < committed.size(); i++) {
      Schema before = committed.get(i);
      String version = current.getName() + " version " + (i + 1);
      reads(current, before, version, breaches);
      Map<String, Schema> olds = named(before);
      Map<String, Schema> news = named(current);
      boolean newest = i == committed.size() - 1;
      olds.forEach(
          (name, old) -> {
            @Nullable Schema now = news.get(name);
            if (now != null && now.getType() == old.getType()) {
              switch (old.getType()) {
                case ENUM -> symbols(now, old, version, newest, breaches);
                case RECORD -> {
                  if (newest) {
                    removals(now, old, version, breaches);
                  }
                }
                case ARRAY,
                    MAP,
                    UNION,
                    FIXED,
                    STRING,
                    BYTES,
                    INT,
                    LONG,
                    FLOAT,
                    DOUBLE,
                    BOOLEAN,
                    NULL -> {
                  // Has no parts of its own.
                }
              }
            }
          });
    }
    return breaches;
  }

  private static void reads(Schema current, Schema before, String version, List<String> breaches) {
    for (Incompatibility found :
        SchemaCompatibility.checkReaderWriterCompatibility(current, before)
            .getResult()
            .getIncompatibilities()) {
      breaches.add(
          "%s cannot read %s at %s: %s (%s)"
              .formatted(
                  current.getName(),
                  version,
                  place(current, found),
                  found.getType().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '),
                  found.getMessage()));
    }
  }

  private static void symbols(
      Schema now, Schema old, String version, boolean newest, List<String> breaches) {
    for (String symbol : old.getEnumSymbols()) {
      if (!now.hasEnumSymbol(symbol)) {
        breaches.add("%s has lost the symbol %s of %s".formatted(now.getName(), symbol, version));
      }
    }
    if (newest && now.getEnumDefault() == null) {
      now.getEnumSymbols().stream()
          .filter(symbol -> !old.hasEnumSymbol(symbol))
          .map(
              symbol ->
                  "%s has the symbol %s more than in %s and no default for readers without it"
                      .formatted(now.getName(), symbol, version))
          .forEach(breaches::add);
    }
  }

  private static void removals(Schema now, Schema old, String version, List<String> breaches) {
    for (Schema.Field field : old.getFields()) {
      boolean there =
          now.getFields().stream()
              .anyMatch(f -> f.name().equals(field.name()) || f.aliases().contains(field.name()));
      if (!there && !field.hasDefaultValue()) {
        breaches.add(
            "%s has lost the field %s, for which readers of %s have no default"
                .formatted(now.getName(), field.name(), version));
      }
    }
  }

  private static String place(Schema current, Incompatibility found) {
    Matcher matcher = FIELD.matcher(found.getLocation());
    // A missing field is named by the message itself and located at its own index too.
    return matcher.find()
        ? current.getName()
            + "."
            + current.getFields().get(Integer.parseInt(matcher.group(1))).name()
        : found.getLocation();
  }

  private static Map<String, Schema> named(Schema schema) {
    Map<String, Schema> found = new HashMap<>();
    collect(schema, found);
    return found;
  }

  private static void collect(Schema schema, Map<String, Schema> found) {
    switch (schema.getType()) {
      case RECORD -> {
        if (found.put(schema.getFullName(), schema) == null) {
          schema.getFields().forEach(field -> collect(field.schema(), found));
        }
      }
      case ENUM -> found.put(schema.getFullName(), schema);
      case ARRAY -> collect(schema.getElementType(), found);
      case MAP -> collect(schema.getValueType(), found);
      case UNION -> schema.getTypes().forEach(branch -> collect(branch, found));
      case FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> {
        // Has no name and no parts.
      }
    }
  }
}
