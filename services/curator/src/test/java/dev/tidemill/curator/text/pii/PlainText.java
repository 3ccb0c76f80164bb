package dev.tidemill.curator.text.pii;

import java.util.List;
import java.util.Locale;
import java.util.UUID;

/// Makes sentences without personal data that look as if they had some: versions, dates, digests,
/// offsets, prices, order numbers, code.
final class PlainText {
  private static final List<String> FIXED =
      List.of(
          "Listen on 0.0.0.0:9092 or 127.0.0.1; the mask is 255.255.255.0.",
          "Bind to [::1]:8080 or to ::, as std::vector and dead::beef do not matter.",
          "acks=all, key=value,"
              + " key.serializer=org.apache.kafka.common.serialization.StringSerializer",
          "ssl.key.password is a setting of the producer. Type: password. Default: null.",
          "password=null and token: string are defaults; set api_key=YOUR_API_KEY first.",
          "secret: ${SECRET_FROM_ENVIRONMENT_1}, password: {{ vault.db_password1 }}",
          "Install lodash@4.17.21 and react@18; see icon@2x.png and @Override.",
          "Clone git@github.com:apache/kafka.git and run ./gradlew jar.",
          "sasl.jaas.config and sasl.oauthbearer.token.endpoint.url are for the client.",
          "The primary key: id; the partition key: customer_id; cache_key=users-list-v12",
          "Tickets are 12,345,678.90 euros or 1 234 567 yen or $1,299,000 or 1.234.567,89.",
          "Pi is 3.14159265358979, e is 2.718281828459045 and 6.02214076e23 is Avogadro's.",
          "Rows 1000-2000, pages 100-200-300, lines 10..20, ratio 16:9, size 1920x1080.",
          "The MAC 00:1a:2b:3c:4d:5e met EUI 00:1a:2b:ff:fe:3c:4d:5e at 12:30:45.123.",
          "Bytes 0xDEADBEEF 0x7fff5fbff8c8 and colour #a1b2c3 and U+1F600.",
          "See RFC 2616, ISO 8601-1:2019, DIN 5008 and CVE-2021-44228 and doi:10.1000/182.",
          "Lat 52.520008, lon 13.404954; utm 33 390783 5819497.",
          "GS1 4006381333931, ISBN 978-3-16-148410-0, ISSN 2049-3630.",
          "Scores were 3-2, 4-1 and 10-9 in the seasons 2019-20 and 2020/21.",
          "10 20 30 40 50 60 70 80 90 100 110 120",
          "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
          "2021 2022 2023 2024 2025 and 1999 2000 2001",
          "The matrix has 1024 2048 4096 8192 rows; 4096 4096 4096 4096 bytes each.",
          "Sort by user@ or name@, in the range @1 to @9; mail goes to root@localhost.",
          "Bearer of bad news, basic authentication, secret garden: chapter twelve of 20.");

  private final Dice dice;

  PlainText(Dice dice) {
    this.dice = dice;
  }

  Sample next() {
    if (dice.chance(0.02)) {
      return new Sample(hard(), List.of());
    }
    return new Sample(dice.chance(0.15) ? dice.pick(FIXED) : made(), List.of());
  }

  // Nothing but their meaning tells these from what they look like.
  private String hard() {
    return switch (dice.below(4)) {
      case 0 ->
          "It ran on (%d.%d.%d.%d) before.".formatted(dice.between(1, 12), 2, dice.below(9), 4);
      case 1 ->
          "Locker %d-%d-%s is free."
              .formatted(dice.between(201, 989), dice.between(201, 989), dice.of(Dice.DIGITS, 4));
      case 2 -> "%s was drawn.".formatted(dice.of(Dice.DIGITS, 16));
      default -> "%s@%s.sync is a lane.".formatted(dice.of(Dice.LOWER, 4), dice.of(Dice.LOWER, 4));
    };
  }

