/// Black-box tests across services, and the architecture as checks.
@NullMarked
package dev.tidemill.acceptance;

import org.jspecify.annotations.NullMarked;
