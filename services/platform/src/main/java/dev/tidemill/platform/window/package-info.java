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
/// A checkpoint that is damaged is refused by name. Only when the group stands exactly at the end
/// of the former one, which proves that nothing newer was published, is that one taken instead.
@NullMarked
package dev.tidemill.platform.window;

import org.jspecify.annotations.NullMarked;
