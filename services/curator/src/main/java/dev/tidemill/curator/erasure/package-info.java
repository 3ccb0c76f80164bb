/// Erasure of subjects from the topics: finding their records, removing them, proving their
/// absence.
@NullMarked
package dev.tidemill.curator.erasure;

import org.jspecify.annotations.NullMarked;
