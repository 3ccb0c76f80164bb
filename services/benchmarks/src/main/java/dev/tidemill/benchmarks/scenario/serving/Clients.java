package dev.tidemill.benchmarks.scenario.serving;

import dev.tidemill.benchmarks.scenario.serving.Asker.Question;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Clients that ask again as soon as they have an answer, after a short think, until they are
/// stopped; some hang up in the middle of an answer.
public final class Clients {
  private final Collection<Answer> answers = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  /// What the clients do.
  ///
  /// @param tasks that they ask, each as often as the other
  /// @param questions that they ask
  /// @param temperature 0 is greedy
  /// @param maxTokens of an answer
  /// @param spread by which share of `maxTokens` an answer may be longer or shorter
  /// @param hangUps share of requests whose client goes away after some pieces
  /// @param think mean time between an answer and the next request, in milliseconds
  public record Habits(
      List<String> tasks,
      List<String> questions,
      double temperature,
      int maxTokens,
      double spread,
      double hangUps,
      double think) {}

  public Clients(int count, Asker asker, Habits habits, long seed) {
    for (int i = 0; i < count; i++) {
      int number = i;
      SplittableRandom random = new SplittableRandom(seed * 1_000 + i);
      threads.add(
          Thread.ofVirtual()
              .name("client-" + i)
              .start(() -> run(asker, () -> next(habits, random, number), habits, random)));
    }
  }

  /// Answers so far, those hung up on and those that failed included.
  public Collection<Answer> answers() {
    return answers;
  }

  /// Lets the clients finish what they wait for, and returns when all have.
  public void stop() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void run(
      Asker asker, Supplier<Question> questions, Habits habits, SplittableRandom random) {
    while (!stopped) {
      answers.add(asker.ask(questions.get()));
      double pause = -Math.log(1 - random.nextDouble()) * habits.think();
      try {
        TimeUnit.MICROSECONDS.sleep((long) (pause * 1_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static Question next(Habits habits, SplittableRandom random, int client) {
    boolean hangsUp = random.nextDouble() < habits.hangUps();
    return new Question(
        habits.tasks().get(random.nextInt(habits.tasks().size())),
        habits.questions().get(random.nextInt(habits.questions().size())),
        "user-" + client,
        habits.temperature(),
        (int) (habits.maxTokens() * (1 + habits.spread() * (2 * random.nextDouble() - 1))),
        hangsUp ? 1 + random.nextInt(Math.max(1, habits.maxTokens() / 2)) : 0,
        System.nanoTime());
  }
}
