package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launchers build what they start, in a checkout in which nothing was built and with nothing
/// of ours installed, as a newcomer has it.
class FreshCheckoutTest {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /// What a clone does not have.
  private static final Set<String> LEFT_OUT = Set.of(".git", "target");

  @TempDir private Path folder;

  @Test
  void launchersBuildAndStart() throws IOException, InterruptedException {
    Path checkout = folder.resolve("checkout");
    copy(Repository.root(), checkout);

    assertThat(run(checkout, "infra/quickstart", "--help")).contains("--port-base");
    assertThat(run(checkout, "infra/scenario", "poison", "--help")).contains("--seeds");
  }

  /// What a command that has to succeed says.
  private String run(Path checkout, String... command) throws IOException, InterruptedException {
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(command)
            .directory(checkout.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      process.getOutputStream().close();
      boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      String words = Files.readString(said);
      assertThat(ended).as("%s ended; it said:%n%s", command[0], words).isTrue();
      assertThat(process.exitValue()).as("%s said:%n%s", command[0], words).isZero();
      return words;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            if (LEFT_OUT.contains(directory.getFileName().toString())) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            Files.createDirectories(to.resolve(from.relativize(directory)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(file, to.resolve(from.relativize(file)));
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
