/// Tests.
@NullMarked
package dev.tidemill.inference.serving;

import org.jspecify.annotations.NullMarked;
