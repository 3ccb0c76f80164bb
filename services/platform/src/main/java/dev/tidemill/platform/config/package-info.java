/// Configuration: one YAML file plus environment overrides, bound to records, unknown keys refused.
@NullMarked
package dev.tidemill.platform.config;

import org.jspecify.annotations.NullMarked;
