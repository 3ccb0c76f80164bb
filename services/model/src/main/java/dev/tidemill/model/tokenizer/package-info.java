/// Text to tokens and back: tokenizer.json, the chat template, and our byte-level BPE trainer.
@NullMarked
package dev.tidemill.model.tokenizer;

import org.jspecify.annotations.NullMarked;
