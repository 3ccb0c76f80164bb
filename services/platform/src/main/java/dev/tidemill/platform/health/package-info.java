/// Liveness (the loop came round) and readiness (what is missing, by name).
@NullMarked
package dev.tidemill.platform.health;

import org.jspecify.annotations.NullMarked;
