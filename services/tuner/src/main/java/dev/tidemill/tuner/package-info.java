/// Examples to adapters, window by window.
@NullMarked
package dev.tidemill.tuner;

import org.jspecify.annotations.NullMarked;
