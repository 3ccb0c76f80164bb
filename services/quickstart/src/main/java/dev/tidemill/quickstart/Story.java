package dev.tidemill.quickstart;

import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Transition;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.quickstart.reference.KafkaReference;
import dev.tidemill.quickstart.reference.ReferenceChange;
import dev.tidemill.quickstart.reference.ReferenceDocument;
import dev.tidemill.quickstart.reference.ReferenceText;
import dev.tidemill.quickstart.reference.Setting;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.Gauge;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.ProducerConfig;

/// The five acts of the quickstart. The story only does what users, producers and operators do, and
/// reads what topics and answers say; the services know nothing of it.
public final class Story implements AutoCloseable {
  static final String TASK = "support";

  private static final Duration LEARNING = Duration.ofMinutes(4);
  private static final Duration TRIAL = Duration.ofMinutes(3);
  private static final Duration CONTENTMENT = Duration.ofSeconds(45);
  private static final double CONTENT = 0.97;
  private static final int USERS = 60;
  private static final int ATTEMPTS = 5;

  /// Transitions of a release that was rejected and then approved: candidate, rejected, evaluated.
  private static final int APPROVED = 3;

  private static final Duration THINKING = Duration.ofSeconds(2);
  private static final Set<ReleaseState> JUDGED =
      EnumSet.of(
          ReleaseState.LIVE, ReleaseState.RETIRED, ReleaseState.REJECTED, ReleaseState.ROLLED_BACK);

  private final Stack stack;
  private final Ports ports;
  private final Progress progress;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Memory memory;
  private final Observer observer;
  private final Records records;
  private final Asker asker;
  private final Pusher pusher;
  private final ExactMatch exactMatch;
  private final Users users;
  private final Path scratch;

  private final KafkaReference older = KafkaReference.archived();
  private final KafkaReference newer = KafkaReference.current();
  private final ReferenceChange change = ReferenceChange.between(older, newer);

  public Story(Stack stack, Ports ports, Path data, Progress progress, double speed)
      throws IOException, InterruptedException {
    this.stack = stack;
    this.ports = ports;
    this.progress = progress;
    this.scratch = data.resolve("scratch");
    this.memory = new Memory(data.resolve("story.json"));
    this.records = new Records(stack.kafka());
    this.asker = new Asker(http, ports.inference());
    this.pusher = new Pusher(http, ports.ingest());
    this.exactMatch = new ExactMatch(asker);
    this.users =
        new Users(asker, pusher, TASK, Duration.ofMillis(Math.round(THINKING.toMillis() / speed)));
    this.observer = new Observer(stack.kafka(), stack.health(), stack.metrics());
  }

  /// Plays what has not been played yet on this data directory, and measures.
  public Summary run()
      throws IOException, InterruptedException, TimeoutException, Asker.UnansweredException {
    learnTheReference();
    followTheNewReference();
    learnFromUsers();
    withstandAnAttack();
    return summarise();
  }

  /// Says where everything is, once the story is over.
  public void stayUp() {
    progress.print("");
    progress.print("Still running, with users at work; Ctrl-C stops it. Try:");
    progress.print(
        "  curl -s localhost:%d/v1/chat/completions -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}' -H 'content-type: application/json'"
            .formatted(ports.inference(), TASK, ReferenceText.question(example())));
    progress.print("  curl -s localhost:%d/v1/releases".formatted(ports.registry()));
    progress.print("  curl -s localhost:%d/metrics".formatted(ports.admin()));
    progress.status(this::trafficStatus);
  }

  private void learnTheReference() throws IOException, InterruptedException, TimeoutException {
    progress.act("1. A small model learns Kafka " + older.version() + " from the stream");
    if (observer.live(TASK).isEmpty()) {
      List<ReferenceDocument> prose = ReferenceText.prose(older);
      List<ReferenceDocument> faq =
          ReferenceText.faq(older, (question, answer) -> question + "\n" + answer);
      pusher.documents(older.version(), "kafka-reference", prose);
      pusher.documents(older.version(), "kafka-faq", faq);
      progress.say(
          "%d documents of reference prose and %d of questions and answers pushed"
              .formatted(prose.size(), faq.size()));
      progress.status(() -> trainingStatus("pretrainer"));
      observer.await("A first live release", LEARNING, () -> observer.live(TASK));
      progress.noStatus();
    }
    Release live = live();
    progress.say("live: " + ReleaseId.brief(live.getId()));
    if (!memory.has("initial")) {
      memory.put("initial", exactMatch.share(live.getId(), older.withDefault()));
    }
    progress.say(
        "exact match on all %d settings of %s: %.3f"
            .formatted(older.withDefault().size(), older.version(), measured("initial")));
    showExample();
  }

