"""What all tests share: how Hypothesis searches.

Without a deadline, because machines differ. In CI the same examples every time, so that a red run is about the change;
elsewhere new ones each time, so that somebody finds what CI cannot.
"""

import os

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "house")
