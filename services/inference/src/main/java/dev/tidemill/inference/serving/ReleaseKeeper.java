package dev.tidemill.inference.serving;

import dev.tidemill.events.Canary;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.inference.serving.ServingTable.CanaryArm;
import dev.tidemill.inference.serving.ServingTable.TaskArms;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes memory follow the routes, on one thread that serves nobody.
///
/// What a route wants is loaded and verified first ({@link Residents}), then the {@link
/// ServingTable} is switched, and only then is what nobody wants any more let go. A release that is
/// refused changes nothing for its task: the live release before it goes on. Releases that requests
/// ask for by id come after those of the routes, one at a time.
public final class ReleaseKeeper implements AutoCloseable {

  /// Is told of what the keeper does, on its thread.
  public interface Listener {

    /// The residency has changed.
    void changed();

    /// Requests can be answered by this release from now on.
    void served(ResidentRelease release, Instant at);
  }

  /// A release that a route wants.
  record Wanted(String task, ReleaseTarget target) {}

  private static final Logger log = LoggerFactory.getLogger(ReleaseKeeper.class);
  private static final Duration ROUND = Duration.ofMillis(500);
  private static final Duration ROUND_AT_START = Duration.ofMillis(20);

  private final Serving serving;
  private final Residents residents;
  private final Refusals refusals;
  private final AskedReleases asked;
  private final ServingMeters meters;
  private final Listener listener;
  private final InstantSource clock;
  private final BooleanSupplier routesRead;
  private final Health health;
  private final AtomicReference<Map<String, Route>> desired = new AtomicReference<>(Map.of());
  private final Semaphore work = new Semaphore(0);
  private volatile Residency residency = Residency.NONE;

  // The routes it looked at last; touched by the keeper's thread only.
  private Map<String, Route> followed = Map.of();

  private @Nullable ServiceLoop loop;

  /// @param asked has the releases that no route names
  /// @param residentBytes most memory that weights may take
  /// @param weights format of bases in memory
  /// @param routesRead whether the routes were read to their end
  public ReleaseKeeper(
      ArtifactStore store,
      Serving serving,
      AskedReleases asked,
      long residentBytes,
      WeightFormat weights,
      Decoder decoder,
      ServingMeters meters,
      Health health,
      InstantSource clock,
      Duration retryRefused,
      BooleanSupplier routesRead,
      Listener listener) {
    this.serving = serving;
    this.meters = meters;
    this.listener = listener;
    this.clock = clock;
    this.routesRead = routesRead;
    this.health = health;
    this.asked = asked;
    this.refusals = new Refusals(meters, clock, retryRefused);
    this.residents =
        new Residents(
            new ReleaseLoader(store, weights),
            new ResidentBases(decoder),
            meters,
            asked,
            refusals,
            new ResidentBudget(residentBytes),
            work::release);
    meters.budget(residentBytes);
    asked.whenAsked(work::release);
  }

  public synchronized void start() {
    loop =
        ServiceLoop.named("inference-keeper", health)
            .heartbeatLimit(Duration.ofMinutes(5))
            .wakeup(work::release)
            .atStart(BackgroundThread::giveWay)
            .atEnd(this::letEverythingGo)
            .start(this::step);
  }

  /// Says what is wanted from now on. Returns at once.
  public void desire(Map<String, Route> routes) {
    desired.set(Map.copyOf(routes));
    work.release();
  }

  /// What is held now.
  public Residency residency() {
    return residency;
  }

  /// Lets everything go. Nobody may be answered any more.
  @Override
  public synchronized void close() {
    if (loop != null) {
      loop.close();
    }
  }

  // On the keeper's thread, which owns what it tries releases with.
  private void letEverythingGo() {
    serving.publish(ServingTable.UNKNOWN);
    residents.close();
    residency = Residency.NONE;
    meters.resident(List.of());
  }

  private void step() throws InterruptedException {
    boolean read = routesRead.getAsBoolean();
    if (work.tryAcquire((read ? ROUND : ROUND_AT_START).toMillis(), TimeUnit.MILLISECONDS)) {
      work.drainPermits();
    }
    boolean unloaded = residents.unloadIdle();
    if (routesRead.getAsBoolean()) {
      reconcile(desired.get());
    }
    boolean loaded = answerAsked();
    if (unloaded || loaded) {
      report(serving.table(), residency.settled());
    }
  }

  /// Brings one release that requests ask for; routes are looked at again before the next, and at
  /// once when they change meanwhile.
  private boolean answerAsked() throws InterruptedException {
    AskedReleases.@Nullable Asked next = asked.next();
    if (next == null) {
      return false;
    }
    residents.answer(next, () -> routesRead.getAsBoolean() && !desired.get().equals(followed));
    work.release();
    return residents.takeChanged();
  }

