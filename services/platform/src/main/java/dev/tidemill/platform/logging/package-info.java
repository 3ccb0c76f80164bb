/// Log set-up of a process: readable on a terminal, JSON lines elsewhere.
@NullMarked
package dev.tidemill.platform.logging;

import org.jspecify.annotations.NullMarked;
