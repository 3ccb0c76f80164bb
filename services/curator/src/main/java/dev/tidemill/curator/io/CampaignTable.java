package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.guard.Campaign;
import dev.tidemill.curator.guard.Campaigns;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.events.Binary;
import dev.tidemill.events.Example;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Sft;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// How often nearly the same was said on prompts of this partition: a table of fixed size over a
/// state store. It names no subject.
final class CampaignTable {
  /// Places; with what a store needs around each, about 2 MB.
  static final int PLACES = 8_192;

  private final KeyValueStore<String, Campaign> store;
  private final Guard guard;

  CampaignTable(KeyValueStore<String, Campaign> store, Guard guard) {
    this.store = store;
    this.guard = guard;
  }

  /// How much this piece counts: 1, or less when it belongs to a campaign. Counts it.
  double weight(Evidence evidence, long now) {
    @Nullable String text = text(evidence);
    if (text == null) {
      return 1;
    }
    double weight = 1;
    int prompt = evidence.key().hashCode();
    int subject = evidence.subjectKey().hashCode();
    for (long signature : Campaigns.signatures(text)) {
      String place = Long.toString(Math.floorMod(signature, PLACES), Character.MAX_RADIX);
      @Nullable Campaign before = store.get(place);
      long epoch = guard.epoch(now);
      Campaign after =
          before == null
              ? Campaign.first(signature, epoch, prompt, subject)
              : before.next(signature, epoch, prompt, subject);
      store.put(place, after);
      if (after.text() == signature) {
        weight = Math.min(weight, Campaigns.weight(after, evidence.crowd(), guard));
      }
    }
    return weight;
  }

  // A rating has no text of its own.
  private static @Nullable String text(Evidence evidence) {
    for (Example example : evidence.examples()) {
      switch (example.getTraining()) {
        case Sft sft -> {
          return sft.getAnswer();
        }
        case PreferencePair pair -> {
          return pair.getChosen();
        }
        case Binary binary -> {
          return null;
        }
        case Object other ->
            throw new IllegalStateException("the schema of Example knows no " + other.getClass());
      }
    }
    return null;
  }
}
