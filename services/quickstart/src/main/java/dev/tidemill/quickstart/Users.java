package dev.tidemill.quickstart;

import dev.tidemill.quickstart.reference.ReferenceText;
import dev.tidemill.quickstart.reference.Setting;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Simulated users: each asks a question, looks the true answer up in the reference, rates what it
/// was told, and, once users correct, corrects it when it was wrong. Then it thinks for a while and
/// asks again. After a few questions it leaves, and another user comes in its place.
public final class Users implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Users.class);
  private static final Duration LEAVING = Duration.ofSeconds(30);
  private static final int QUESTIONS_A_VISIT = 5;
  private static final int RECENT = 100;
  private static final long SEED = 20_260_501;

  private final Asker asker;
  private final Pusher pusher;
  private final String task;
  private final Duration thinking;
  private final AtomicLong arrived = new AtomicLong();
  private final Deque<Boolean> recent = new ArrayDeque<>();
  private volatile boolean correcting;
  private final Deck deck = new Deck(new Random(SEED));
  private final AtomicLong rated = new AtomicLong();
  private final AtomicLong right = new AtomicLong();
  private final AtomicLong corrected = new AtomicLong();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();

  /// Users without end, of whom a few are there at a time.
  ///
  /// @param thinking mean time between an answer and the user's next question
  public Users(Asker asker, Pusher pusher, String task, Duration thinking) {
    this.asker = asker;
    this.pusher = pusher;
    this.task = task;
    this.thinking = thinking;
  }

  /// Lets users come, so many at a time.
  public Users start(int atATime) {
    for (int i = 0; i < atATime; i++) {
      Random random = new Random(SEED + i);
      threads.add(Thread.ofVirtual().name("users-" + i).start(() -> visits(random)));
    }
    return this;
  }

  /// From now on users say what a wrong answer should have been.
  public void startCorrecting() {
    correcting = true;
  }

  /// What users ask about from now on: these settings, each as often as every other.
  public void askAbout(List<Setting> settings) {
    deck.replace(settings);
  }

  /// Answers rated.
  public long rated() {
    return rated.get();
  }

  /// Share of the rated answers that were right.
  public double shareRight() {
    long all = rated.get();
    return all == 0 ? 0 : (double) right.get() / all;
  }

  /// Share of the last hundred rated answers that were right; 0 before there are as many.
  public double recentShareRight() {
    synchronized (recent) {
      return recent.size() < RECENT
          ? 0
          : recent.stream().mapToInt(isRight -> isRight ? 1 : 0).sum() / (double) RECENT;
    }
  }

  /// Answers corrected.
  public long corrected() {
    return corrected.get();
  }

  private void visits(Random random) {
    while (!Thread.currentThread().isInterrupted()) {
      String name = "user-" + arrived.incrementAndGet();
      for (int i = 0; i < QUESTIONS_A_VISIT && !Thread.currentThread().isInterrupted(); i++) {
        try {
          Thread.sleep((long) (2 * thinking.toMillis() * random.nextDouble()));
          askOnce(name, random);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } catch (Asker.UnansweredException | IOException e) {
          // The failure is counted where it happened; a user asks again.
          log.warn("{} got no answer or could not push: {}", name, e.getMessage());
        }
      }
    }
  }

  private void askOnce(String name, Random random)
      throws Asker.UnansweredException, IOException, InterruptedException {
    Setting setting = deck.deal();
    List<String> questions = ReferenceText.questions(setting);
    String question = questions.get(random.nextInt(questions.size()));
    Asker.Answer answer = asker.ask(task, question, name);
    boolean isRight = answer.text().equals(ReferenceText.answer(setting));
    pusher.rating(answer.completionId(), name, isRight ? 1 : 0);
    rated.incrementAndGet();
    remember(isRight);
    if (isRight) {
      right.incrementAndGet();
    } else if (correcting) {
      pusher.correction(answer.completionId(), name, ReferenceText.answer(setting));
      corrected.incrementAndGet();
    }
  }

  private void remember(boolean isRight) {
    synchronized (recent) {
      recent.addLast(isRight);
      if (recent.size() > RECENT) {
        recent.removeFirst();
      }
    }
  }

  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        if (!thread.join(LEAVING)) {
          log.warn("{} did not leave", thread.getName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Deals settings in random order, every one once before any comes again.
  private static final class Deck {
    private final Random random;
    private List<Setting> all = List.of();
    private List<Setting> left = List.of();

    Deck(Random random) {
      this.random = random;
    }

    synchronized void replace(List<Setting> settings) {
      all = List.copyOf(settings);
      left = List.of();
    }

    synchronized Setting deal() {
      if (left.isEmpty()) {
        left = new ArrayList<>(all);
        Collections.shuffle(left, random);
      }
      return left.removeLast();
    }
  }
}
