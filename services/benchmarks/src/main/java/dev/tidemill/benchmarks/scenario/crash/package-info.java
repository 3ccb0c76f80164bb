/// What the crash scenario is made of: a script of events, a model of what must come of it, the
/// processes that are killed, the driver that pushes, and the comparison.
@NullMarked
package dev.tidemill.benchmarks.scenario.crash;

import org.jspecify.annotations.NullMarked;
