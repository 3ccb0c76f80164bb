@NullMarked
package dev.tidemill.pretrainer;

import org.jspecify.annotations.NullMarked;
