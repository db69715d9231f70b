"""Tracing: which money became which, as tables and pictures.

`Lineage.of` splits every transfer into parts; `flow_of_colour`, `flow_of_participant`, `flow_of_account` and
`flow_of_entry` answer questions with a `Flow`, and `sankey` draws it.
"""

from boyau.trace.errors import TraceError
from boyau.trace.figures import Figures, NumberFormat
from boyau.trace.flow import Flow, Link, Node, NodeKind
from boyau.trace.lineage import Lineage, Trace
from boyau.trace.lots import COMPILED
from boyau.trace.names import Names
from boyau.trace.parts import Pieces
from boyau.trace.questions import Span, flow_of_account, flow_of_colour, flow_of_entry, flow_of_participant

__all__ = [
    "COMPILED",
    "Figures",
    "Flow",
    "Lineage",
    "Link",
    "Names",
    "Node",
    "NodeKind",
    "NumberFormat",
    "Pieces",
    "Span",
    "Trace",
    "TraceError",
    "flow_of_account",
    "flow_of_colour",
    "flow_of_entry",
    "flow_of_participant",
]
