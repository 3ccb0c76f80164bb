package dev.tidemill.platform.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A component of a settings record that is a record itself, and whose keys stand among those of
/// the outer one: it groups what belongs together in code without a level of its own in the
/// settings. It is always made, also when none of its keys is set.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Inline {}
