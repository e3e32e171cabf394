"""A pytest plugin: labs as fixtures, and reports that say where the evidence lies.

    lab          a running lab, as `@pytest.mark.topology(…)` wants it (verbs.py)
    labs         the same for fixtures of a wider scope: `labs("minimal")`
    eventually   a check that must hold within some seconds

docs/testing.md tells the rest. Nothing heavy is imported before a test asks for a lab: the plugin
is there in every pytest run of whoever has Clicklab installed.

Raises NotInstalled where pytest is not; the extra `clicklab[pytest]` brings it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.errors import LabError, NotInstalled

try:
    import pytest
except ImportError as reason:
    raise NotInstalled("pytest", reason) from None

from orchestrator.pytest_plugin.waiting import eventually
from orchestrator.pytest_plugin.wanted import MARK, Wanted, find_topology, read_mark

if TYPE_CHECKING:
    from orchestrator.pytest_plugin.desk import Desk
    from orchestrator.pytest_plugin.effects import Effects
    from orchestrator.pytest_plugin.results import Visited
    from orchestrator.pytest_plugin.verbs import Lab

__all__ = ["eventually"]

RUN_PROPERTY = "clicklab_run"
_LAB = pytest.StashKey["Lab"]()
_DESK = pytest.StashKey["Desk"]()
_CURRENT = pytest.StashKey[pytest.Item]()
_FAILED = pytest.StashKey[bool]()
T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and ini keys; all have `lab` in their names."""
    group = parser.getgroup("clicklab", "Clicklab, a small Internet in containers")
    group.addoption(
        "--lab-topology",
        metavar="FILE",
        help="the lab of tests without a mark: a file, or a shipped name [default: internet]",
    )
    switches = {
        "--lab-reuse": "use a lab that is up with the same topology and settings, and leave it up",
        "--lab-keep": "leave up the labs that are booted",
        "--lab-keep-captures": "keep the runs of tests that passed, too",
    }
    for name, text in switches.items():
        group.addoption(name, action="store_true", help=text)
    parser.addini("lab_topology", "as --lab-topology, relative to the root", default="internet")
    parser.addini("lab_captures", "where runs go, relative to the root", default="captures")


def pytest_configure(config: pytest.Config) -> None:
    """The mark, so that --strict-markers knows it."""
    config.addinivalue_line("markers", MARK)


# ── fixtures ──────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def _clicklab_effects() -> Effects:
    """What boots labs, clicks in them and takes them down."""
    from orchestrator.pytest_plugin.effects import Effects

    return Effects()


@pytest.fixture(scope="session")
def _clicklab_desk(request: pytest.FixtureRequest, _clicklab_effects: Effects) -> Iterator[Desk]:
    """The labs of this session, taken down at its end."""
    from orchestrator.pytest_plugin.desk import Desk, Policy, ending_on_sigterm
    from orchestrator.pytest_plugin.progress import teller

    config = request.config
    switches = (config.getoption(name) for name in ("lab_reuse", "lab_keep", "lab_keep_captures"))
    policy = Policy(config.rootpath / config.getini("lab_captures"), *switches)
    desk = Desk(policy, _clicklab_effects, teller(config), lambda run: _note_run(config, run))
    config.stash[_DESK] = desk
    with ending_on_sigterm():
        yield desk
        _or_fail(desk.close)


@pytest.fixture
def lab(request: pytest.FixtureRequest, _clicklab_desk: Desk) -> Iterator[Lab]:
    """The running lab that the mark `topology` wants, shared by all tests that want the same.

    Links that the test changed are as planned again after it.
    """

    def open_lab() -> Lab:
        wanted = _wanted(request)
        if wanted.module:
            module = request.node.getparent(pytest.Module)
            module.addfinalizer(lambda: _or_fail(lambda: _clicklab_desk.close(wanted.module)))
        return _clicklab_desk.open(wanted)

    lab = request.node.stash[_LAB] = _or_fail(open_lab)
    yield lab
    _or_fail(lab.undo)


@pytest.fixture(scope="session")
def labs(request: pytest.FixtureRequest, _clicklab_desk: Desk) -> Iterator[Callable[..., Lab]]:
    """Labs for fixtures of a wider scope than a test: `labs("minimal")`.

    Takes what the mark `topology` takes; a file is relative to the root. The runs made by it are
    kept if any test of the session fails.
    """

    def open_lab(*args: Any, **kwargs: Any) -> Lab:
        mark = pytest.mark.topology(*args, **kwargs).mark
        wanted = _or_fail(lambda: read_mark(mark, request.config.rootpath, "", _shipped()))
        lab = _or_fail(lambda: _clicklab_desk.open(wanted))
        _clicklab_desk.shared.append(lab)
        return lab

    yield open_lab
    for lab in _clicklab_desk.shared:
        _or_fail(lab.undo)
        if not request.session.testsfailed:
            _clicklab_desk.discard(lab.visited)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    """`eventually(check, within_s=10)`: call a check until it holds."""
    return eventually


def _wanted(request: pytest.FixtureRequest) -> Wanted:
    """What the test's mark says, else the command line, else the ini file."""
    mark, config = request.node.get_closest_marker("topology"), request.config
    if mark is not None:
        module = request.node.getparent(pytest.Module)
        return read_mark(mark, request.path.parent, module.nodeid if module else "", _shipped())
    given, folder = config.getoption("lab_topology"), config.invocation_params.dir
    if given is None:
        given, folder = config.getini("lab_topology"), config.rootpath
    return Wanted(find_topology(given, folder, _shipped()))


def _shipped() -> Any:
    from orchestrator.shipped import shipped_topologies

    return shipped_topologies()


def _or_fail(work: Callable[[], T]) -> T:
    """What Clicklab says of an error is for users: its words, and no traceback."""
    __tracebackhide__ = True
    try:
        return work()
    except LabError as error:
        said = str(error)
    pytest.fail(f"clicklab: {said}", pytrace=False)


# ── what is said of tests ─────────────────────────────────────────────────────


def _note_run(config: pytest.Config, visited: Visited) -> None:
    """The test that runs gets the run as a property, which is in JUnit's XML."""
    item = config.stash.get(_CURRENT, None)
    if item is not None:
        item.user_properties.append((RUN_PROPERTY, str(visited.run)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test's runs go with it when it has passed in all its phases."""
    item.config.stash[_CURRENT] = item
    done = yield
    lab = item.stash.get(_LAB, None)
    if lab is not None and not item.stash.get(_FAILED, False):
        item.config.stash[_DESK].discard(lab.visited)
    return done


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The section of a test that failed, while its lab is still as it was."""
    report = yield
    labs = _labs_of(item)
    if not report.failed or not labs or item.stash.get(_FAILED, False):
        return report
    item.stash[_FAILED] = True
    from orchestrator.pytest_plugin.evidence import TITLE, tell_evidence
    from orchestrator.visible import visible

    told = visible("\n\n".join(map(tell_evidence, labs)))
    longrepr: Any = report.longrepr
    # Beside the traceback it is also shown with --show-capture=no, and in JUnit's XML.
    if hasattr(longrepr, "addsection"):
        longrepr.addsection(TITLE, told)
    else:
        report.sections.append((TITLE, told))
    return report


def _labs_of(item: pytest.Item) -> list[Lab]:
    """The labs that a test uses by either fixture, directly or not."""
    own = [item.stash[_LAB]] if _LAB in item.stash else []
    desk = item.config.stash.get(_DESK, None)
    shares = desk is not None and "labs" in getattr(item, "fixturenames", ())
    return [*own, *desk.shared] if desk is not None and shares else own
