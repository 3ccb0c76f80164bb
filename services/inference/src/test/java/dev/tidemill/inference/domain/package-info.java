/// Tests.
@NullMarked
package dev.tidemill.inference.domain;

import org.jspecify.annotations.NullMarked;
