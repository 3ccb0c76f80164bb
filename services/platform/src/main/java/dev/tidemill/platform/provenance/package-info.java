/// Which data is in which artifact, and what of it was erased.
///
/// [dev.tidemill.platform.provenance.Provenance] is an immutable image made of the candidates and
/// of the applied erasures; the registry, the trainers and the audit ask the same one, so that they
/// agree on what contains an erased subject.
@NullMarked
package dev.tidemill.platform.provenance;

import org.jspecify.annotations.NullMarked;
