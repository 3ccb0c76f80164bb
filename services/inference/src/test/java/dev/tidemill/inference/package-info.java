/// Tests.
@NullMarked
package dev.tidemill.inference;

import org.jspecify.annotations.NullMarked;
