/// Bases, adapters and their tokenizer: what the services pass around. Everything that touches
/// DJL or native memory lives in this module, and no type of DJL's appears in what callers use.
@NullMarked
package dev.tidemill.model;

import org.jspecify.annotations.NullMarked;
