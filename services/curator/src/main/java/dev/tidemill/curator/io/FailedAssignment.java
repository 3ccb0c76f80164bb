package dev.tidemill.curator.io;

import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An assignment of partitions that failed because the broker did not tell of every topic, as one
/// does not that has just been started. The group keeps it for its static members and hands it to
/// each that comes back under its name, however often that is started. So a member that got it
/// leaves the group; for its successor the group assigns anew.
public final class FailedAssignment {
  private static final Logger log = LoggerFactory.getLogger(FailedAssignment.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private FailedAssignment() {}

  /// Waits for the topics and takes the calling stream thread's member out of the group.
  ///
  /// @param stateDirectory names the member, [Instance]
  /// @return what it was: replacing the thread helps, unless a topic has other partitions
  public static Fault leave(KafkaClients clients, String group, Path stateDirectory) {
    try (Admin admin = clients.admin()) {
      Fault fault = topics(admin);
      remove(admin, group, member(stateDirectory));
      return fault;
    }
  }

  private static Fault topics(Admin admin) {
    try {
      TopicCreation.await(admin);
      return new RetriableFault("the broker did not tell of every topic when tasks were assigned");
    } catch (Fault fault) {
      return fault;
    }
  }

  // Kafka Streams numbers its threads and the names of their members alike.
  private static String member(Path stateDirectory) {
    String thread = Thread.currentThread().getName();
    return Instance.of(stateDirectory) + thread.substring(thread.lastIndexOf('-'));
  }

  private static void remove(Admin admin, String group, String name) {
    MemberToRemove member = new MemberToRemove(name);
    RemoveMembersFromConsumerGroupOptions options =
        new RemoveMembersFromConsumerGroupOptions(Set.of(member));
    options.timeoutMs(Math.toIntExact(PATIENCE.toMillis()));
    try {
      admin.removeMembersFromConsumerGroup(group, options).memberResult(member).get();
    } catch (ExecutionException e) {
      // One that is in no group has nothing to leave; for any other only time is lost, until its
      // session ends.
      if (!(e.getCause() instanceof UnknownMemberIdException)) {
        String why = KafkaFaults.classify(e).getMessage();
        log.warn("{} stays in group {} for now: {}", name, group, why);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
