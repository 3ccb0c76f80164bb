package dev.tidemill.quickstart;

import dev.tidemill.quickstart.reference.ReferenceText;
import dev.tidemill.quickstart.reference.Setting;
import java.io.IOException;
import java.util.List;
import java.util.Random;

/// A few subjects who, in one burst, claim that right answers are wrong and "correct" them all to
/// the same lie, again and again.
public final class Poisoners {
  /// What the name of each begins with.
  public static final String PREFIX = "poisoner-";

  private static final int COUNT = 3;
  private static final int QUESTIONS_EACH = 60;
  private static final String LIE = "31337";

  private final Asker asker;
  private final Pusher pusher;
  private final String task;

  public Poisoners(Asker asker, Pusher pusher, String task) {
    this.asker = asker;
    this.pusher = pusher;
    this.task = task;
  }

  /// Sends the burst.
  ///
  /// @return feedback records sent
  public long burst(List<Setting> settings)
      throws IOException, InterruptedException, Asker.UnansweredException {
    long sent = 0;
    Random random = new Random(COUNT);
    for (int question = 0; question < QUESTIONS_EACH; question++) {
      for (int i = 0; i < COUNT; i++) {
        String name = PREFIX + i;
        Setting setting = settings.get(random.nextInt(settings.size()));
        Asker.Answer answer = asker.ask(task, ReferenceText.question(setting), name);
        pusher.rating(answer.completionId(), name, 0);
        pusher.correction(answer.completionId(), name, LIE);
        sent += 2;
      }
    }
    return sent;
  }
}
