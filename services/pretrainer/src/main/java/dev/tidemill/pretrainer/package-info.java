/// Curated documents to bases, window by window.
@NullMarked
package dev.tidemill.pretrainer;

import org.jspecify.annotations.NullMarked;
