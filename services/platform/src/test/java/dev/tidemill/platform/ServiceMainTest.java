package dev.tidemill.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ServiceMainTest {

  record TunerConfig(int steps) {}

  private static final List<String> EVENTS = new CopyOnWriteArrayList<>();

  /// A service whose loop takes some steps and then meets its end.
  private static final class Failing implements Service {
    private final ServiceContext context;
    private final TunerConfig config;
    private @Nullable ServiceLoop loop;
    private int done;

    Failing(ServiceContext context, TunerConfig config) {
      this.context = context;
      this.config = config;
    }

    @Override
    public void start() {
      EVENTS.add("start");
      context.health().ready().checks().forEach(check -> EVENTS.add("" + check.reason()));
      loop =
          ServiceLoop.named("steps", context.health())
              .start(
                  () -> {
                    if (++done > config.steps()) {
                      throw new FatalFault("after step " + config.steps());
                    }
                  });
    }

    @Override
    public void close() {
      if (loop != null) {
        loop.close();
      }
      EVENTS.add("close");
    }
  }

  @TempDir Path folder;

  private final PrintStream standardError = System.err;
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    EVENTS.clear();
    System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setErr(standardError);
  }

  @Test
  void aServiceThatFailsEndsItsProcessWithOne() throws Exception {
    Path file =
        Files.writeString(folder.resolve("t.yaml"), "tuner: {steps: 3}\nadmin: {port: 0}\n");
    assertThat(run(Map.of(), "--config", file.toString())).isEqualTo(1);
    // Nobody is ready before it has started.
    assertThat(EVENTS).containsExactly("start", "tuner is starting", "close");
    assertThat(errors.toString(StandardCharsets.UTF_8))
        .contains("tuner failed: steps: after step 3\n");
  }

  @Test
  void aBadConfigurationIsOneSentenceAndTwo() throws Exception {
    Path file = Files.writeString(folder.resolve("t.yaml"), "tuner: {stps: 3}\n");
    assertThat(run(Map.of(), "--config", file.toString())).isEqualTo(2);
    assertThat(errors.toString(StandardCharsets.UTF_8))
        .isEqualTo("tuner.stps: unknown key; did you mean tuner.steps? (t.yaml, line 1)\n");
    assertThat(EVENTS).isEmpty();
  }

  @Test
  void anUnknownOptionIsTwo() {
    assertThat(run(Map.of(), "--confg", "x")).isEqualTo(2);
    assertThat(errors.toString(StandardCharsets.UTF_8)).contains("--confg");
  }

  private static int run(Map<String, String> env, String... args) {
    return ServiceMain.execute("tuner", TunerConfig.class, Failing::new, args, env);
  }
}