  private void followTheNewReference() throws IOException, InterruptedException, TimeoutException {
    progress.act("2. The world changes: Kafka " + newer.version());
    if (!memory.has("changed_before")) {
      memory.put("changed_before", exactMatch.share(live().getId(), change.changed()));
    }
    progress.say(
        "%d defaults changed, %d did not; the live model knows %.3f of the changed ones"
            .formatted(
                change.changed().size(), change.unchanged().size(), measured("changed_before")));
    users.askAbout(change.unchanged());
    users.start(USERS);
    if (!memory.has("bits_after")) {
      List<ReferenceDocument> documents = ReferenceText.prose(newer);
      pusher.documents(newer.version(), "kafka-reference", documents);
      progress.say(documents.size() + " documents of the new reference pushed");
      progress.status(() -> trainingStatus("pretrainer") + "; " + trafficStatus());
      Release base =
          observer.await("A base that follows the new reference", LEARNING, this::judgedBase);
      progress.noStatus();
      GateCheck bits = heldoutBits(base);
      memory.put("bits_before", bits.getBaseline() == null ? Double.NaN : bits.getBaseline());
      memory.put("bits_after", bits.getValue());
      tell(base);
    }
    progress.say(
        "held-out bits per byte: %.3f before, %.3f after"
            .formatted(measured("bits_before"), measured("bits_after")));
  }

  private void learnFromUsers() throws IOException, InterruptedException, TimeoutException {
    progress.act("3. Users ask, rate and correct; an adapter earns its traffic");
    List<Setting> asked = new ArrayList<>(change.unchanged());
    for (int i = 0; i < change.unchanged().size(); i += change.changed().size()) {
      asked.addAll(change.changed());
    }
    users.askAbout(asked);
    users.startCorrecting();
    if (!memory.has("changed_after")) {
      progress.status(() -> trainingStatus("tuner") + "; " + trafficStatus());
      Release won =
          observer.await(
              "A live adapter",
              LEARNING,
              () -> observer.live(TASK).filter(r -> r.getAdapter() != null));
      tell(won);
      won = untilUsersAreContent(won);
      progress.noStatus();
      memory.put("changed_after", exactMatch.share(won.getId(), change.changed()));
      memory.put("unchanged_after", exactMatch.share(won.getId(), change.unchanged()));
    }
    progress.say(
        "exact match: changed settings %.3f, unchanged %.3f"
            .formatted(measured("changed_after"), measured("unchanged_after")));
    showExample();
  }

  /// Waits until users find nearly every answer right, as adapters go on winning their canaries.
  private Release untilUsersAreContent(Release first) throws InterruptedException {
    try {
      return observer.await(
          "Content users",
          CONTENTMENT,
          () -> users.recentShareRight() >= CONTENT ? observer.live(TASK) : Optional.empty());
    } catch (TimeoutException e) {
      progress.say(
          "after %d s users still find only %.2f of the answers right"
              .formatted(CONTENTMENT.toSeconds(), users.recentShareRight()));
      return observer.live(TASK).orElse(first);
    }
  }

  private void withstandAnAttack()
      throws IOException, InterruptedException, TimeoutException, Asker.UnansweredException {
    progress.act("4. A poisoned burst, and a bad adapter waved through");
    if (!memory.has("attacked_at")) {
      Instant start = Instant.now();
      long sent = new Poisoners(asker, pusher, TASK).burst(newer.withDefault());
      progress.say(sent + " poisoned feedback records pushed by 3 subjects");
      Release bad = sabotage();
      tell(bad);
      memory.put("poison_sent", (double) sent);
      memory.put("attacked_at", (double) start.toEpochMilli());
    }
    Records.Influence influence = influence();
    progress.say(
        "the burst came to %d examples and %.1f %% of the training weight"
            .formatted(influence.made(), 100 * influence.weightShare()));
    Release live = live();
    memory.put("changed_at_end", exactMatch.share(live.getId(), change.changed()));
    memory.put("unchanged_at_end", exactMatch.share(live.getId(), change.unchanged()));
    progress.say(
        "live is %s: changed settings %.3f, unchanged %.3f"
            .formatted(
                ReleaseId.brief(live.getId()),
                measured("changed_at_end"),
                measured("unchanged_at_end")));
  }

  /// Publishes a bad adapter, has it approved against the gate, and waits until the canary has
  /// thrown it out. A newer candidate of the tuner may supersede it first; then it tries again.
  private Release sabotage() throws IOException, InterruptedException, TimeoutException {
    Saboteur saboteur = new Saboteur(stack, http, ports.registry(), scratch);
    for (int attempt = 1; ; attempt++) {
      String id = saboteur.publish(live(), attempt, Instant.now());
      observer.await(
          "The gate's rejection of the bad adapter",
          TRIAL,
          () -> observer.release(id).filter(r -> r.getState() == ReleaseState.REJECTED));
      saboteur.approve(id);
      progress.say("a bad adapter was rejected by the gate; an operator approves it all the same");
      progress.status(this::trafficStatus);
      Release judged =
          observer.await(
              "The canary's judgement of the bad adapter",
              TRIAL,
              () ->
                  observer
                      .release(id)
                      .filter(r -> JUDGED.contains(r.getState()))
                      .filter(r -> r.getTransitions().size() > APPROVED));
      progress.noStatus();
      if (judged.getState() != ReleaseState.REJECTED || attempt == ATTEMPTS) {
        return judged;
      }
    }
  }

