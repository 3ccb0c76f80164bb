/// Benches of single parts, run by `infra/bench`.
@NullMarked
package dev.tidemill.benchmarks;

import org.jspecify.annotations.NullMarked;
