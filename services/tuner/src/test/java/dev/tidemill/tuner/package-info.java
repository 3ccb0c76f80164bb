@NullMarked
package dev.tidemill.tuner;

import org.jspecify.annotations.NullMarked;
