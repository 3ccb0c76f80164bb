/// The TorchScript programs, how they are packed and called. For this module only: other modules
/// use the packages beside it.
@NullMarked
package dev.tidemill.model.program;

import org.jspecify.annotations.NullMarked;
