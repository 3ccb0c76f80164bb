/// Training: one program call a step for full and low-rank updates, evaluation, learning-rate
/// schedules.
@NullMarked
package dev.tidemill.model.train;

import org.jspecify.annotations.NullMarked;
