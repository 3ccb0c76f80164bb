/// Answers that are JSON for certain: which tokens may come next.
@NullMarked
package dev.tidemill.model.generate.json;

import org.jspecify.annotations.NullMarked;
