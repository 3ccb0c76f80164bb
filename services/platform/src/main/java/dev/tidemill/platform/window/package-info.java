/// The exactly-once window loop that both trainers run in, and the audit that proves it.
///
/// A *lineage* (`tuner/support`, `pretrainer/kafka`) is a line of *windows*: runs of offsets that
/// never overlap and leave no gap. For each window:
///
/// 1. **Collect.** A [WindowCollector] takes records from exact offsets until the [WindowPolicy]
///    closes the window. Positions come from the checkpoint, never from the group.
/// 2. **Train.** The [WindowTrainer] trains and fills the next checkpoint's state folder; the
///    artifact is published in the content-addressed store.
/// 3. **Prepare.** {offsets after the window, candidate, trainer state} become one checkpoint: temp
///    folder, every file forced to disk, digests, one rename. The former one stays.
/// 4. **Commit.** One Kafka transaction holds the candidate and the offsets of group
///    `tidemill-<lineage>`. The former checkpoint is removed afterwards.
///
/// ```
///  killed in   found at the next start                       what happens
///  1, 2        former checkpoint                             the window is collected again
///  3           former checkpoint and a temp folder           the same; the folder is removed
///  3 to 4      new checkpoint, group stands at its beginning the same candidate is published
///  4           the transaction is whole or was aborted       one of the two lines around
///  after 4     new checkpoint, group stands at its end       the next window is collected
/// ```
///
/// Why the committed offsets mark publication: they are in the candidate's transaction, so they say
/// whether it was committed. Should the broker have forgotten them (a group that stood still for
/// longer than `offsets.retention.minutes`), the last candidate is published again under its id,
/// which the registry and the audit recognise. `transactional.id = tidemill-<lineage>` fences a
/// second trainer of the lineage; a file lock keeps two processes out of one folder.
///
/// **Erasures.** The loop follows `tidemill.erasures.applied` and the candidates
/// ([dev.tidemill.platform.provenance]), to their ends before a window trains, after it, and before
/// it is published.
///
/// - *Not trained yet:* the record is passed over, whether compaction has removed it or not, and
///   its place is cut out of the window's ranges, so that what the ranges hold is what was trained.
///   A window that has taken it already is dropped and collected anew; one that was prepared is
///   discarded with its artifact, also by the recovery after a kill.
/// - *Trained:* a window that was published holds it, so its lineage is worthless: weights, replay
///   buffer and optimizer have seen the record. The line begins its next *generation*
///   (`tuner/support~2`): another lineage, with sequences from 1 and a group of its own, that reads
///   the retained topic from its beginning. Checkpoints of earlier generations are deleted at the
///   start of the session, again after a kill that interrupted it.
/// - *In between:* an erasure may be applied after the last look and before the transaction ends.
///   The registry then quarantines the candidate on arrival, and the loop finds a published window
///   that holds the record: the case before.
///
/// Which generation counts is no state of anybody's: it is the newest that has published, or the
/// one after it when one of its windows holds an erased place. Trainer, audit and a restart at any
/// moment come to the same number from the topics. The transactional id is the line's, so a trainer
/// that is stuck in an old generation is fenced.
///
/// A rebuild costs what training all retained records once costs: as many windows as the policy
/// makes of them. The audit counts the generation that counts, and every record but the erased.
///
/// A checkpoint that is damaged is refused by name. Only when the group stands exactly at the end
/// of the former one, which proves that nothing newer was published, is that one taken instead.
@NullMarked
package dev.tidemill.platform.window;

import org.jspecify.annotations.NullMarked;
