/// What the training scenarios share: data, and the peers as processes.
@NullMarked
package dev.tidemill.benchmarks.scenario.training;

import org.jspecify.annotations.NullMarked;
