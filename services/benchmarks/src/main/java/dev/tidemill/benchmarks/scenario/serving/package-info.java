/// What the scenarios of serving are made of: artifacts, a replica as a process of its own, and
/// clients.
@org.jspecify.annotations.NullMarked
package dev.tidemill.benchmarks.scenario.serving;
