package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
  void launchersBuildAndStart() throws IOException {
    Path checkout = folder.resolve("checkout");
    copy(Repository.root(), checkout);

    Path infra = checkout.resolve("infra");
    assertThat(run(infra.resolve("quickstart"), "--help")).contains("--port-base");
    assertThat(run(infra.resolve("scenario"), "poison", "--help")).contains("--seeds");
  }

  /// What a launcher that has to succeed says.
  private String run(Path launcher, String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    try (Child child = Child.startCommand(folder, launcher.getFileName().toString(), command)) {
      int code = child.awaitExit(PATIENCE);
      assertThat(code).as(child.lastWords()).isZero();
      return child.output();
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
