package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A change of routes does not wait for a load that a request asked for.
class ChangedRoutesFirstTest {
  private static final String TASK = "support";

  @TempDir private Path work;

  @Test
  void aLoadThatARequestAskedForIsGivenUpForChangedRoutesAndTriedAgain() throws Exception {
    TestArtifacts artifacts = new TestArtifacts(work);
    String base = artifacts.base(1);
    String other = artifacts.base(2);
    String adapter = artifacts.adapter(base, 11);
    ReleaseTarget live = TestArtifacts.target(TASK, base, null);
    ReleaseTarget next = TestArtifacts.target(TASK, base, adapter);
    ReleaseTarget asked = TestArtifacts.target(TASK, other, null);
    Told store = new Told(artifacts.store);
    try (TestKeeper keeper = new TestKeeper(store, Long.MAX_VALUE, TASK, live)) {
      keeper.know(asked, ReleaseState.EVALUATED);
      keeper.know(live, ReleaseState.RETIRED);
      // The route changes when the load that the request asked for has begun.
      store.onOpen =
          digest -> {
            if (digest.equals(other) && !store.opened.contains(adapter)) {
              keeper.desire(next);
            }
          };
      try (Lease lease = keeper.lease(asked)) {
        assertThat(lease.release().id()).isEqualTo(asked.getRelease());
        assertThat(lease.release().references()).isEqualTo(1);
      }
      assertThat(store.opened).containsExactly(base, other, adapter, other);
      keeper.awaitResident(next);
      assertThat(keeper.loads()).isEqualTo(3);
    }
  }

  /// A store that tells what is opened.
  private static final class Told implements ArtifactStore {
    private final ArtifactStore store;
    private final List<String> opened = new CopyOnWriteArrayList<>();
    private volatile Consumer<String> onOpen = digest -> {};

    Told(ArtifactStore store) {
      this.store = store;
    }

    @Override
    public VerifiedArtifact open(String digest) {
      opened.add(digest);
      onOpen.accept(digest);
      return store.open(digest);
    }

    @Override
    public String publish(Path stagedFolder, ManifestDraft draft) {
      return store.publish(stagedFolder, draft);
    }

    @Override
    public boolean contains(String digest) {
      return store.contains(digest);
    }

    @Override
    public void remove(String digest) {
      store.remove(digest);
    }
  }
}
