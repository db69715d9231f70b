"""What flags rest on. Only facts that are certain stand here; an article or a threshold is the operator's to set."""

from boyau.language.catalogue import mark
from boyau.watch.flag import Basis

OCP = Basis(mark("Open Contracting Partnership, list of 73 red flags; no law by itself"))
KZ_2016 = Basis(
    mark("Law of Kazakhstan “On Public Procurement”, 4 December 2015, No. 434-V; the operator names the article"),
    "2016-01-01",
    "2024-12-31",
)
KZ_2025 = Basis(
    mark("Law of Kazakhstan “On Public Procurement”, 1 July 2024, No. 106-VIII; the operator names the article"),
    "2025-01-01",
)
OPERATOR = Basis(mark("The threshold and its legal basis are set by the operator"))
