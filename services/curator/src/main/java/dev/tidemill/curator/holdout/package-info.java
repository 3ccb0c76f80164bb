/// Proves that nothing which is kept out of training lies in a topic that trains.
@NullMarked
package dev.tidemill.curator.holdout;

import org.jspecify.annotations.NullMarked;
