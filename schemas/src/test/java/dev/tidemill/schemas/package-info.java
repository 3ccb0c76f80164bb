@NullMarked
package dev.tidemill.schemas;

import org.jspecify.annotations.NullMarked;
