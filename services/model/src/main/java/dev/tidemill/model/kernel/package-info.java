/// Decoding few rows at a time, in Java: one row's products read every weight once and compute next
/// to nothing, so what counts is that memory is read as fast as it can be. Vectors are the JDK's
/// incubating Vector API; where a process was started without it, the program decodes.
///
/// Operations on vectors stand written out within each kernel, and sums begin with zero: a helper
/// that the JVM does not inline, or a sum that may come from elsewhere, makes every vector an
/// object, and the kernel ten times slower.
@NullMarked
package dev.tidemill.model.kernel;

import org.jspecify.annotations.NullMarked;
