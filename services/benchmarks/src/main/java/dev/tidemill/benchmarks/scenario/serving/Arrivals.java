package dev.tidemill.benchmarks.scenario.serving;

import dev.tidemill.benchmarks.scenario.serving.Asker.Question;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// Requests that come when they come, whatever becomes of those before them (a Poisson process).
public final class Arrivals {
  private Arrivals() {}

  /// A request of a plan.
  ///
  /// @param at when it comes, in seconds from the beginning
  public record Planned(double at, String text, int maxTokens) {}

  /// What is asked, by chance.
  ///
  /// @param words that prompts are made of
  /// @param promptWords mean of a prompt
  /// @param maxTokens mean of the longest answers
  public record Sizes(List<String> words, double promptWords, double maxTokens) {}

  /// A plan for some time, the same for the same seed. Lengths are spread as the exponential
  /// distribution has it, from 1 to four times the mean.
  ///
  /// @param rate requests a second
  public static List<Planned> plan(double rate, double seconds, Sizes sizes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Planned> plan = new ArrayList<>();
    for (double at = exponential(random) / rate; at < seconds; at += exponential(random) / rate) {
      int words = length(random, sizes.promptWords());
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < words; i++) {
        text.append(i == 0 ? "" : " ")
            .append(sizes.words().get(random.nextInt(sizes.words().size())));
      }
      plan.add(new Planned(at, text.toString(), length(random, sizes.maxTokens())));
    }
    return plan;
  }

  /// Sends a plan's requests, each when it is due, and returns all answers. Tokens are drawn at a
  /// temperature of 1: random weights repeat themselves when they are asked for the likeliest.
  public static Collection<Answer> send(List<Planned> plan, String model, Asker asker) {
    Collection<Answer> answers = new ConcurrentLinkedQueue<>();
    long begin = System.nanoTime();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < plan.size(); i++) {
        Planned next = plan.get(i);
        long due = begin + (long) (next.at() * 1e9);
        for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
          LockSupport.parkNanos(early);
        }
        Question question =
            new Question(model, next.text(), "user-" + i, 1, next.maxTokens(), 0, due);
        var _ = clients.submit(() -> answers.add(asker.ask(question)));
      }
    }
    return answers;
  }

  private static int length(SplittableRandom random, double mean) {
    int most = (int) Math.max(1, 4 * mean);
    return Math.clamp(Math.round(exponential(random) * mean), 1, most);
  }

  private static double exponential(SplittableRandom random) {
    return -Math.log(1 - random.nextDouble());
  }
}
