"""What each finding of a verification means, and what to do about it. docs/verify.md has them at length."""

from boyau.language.catalogue import mark

COMMANDS = {
    "verify": "`boyau verify TARGET --against COPY`",
    "against": "`--against`",
    "delete": "`delete from snapshot`",
    "export": "`boyau export`",
}
"""What is typed is the same in every language."""

HELP = {
    "copy": mark(
        "Take this part from another copy (an export, a backup, another disk) and verify again. Check the disk."
    ),
    "compare": mark(
        "Compare with a copy that others keep: {verify}. It names the first entry that "
        "differs, and what both say. Do not write into this ledger until you know."
    ),
    "replay": mark(
        "See whether the program is of the version that wrote the entry. If it is, somebody changed the journal or the "
        "program: compare with a copy that others keep, by {against}."
    ),
    "snapshot": mark(
        "Have the snapshot removed ({delete}): the state is then computed from the entries, which are "
        "right. Find out who wrote it, and what was decided on false balances."
    ),
    "remake": mark(
        "By itself this proves nothing, and can be made again from the entries. But somebody or a failing disk changed "
        "the file: check the disk, and compare with a copy by {against}."
    ),
    "witnesses": mark(
        "Ask the witnesses for the newest checkpoint that they hold, and compare size and root. Theirs decides."
    ),
    "operator": mark(
        "Ask whoever runs the log for a checkpoint signed by its key, and show this one to the witnesses."
    ),
    "export": mark("Run {export} again, or take another copy of the export."),
    "clock": mark(
        "Ask who set the clock of the ledger's machine, and when; compare with the papers behind these entries."
    ),
    "target": mark("Name a copy of the same ledger that is whole."),
    "receipt": mark("Ask whoever gave you the receipt for another one, and the log for the checkpoint that it names."),
}
"""What to do, by name."""

TEXTS: dict[str, tuple[str, str]] = {
    "unreadable": (
        mark("The file does not give {where} back ({error}): the disk is failing, or the file was damaged."),
        "copy",
    ),
    "missing": (mark("Batches that are missing before {where}: {batches}."), "copy"),
    "segment_missing": (mark("The file {where} is not there, or cannot be read ({error})."), "export"),
    "segment_changed": (mark("The file {where} is not the one that the manifest lists."), "export"),
    "segment_swapped": (
        mark("The file {where} holds batches from number {number} on, which belong into another file."),
        "export",
    ),
    "frame_length": (mark("The length of a body was changed ({where})."), "export"),
    "header_changed": (mark("The header of the batch is not the one that was sealed ({where})."), "copy"),
    "out_of_place": (
        mark("Number {stands} stands where {due} is due: something was put in, taken out or moved ({where})."),
        "compare",
    ),
    "other_ledger": (mark("The batch belongs to another ledger ({where})."), "compare"),
    "time_back": (mark("The journal time goes back, from {before} to {time} ({where})."), "compare"),
    "chain_broken": (
        mark(
            "The batch does not name the one before it: one of the two was sealed anew, put in or taken out ({where})."
        ),
        "compare",
    ),
    "entry_changed": (mark("What stands here is not what was sealed: it was changed afterwards ({where})."), "copy"),
    "body_changed": (
        mark("Something in this batch is not what was sealed; which entry it is, the marks do not tell ({where})."),
        "copy",
    ),
    "body_form": (
        mark("The batch is sealed, but does not hold the entries that its header counts: {error} ({where})."),
        "compare",
    ),
    "mark_differs": (
        mark(
            "The mark made at sealing is another: either the entry was changed and sealed anew, or the mark ({where})."
        ),
        "compare",
    ),
    "root_differs": (
        mark("The root in the header is not that of the entries: they were changed and sealed anew ({where})."),
        "compare",
    ),
    "tile_differs": (
        mark(
            "The hash kept over these entries is another: either they were changed and sealed anew, or the hash was "
            "({where})."
        ),
        "remake",
    ),
    "column_differs": (
        mark("The table says that the batch begins with entry {stands}; its header says {due} ({where})."),
        "remake",
    ),
    "decision_differs": (mark("The journal says otherwise than the ledger decides."), "replay"),
    "record_refused": (mark("The ledger refuses this record: {reason}"), "replay"),
    "replay_failed": (mark("This cannot be decided again: {error}"), "replay"),
    "unbalanced": (mark("Debits and credits differ: {error}"), "replay"),
    "snapshot_differs": (
        mark("The snapshot has {what} otherwise than the entries make it: the state was edited ({where})."),
        "snapshot",
    ),
    "snapshot_changed": (mark("The snapshot is not one that could be used: {error} ({where})."), "snapshot"),
    "checkpoint_form": (mark("This is no checkpoint of this log: {where} ({error})."), "operator"),
    "checkpoint_beyond": (
        mark(
            "The log has signed {size} entries, and there are {entries}: the newest were cut off, or an old copy was "
            "put in place ({where})."
        ),
        "witnesses",
    ),
    "checkpoint_root": (
        mark("These are not the entries that the log has signed: the past was rewritten ({where})."),
        "witnesses",
    ),
    "checkpoint_unsigned": (
        mark("The checkpoint is not signed by the key that rules there: {where} (signed by: {signers}; {reason})."),
        "operator",
    ),
    "checkpoint_file": (mark("The file {where} is not the one that the manifest lists. {error}"), "export"),
    "key_untrusted": (
        mark("No checkpoint here is signed by a key that you trust, nor by one that such a key has named."),
        "operator",
    ),
    "cosignature_wrong": (mark("The cosignature of {name} does not hold: {where} ({error})."), "witnesses"),
    "quorum": (
        mark("Witnesses you trust who have cosigned the newest checkpoint: {count}; needed: {needed}."),
        "witnesses",
    ),
    "witness_order": (
        mark("{name} has cosigned this at {time}, and a smaller checkpoint later, at {before} ({where})."),
        "witnesses",
    ),
    "time_ahead": (
        mark("The journal says {time}, and a witness saw it before that, at {seen}: the clock was ahead ({where})."),
        "clock",
    ),
    "back_dated": (
        mark("The journal says {time}, but at {seen} a witness saw the log without it: it was back-dated ({where})."),
        "clock",
    ),
    "manifest_differs": (mark("The manifest says otherwise than the files: {what}."), "export"),
    "against_differs": (mark("This is the first entry that differs from the copy {where}."), "witnesses"),
    "against_header": (mark("The batch was sealed otherwise in the copy ({where})."), "witnesses"),
    "against_longer": (mark("The copy {where} goes on from here; this one has lost it."), "witnesses"),
    "against_other": (mark("{where} is a copy of another ledger."), "target"),
    "against_damaged": (mark("The copy is damaged itself: {where}. Up to there the two are alike."), "target"),
    "receipt": (mark("The receipt does not hold: {error}"), "receipt"),
}
"""By code: what was found and what it means, and the name of what to do."""
