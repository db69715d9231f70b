"""Kazakh, Russian and English: message catalogues (gettext), and refusals told with reason and remedy.

Source texts are English; ``locale/{kk,ru}/LC_MESSAGES/boyau.po`` hold the translations, complete and checked by a test.
"""

from boyau.language.catalogue import LANGUAGES, Language, language
from boyau.language.refusals import explanation, reason, remedy

__all__ = ["LANGUAGES", "Language", "explanation", "language", "reason", "remedy"]
