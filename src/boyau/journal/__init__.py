"""The journal: batches appended, chained by hash, durable before they are acknowledged. ``Book`` is an open ledger."""

from boyau.journal.book import Book, JournalBroken

__all__ = ["Book", "JournalBroken"]
