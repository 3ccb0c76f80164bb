/// The sequential test, the evidence and the policy, pure: no clock, no Kafka, no threads.
@NullMarked
package dev.tidemill.rollout.domain;

import org.jspecify.annotations.NullMarked;
