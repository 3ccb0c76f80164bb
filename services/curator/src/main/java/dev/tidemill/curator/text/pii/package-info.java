/// Finds personal data and secrets in text by their form and their check digits, in time linear in
/// the text.
@NullMarked
package dev.tidemill.curator.text.pii;

import org.jspecify.annotations.NullMarked;
