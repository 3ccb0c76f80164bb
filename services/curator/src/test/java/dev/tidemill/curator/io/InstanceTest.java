package dev.tidemill.curator.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceTest {
  @TempDir private Path folder;

  @Test
  void the_name_belongs_to_the_state_directory() {
    String name = Instance.of(folder.resolve("one"));
    assertThat(name).isNotBlank();
    assertThat(Instance.of(folder.resolve("one"))).isEqualTo(name);
    assertThat(Instance.of(folder.resolve("another"))).isNotEqualTo(name);
  }
}
