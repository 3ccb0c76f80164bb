/// The safetensors file format, read memory-mapped and written byte for byte reproducibly.
@NullMarked
package dev.tidemill.model.safetensors;

import org.jspecify.annotations.NullMarked;