  private String made() {
    int a = dice.between(0, 12);
    int b = dice.between(0, 40);
    return switch (dice.below(26)) {
      case 0 -> "Kafka %d.%d.%d is out.".formatted(a, b, dice.below(9));
      case 1 ->
          "Upgrade to version %d.%d.%d.%d today.".formatted(a, b, dice.below(9), dice.below(9));
      case 2 -> "kafka_2.13-%d.%d.%d.%d.jar and app-v%d.%d.%d.%d".formatted(a, b, 1, 2, a, b, 3, 4);
      case 3 ->
          "Chrome/%d.0.%d.%d on build 10.0.%d.1"
              .formatted(
                  dice.between(80, 130),
                  dice.between(1, 255),
                  dice.between(1, 255),
                  dice.below(255));
      case 4 -> "Released on %s at %s.".formatted(date("-"), time());
      case 5 -> "%sT%s.%03dZ INFO started".formatted(date("-"), time(), dice.below(1000));
      case 6 ->
          "Due %02d.%02d.%d or %02d/%02d/%d."
              .formatted(
                  dice.between(1, 28),
                  dice.between(1, 12),
                  dice.between(1970, 2030),
                  dice.between(1, 12),
                  dice.between(1, 28),
                  dice.between(1970, 2030));
      case 7 -> "md5 %s, commit %s".formatted(dice.of(Dice.HEX, 32), dice.of(Dice.HEX, 40));
      case 8 -> "sha256:%s".formatted(dice.of(Dice.HEX, 64));
      case 9 -> "id %s, key=%s".formatted(uuid(), uuid());
      case 10 ->
          "partition %d offset %s lag %d"
              .formatted(a, dice.of("123456789", dice.between(7, 12)), b);
      case 11 ->
          "timestamp 1%s, epoch 1%s".formatted(dice.of(Dice.DIGITS, 12), dice.of(Dice.DIGITS, 9));
      case 12 ->
          "That costs €%d,%s.%s or $%s."
              .formatted(
                  dice.between(1, 99),
                  dice.of(Dice.DIGITS, 3),
                  dice.of(Dice.DIGITS, 2),
                  dice.of("123456789", 7));
      case 13 -> "Order %s was shipped.".formatted(dice.of("123456789", dice.between(8, 16)));
      case 14 ->
          "Order no. %s-%s-%s"
              .formatted(dice.of(Dice.DIGITS, 3), dice.of(Dice.DIGITS, 7), dice.of(Dice.DIGITS, 7));
      case 15 ->
          "Invoice INV-%d-%s, ticket #%s"
              .formatted(
                  dice.between(2000, 2030), dice.of(Dice.DIGITS, 6), dice.of(Dice.DIGITS, 7));
      case 16 ->
          "Section %d.%d.%d.%d says so.".formatted(a, dice.below(9), dice.below(9), dice.below(9));
      case 17 ->
          "log.retention.bytes=%s, max.poll.interval.ms=%s"
              .formatted(dice.of("123456789", dice.between(7, 13)), dice.of("123456789", 6));
      case 18 ->
          "Tracking 1Z%s and serial SN%s"
              .formatted(dice.of(Dice.UPPER + Dice.DIGITS, 16), dice.of(Dice.DIGITS, 12));
      case 19 -> "class %s$%s@%s".formatted("Producer", "Config", dice.of(Dice.HEX, 8));
      case 20 -> "Total of %s rows in %s bytes".formatted(thousands(" "), thousands(","));
      case 21 ->
          "%s records were read, %s written."
              .formatted(
                  dice.of("123456789", dice.between(7, 12)),
                  dice.of("123456789", dice.between(7, 12)));
      case 22 ->
          "epoch_ms: 1%s; sequence=%s"
              .formatted(dice.of(Dice.DIGITS, 12), dice.of("123456789", dice.between(8, 18)));
      case 23 ->
          "reference RF%s and PO-%s".formatted(dice.of(Dice.DIGITS, 12), dice.of(Dice.DIGITS, 10));
      case 24 -> "integrity sha512-%s==".formatted(dice.of(Dice.ALPHANUMERIC + "+/", 86));
      default ->
          "%s%d was seen %d times in %d."
              .formatted(
                  dice.pick("host", "broker", "node").toUpperCase(Locale.ROOT),
                  b,
                  a,
                  dice.between(1990, 2030));
    };
  }

  private String date(String separator) {
    return "%d%s%02d%s%02d"
        .formatted(
            dice.between(1970, 2030),
            separator,
            dice.between(1, 12),
            separator,
            dice.between(1, 28));
  }

  private String time() {
    return "%02d:%02d:%02d".formatted(dice.below(24), dice.below(60), dice.below(60));
  }

  private String thousands(String separator) {
    return dice.between(1, 999)
        + separator
        + dice.of(Dice.DIGITS, 3)
        + separator
        + dice.of(Dice.DIGITS, 3);
  }

  private String uuid() {
    return new UUID(
            ((long) dice.below(Integer.MAX_VALUE) << 32) | dice.below(Integer.MAX_VALUE),
            ((long) dice.below(Integer.MAX_VALUE) << 32) | dice.below(Integer.MAX_VALUE))
        .toString();
  }
}
