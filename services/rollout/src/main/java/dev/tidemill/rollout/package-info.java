/// Moves traffic, judges canaries, promotes or rolls back.
@NullMarked
package dev.tidemill.rollout;

import org.jspecify.annotations.NullMarked;
