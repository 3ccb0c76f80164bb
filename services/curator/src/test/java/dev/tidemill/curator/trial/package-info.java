/// Trials of the guard: simulated subjects, honest and lying, and what the guard makes of them.
@NullMarked
package dev.tidemill.curator.trial;

import org.jspecify.annotations.NullMarked;
