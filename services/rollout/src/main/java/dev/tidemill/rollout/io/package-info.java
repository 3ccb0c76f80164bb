/// Rollout's contact with Kafka and the meters.
@NullMarked
package dev.tidemill.rollout.io;

import org.jspecify.annotations.NullMarked;