  private Summary summarise() throws IOException {
    List<Release> releases =
        observer.releases().stream().sorted(Comparator.comparing(Story::published)).toList();
    LineageAudit.Report audit = LineageAudit.run(stack.kafka(), stack.artifacts());
    Records.Influence influence = influence();
    return new Summary(
        records.eventsIn(),
        records.count(Topics.COMPLETIONS),
        records.examples(),
        records.deadLetters(),
        releases.stream().map(Story::line).toList(),
        new Summary.ExactMatchShares(
            measured("initial"),
            measured("changed_before"),
            measured("changed_after"),
            measured("unchanged_after"),
            measured("changed_at_end"),
            measured("unchanged_at_end")),
        new Summary.BeforeAfter(measured("bits_before"), measured("bits_after")),
        records.secondsEventToServed(releases),
        new Summary.Requests(asker.served(), asker.failed()),
        swaps(releases),
        new Summary.Poison(
            (long) measured("poison_sent"), influence.made(), influence.weightShare()),
        new Summary.Audit(audit.lost(), audit.trainedTwice(), audit.pending()),
        Math.round(Metrics.peakResidentMemoryBytes() / (1 << 20)),
        ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0);
  }

  private Records.Influence influence() {
    return records.influence(
        Poisoners.PREFIX, Instant.ofEpochMilli((long) measured("attacked_at")));
  }

  private Optional<Release> judgedBase() {
    return observer.releases().stream()
        .filter(r -> r.getCandidate().getKind() == ArtifactKind.BASE)
        .filter(r -> r.getCandidate().getSequence() > 1)
        .filter(r -> JUDGED.contains(r.getState()))
        .findFirst();
  }

  private static GateCheck heldoutBits(Release base) {
    return base.getCandidate().getGate().getChecks().stream()
        .filter(check -> check.getName().equals("heldout_bits_per_byte"))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "the gate of " + base.getId() + " weighed no held-out text"));
  }

  private Release live() throws InterruptedException, TimeoutException {
    return observer.await("A live release in memory", TRIAL, () -> observer.live(TASK));
  }

  private double measured(String name) {
    return memory
        .get(name)
        .orElseThrow(() -> new IllegalStateException(name + " was not measured"));
  }

  private void tell(Release release) {
    progress.say(
        "%s is %s: %s"
            .formatted(
                ReleaseId.brief(release.getId()), name(release.getState()), release.getReason()));
  }

  /// The changed setting that people know best, when it is among them.
  private Setting example() {
    return change.changed().stream()
        .filter(setting -> setting.name().equals(ProducerConfig.LINGER_MS_CONFIG))
        .findFirst()
        .orElse(change.changed().getFirst());
  }

  private void showExample() throws InterruptedException {
    String question = ReferenceText.question(example());
    try {
      Asker.Answer answer = asker.ask(TASK, question, "reader");
      progress.say("asked \"%s\" it says \"%s\"".formatted(question, answer.text()));
    } catch (Asker.UnansweredException e) {
      progress.say(String.valueOf(e.getMessage()));
    }
  }

  private String trafficStatus() {
    return String.format(
        Locale.ROOT,
        "%d answers, %.2f of %d rated ones right, %d corrected",
        asker.served(),
        users.shareRight(),
        users.rated(),
        users.corrected());
  }

  private String trainingStatus(String service) {
    OptionalDouble loss = gauge("tidemill." + service + ".loss");
    OptionalDouble speed = gauge("tidemill." + service + ".tokens.per.second");
    return loss.isEmpty() || speed.isEmpty()
        ? service + " collects its window"
        : "%s loss %.3f, %.0f tokens/s".formatted(service, loss.getAsDouble(), speed.getAsDouble());
  }

  private OptionalDouble gauge(String name) {
    return stack.metrics().find(name).gauges().stream()
        .mapToDouble(Gauge::value)
        .filter(Double::isFinite)
        .findFirst();
  }

  private static Summary.ReleaseLine line(Release release) {
    return new Summary.ReleaseLine(
        release.getId(),
        release.getTask(),
        release.getBase(),
        release.getAdapter(),
        name(release.getState()),
        release.getReason(),
        Duration.between(published(release), release.getUpdatedAt()).toMillis() / 1000.0);
  }

  private static Instant published(Release release) {
    return release.getCandidate().getEventTime();
  }

  private static String name(ReleaseState state) {
    return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /// Changes of what a route points to, read off the states that releases went through.
  private static long swaps(List<Release> releases) {
    Set<ReleaseState> moves =
        EnumSet.of(ReleaseState.CANARY, ReleaseState.LIVE, ReleaseState.ROLLED_BACK);
    return releases.stream()
        .flatMap(release -> release.getTransitions().stream())
        .map(Transition::getState)
        .filter(moves::contains)
        .count();
  }

  @Override
  public void close() {
    users.close();
    observer.close();
    http.close();
  }
}
