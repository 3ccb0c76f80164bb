/// Renders chat templates: the part of Jinja that templates of published models use, with the
/// settings Transformers renders them with.
@NullMarked
package dev.tidemill.model.tokenizer.template;

import org.jspecify.annotations.NullMarked;
