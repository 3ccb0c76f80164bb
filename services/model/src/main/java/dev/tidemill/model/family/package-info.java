/// The families of decoders that Hugging Face folders hold: one class each says which keys of
/// `config.json` it reads, what the decoder has to do for it, and how its tensors are called.
@NullMarked
package dev.tidemill.model.family;

import org.jspecify.annotations.NullMarked;
