package dev.tidemill.rollout.domain;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// The ratings of one arm that count, in the order of their event time, and the bets on them.
///
/// The order is a property of the ratings, not of their arrival: reading the topics again, in
/// whatever interleaving, gives the same bets to the last digit. A rating that arrives in order
/// costs one step of the bets; one that arrives late, is revised or is retracted makes the bets be
/// taken anew when somebody looks next.
final class ArmRatings {
  private record Place(Instant at, String feedback) implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::at).thenComparing(Place::feedback);

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }

  private record Counted(String subject, double value) {}

  private final int mostPerSubject;
  private final TreeMap<Place, Counted> ratings = new TreeMap<>();
  private final Map<String, Integer> bySubject = new HashMap<>();
  private final BettingArm bets;
  private boolean stale;

  ArmRatings(double alpha, int mostPerSubject) {
    this.bets = new BettingArm(alpha);
    this.mostPerSubject = mostPerSubject;
  }

  /// @param subject whom the rating is counted to; the empty string is nobody and has no cap
  void add(FeedbackFact.Rated rating, String subject) {
    Place place = new Place(rating.at(), rating.id());
    boolean last = ratings.isEmpty() || ratings.lastKey().compareTo(place) < 0;
    Counted counted = new Counted(subject, rating.value());
    ratings.put(place, counted);
    if (last && !stale) {
      bet(counted);
    } else {
      stale = true;
    }
  }

  void remove(FeedbackFact.Rated rating) {
    if (ratings.remove(new Place(rating.at(), rating.id())) != null) {
      stale = true;
    }
  }

  BettingArm bets() {
    if (stale) {
      stale = false;
      bets.clear();
      bySubject.clear();
      ratings.values().forEach(this::bet);
    }
    return bets;
  }

  private void bet(Counted counted) {
    if (counted.subject().isEmpty()
        || bySubject.merge(counted.subject(), 1, Integer::sum) <= mostPerSubject) {
      bets.add(counted.value());
    }
  }
}
