@NullMarked
package dev.tidemill.curator.holdout;

import org.jspecify.annotations.NullMarked;
