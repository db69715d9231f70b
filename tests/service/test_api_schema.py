"""Schemathesis over every route: whatever the description allows, and what it does not, never a 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from boyau.service.app import create_app
from boyau.service.desk import Desk
from boyau.service.webhooks import Hooks
from tests.service.test_desk import world


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    desk = Desk(world())
    app = create_app(desk)
    app.state.hooks = Hooks(desk, str(tmp_path_factory.mktemp("hooks") / "hooks"))
    close, desk.close = desk.close, lambda: None  # each call begins and ends the application
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    app.state.hooks.close()
    close()


def asked(operation, mode, seen):
    """Send to one route what Hypothesis makes of its description."""

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        if isinstance(case.query, dict):
            case.query.pop("wait", None)
        status = case.call().status_code
        seen.setdefault(operation.label, set()).add(status)
        assert status < 500, f"{operation.label}: {status}"

    ask()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda one: one.name)
def test_no_route_fails_whatever_is_sent(schema, mode):
    seen = {}
    for found in schema.get_all_operations():
        try:
            asked(found.ok(), mode, seen)
        except Unsatisfiable:  # there is nothing wrong that could be sent
            continue
    assert len(seen) >= 9
