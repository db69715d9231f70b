import pytest
from trace_pages import uncompiled

import boyau.trace.lineage
import boyau.trace.lots


@pytest.fixture(params=["as built", "uncompiled"], scope="module")
def kernel(request):
    """Run a test with the kernel as it was built, and with its source as plain Python."""
    built = boyau.trace.lineage.lots
    if request.param == "uncompiled":
        boyau.trace.lineage.lots = uncompiled()
    yield boyau.trace.lineage.lots
    boyau.trace.lineage.lots = built
