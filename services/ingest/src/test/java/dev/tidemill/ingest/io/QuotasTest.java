package dev.tidemill.ingest.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tidemill.ingest.domain.Kind;
import dev.tidemill.ingest.domain.Quota;
import dev.tidemill.ingest.domain.QuotaRules;
import dev.tidemill.platform.http.Problem;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class QuotasTest {

  private final AtomicLong nanos = new AtomicLong(1);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Quotas quotas =
      new Quotas(
          new QuotaRules(new Quota(10, 20, 1_000, 0), Map.of("bulk", new Quota(100, 0, 0, 0)), 3),
          Set.of("crm"),
          new IngestMetrics(registry),
          nanos::get);

  @Test
  void aBurstIsTakenAndThenTheRateHolds() {
    records("crm", 20);

    Problem refused = refused("crm", 5);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.retryAfter()).isEqualTo(Duration.ofSeconds(1));
    assertThat(refused.detail()).contains("producer crm").contains("10 records a second");
    assertThat(refusals("known")).isEqualTo(1);

    nanos.addAndGet(Duration.ofMillis(500).toNanos());
    records("crm", 5);
    assertThat(refused("crm", 1).status()).isEqualTo(429);
  }

  @Test
  void oneProducerDoesNotPayForAnother() {
    records("crm", 20);
    records("other", 20);
    records("bulk", 1_000);
    assertThat(refused("bulk", 1).status()).isEqualTo(429);
  }

  @Test
  void whatNeverFitsIsSaidToBeTooMuch() {
    Problem refused = refused("crm", 21);

    assertThat(refused.status()).isEqualTo(413);
    assertThat(refused.retryAfter()).isNull();
    assertThat(refused.detail())
        .isEqualTo(
            "the request holds 21 records, and the quota of producer crm takes at most 20 at once;"
                + " send smaller batches");
  }

  @Test
  void bytesAreCountedWithTenSecondsOfBurst() {
    quotas.charge(Kind.DOCUMENT, "crm").bytes(10_000);
    assertThatThrownBy(() -> quotas.charge(Kind.DOCUMENT, "crm").bytes(1_500))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("1000 bytes a second")
        .hasMessageContaining("in 2 s");
  }

  @Test
  void whatIsGivenBackCanBeTakenAgain() {
    Quotas.Charge charge = quotas.charge(Kind.FEEDBACK, "crm");
    charge.bytes(10_000);
    charge.records(20);
    charge.giveBack();
    charge.giveBack();

    records("crm", 20);
    assertThat(refused("crm", 1).status()).isEqualTo(429);
  }

  @Test
  void inventedNamesShareOneCountOnceThereAreTooMany() {
    for (int i = 0; i < 3; i++) {
      records("invented-" + i, 20);
    }
    records("invented-3", 20);
    assertThat(refused("invented-4", 1).status()).as("shares with invented-3").isEqualTo(429);
    for (int i = 0; i < 10_000; i++) {
      assertThat(refused("invented-" + i, 1).status()).isEqualTo(429);
    }
    assertThat(quotas.size()).isEqualTo(4);
    assertThat(refusals("claimed")).as("of the three counted apart").isEqualTo(3);
    assertThat(refusals("others")).as("of all other names").isEqualTo(9_998);
    records("crm", 20);

    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    records("late", 20);
    records("later", 20);
    assertThat(quotas.size()).as("quiet names made room").isLessThanOrEqualTo(5);
  }

  @Test
  void withoutQuotasNothingIsRefused() {
    Quotas none = new Quotas(QuotaRules.none(), Set.of(), new IngestMetrics(registry), nanos::get);
    assertThatCode(() -> none.charge(Kind.DOCUMENT, "x").records(Long.MAX_VALUE))
        .doesNotThrowAnyException();
  }

  @Test
  void aQuotaThatMakesNoSenseIsRefused() {
    assertThatThrownBy(() -> new Quota(-1, 0, 0, 0))
        .hasMessage("records_per_second must be between 0 and 1000000000, was -1");
    assertThatThrownBy(() -> new Quota(0, 0, 0, 5))
        .hasMessage("byte_burst must be positive and goes with bytes_per_second, was 5");
  }

  private double refusals(String producer) {
    return registry
        .get("tidemill.ingest.quota.refusals")
        .tag("kind", "feedback")
        .tag("limit", "records")
        .tag("producer", producer)
        .counter()
        .count();
  }

  private void records(String producer, int count) {
    quotas.charge(Kind.FEEDBACK, producer).records(count);
  }

  private Problem refused(String producer, int count) {
    return catchThrowableOfType(Problem.class, () -> records(producer, count));
  }
}
