@NullMarked
package dev.tidemill.curator.erasure;

import org.jspecify.annotations.NullMarked;
