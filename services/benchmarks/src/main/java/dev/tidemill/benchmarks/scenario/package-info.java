/// Scenarios that use the whole machine: throughput, crashes, fuzzing. Each is a program with bars,
/// run by `infra/scenario`.
@NullMarked
package dev.tidemill.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
