/// What texts must be like to train: pure rules over the text alone, each of which can say what it
/// measured and against which threshold.
@NullMarked
package dev.tidemill.curator.text;

import org.jspecify.annotations.NullMarked;
