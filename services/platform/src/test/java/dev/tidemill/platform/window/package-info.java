@NullMarked
package dev.tidemill.platform.window;

import org.jspecify.annotations.NullMarked;
