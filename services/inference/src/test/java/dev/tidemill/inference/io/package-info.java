/// Tests.
@NullMarked
package dev.tidemill.inference.io;

import org.jspecify.annotations.NullMarked;
