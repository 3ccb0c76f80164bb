/// What the scenario `fuzz` sends, and the book that it keeps of what became of it.
@NullMarked
package dev.tidemill.benchmarks.scenario.fuzz;

import org.jspecify.annotations.NullMarked;