  private void reconcile(Map<String, Route> routes) throws InterruptedException {
    followed = routes;
    List<Wanted> wanted = wanted(routes);
    Set<String> ids = wanted.stream().map(w -> w.target().getRelease()).collect(Collectors.toSet());
    residents.forgetBut(ids);
    publish(routes, ids);
    for (Wanted one : wanted) {
      if (residents.missing(one.target().getRelease())) {
        residents.bring(one);
        publish(routes, ids);
      }
      if (!desired.get().equals(routes)) {
        // The world went on while this one was loaded: look at the newest routes first.
        work.release();
        return;
      }
    }
    if (!residency.settled()) {
      report(serving.table(), true);
    }
  }

  /// Live releases first, then canaries, then shadows.
  private static List<Wanted> wanted(Map<String, Route> routes) {
    Map<String, Wanted> wanted = new LinkedHashMap<>();
    Map<String, Route> sorted = new TreeMap<>(routes);
    sorted.forEach((task, route) -> add(wanted, task, route.getLive()));
    sorted.forEach(
        (task, route) -> {
          @Nullable Canary canary = route.getCanary();
          add(wanted, task, canary == null ? null : canary.getTarget());
        });
    sorted.forEach((task, route) -> add(wanted, task, route.getShadow()));
    return new ArrayList<>(wanted.values());
  }

  private static void add(Map<String, Wanted> wanted, String task, @Nullable ReleaseTarget target) {
    if (target != null) {
      wanted.putIfAbsent(target.getRelease(), new Wanted(task, target));
    }
  }

  /// Switches the table when it changes, and then lets go what is neither in it nor wanted.
  private void publish(Map<String, Route> routes, Set<String> wanted) {
    ServingTable before = serving.table();
    Map<String, TaskArms> tasks = new HashMap<>();
    routes.forEach((task, route) -> tasks.put(task, arms(task, route, before.tasks().get(task))));
    ServingTable next = new ServingTable(true, tasks);
    if (!next.equals(before)) {
      serving.publish(next);
      tell(before, next, routes);
    }
    boolean retired = residents.retireBut(held(next), wanted);
    if (retired || !next.equals(before) || residents.takeChanged()) {
      report(next, residency.settled());
    }
  }

  private TaskArms arms(String task, Route route, @Nullable TaskArms before) {
    @Nullable ReleaseTarget target = route.getLive();
    @Nullable ResidentRelease live = null;
    String why = "task " + task + " has no live release yet";
    if (target != null) {
      live = residents.get(target.getRelease());
      if (live == null && before != null) {
        live = before.live();
      }
      @Nullable String refused = refusals.why(target.getRelease());
      why =
          "the live release of task "
              + task
              + (refused == null ? " is being loaded" : " cannot be served: " + refused);
    }
    @Nullable Canary canary = route.getCanary();
    @Nullable ResidentRelease onTrial =
        canary == null ? null : residents.get(canary.getTarget().getRelease());
    @Nullable ReleaseTarget shadow = route.getShadow();
    boolean settled =
        residents.settled(target)
            && residents.settled(canary == null ? null : canary.getTarget())
            && residents.settled(shadow);
    return new TaskArms(
        task,
        settled ? route.getEpoch() : before == null ? -1 : before.epoch(),
        live,
        canary == null || onTrial == null
            ? null
            : new CanaryArm(onTrial, canary.getWeight(), canary.getSalt()),
        shadow == null ? null : residents.get(shadow.getRelease()),
        why);
  }

  private void tell(ServingTable before, ServingTable next, Map<String, Route> routes) {
    Instant now = clock.instant();
    Set<ResidentRelease> known = held(before);
    for (TaskArms arms : next.tasks().values()) {
      @Nullable TaskArms earlier = before.tasks().get(arms.task());
      @Nullable ResidentRelease live = arms.live();
      @Nullable ResidentRelease was = earlier == null ? null : earlier.live();
      if (live != null && live != was) {
        @Nullable Route route = routes.get(arms.task());
        meters.swapped(
            arms.task(),
            was != null,
            route == null ? Duration.ZERO : Duration.between(route.getUpdatedAt(), now));
        log.info("task {}: {} answers, after {}", arms.task(), live, was == null ? "none" : was);
      }
      for (ResidentRelease release : arms.releases().keySet()) {
        if (!known.contains(release)) {
          listener.served(release, now);
        }
      }
    }
  }

  private static Set<ResidentRelease> held(ServingTable table) {
    return table.tasks().values().stream()
        .flatMap(arms -> arms.releases().keySet().stream())
        .collect(Collectors.toSet());
  }

  private void report(ServingTable table, boolean settled) {
    Map<String, Long> epochs = new HashMap<>();
    for (TaskArms arms : table.tasks().values()) {
      if (arms.epoch() >= 0) {
        epochs.put(arms.task(), arms.epoch());
      }
    }
    Residency now = new Residency(epochs, residents.all(), refusals.all(), settled);
    meters.resident(now.resident());
    residency = now;
    listener.changed();
  }
}
