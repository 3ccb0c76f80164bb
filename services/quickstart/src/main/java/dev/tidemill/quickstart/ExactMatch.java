package dev.tidemill.quickstart;

import dev.tidemill.quickstart.reference.ReferenceText;
import dev.tidemill.quickstart.reference.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Asks one release for the default of every setting given and holds the answers against the
/// reference, letter by letter.
public final class ExactMatch {
  private static final int AT_ONCE = 8;
  private static final String EXAMINER = "examiner";

  private final Asker asker;

  public ExactMatch(Asker asker) {
    this.asker = asker;
  }

  /// Share of the settings whose default the model answers exactly.
  ///
  /// @param model the release asked
  /// @param settings what is asked, with the true answers
  public double share(String model, List<Setting> settings) throws InterruptedException {
    if (settings.isEmpty()) {
      throw new IllegalArgumentException("there is nothing to ask " + model);
    }
    List<Future<Boolean>> answers = new ArrayList<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      for (Setting setting : settings) {
        answers.add(threads.submit(() -> right(model, setting)));
      }
      long right = 0;
      for (Future<Boolean> answer : answers) {
        right += answer.get() ? 1 : 0;
      }
      return (double) right / settings.size();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the exact match of " + model + " cannot be measured", e.getCause());
    }
  }

  private boolean right(String model, Setting setting)
      throws Asker.UnansweredException, InterruptedException {
    String answer = asker.ask(model, ReferenceText.question(setting), EXAMINER).text();
    return answer.equals(ReferenceText.answer(setting));
  }
}
