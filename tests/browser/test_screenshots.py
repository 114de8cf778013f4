"""The pictures of the documentation: written to docs/images when LABELAUDIT_SCREENSHOTS is set, tried out otherwise."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from PIL import Image
from playwright.sync_api import Page

from audits.review.accounts import Accounts, Actor
from audits.review.consensus import Rule, decide
from audits.review.records import AccountRole, NewVerdict
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question
from audits.web.security.passwords import Passwords
from audits.web.settings import RoomSettings
from audits.workspace import Workspace
from pipelines.demo import DATASET
from tests.browser import worked_digits
from tests.browser.reviewing import no_sideways_scroll, sent
from tests.browser.rooms import Made, Running, running
from tests.browser.shots import FOLDER, WINDOWS, shot

WRITING = bool(os.environ.get("LABELAUDIT_SCREENSHOTS"))
PASSWORD = "correct horse battery"  # noqa: S105
PEOPLE: dict[str, AccountRole] = {"ann": "reviewer", "bob": "reviewer", "cem": "admin"}

#: Largest all pictures together may be, in bytes.
MOST = 1_500_000

#: Sentences of a made-up help desk, by the topic that they are about.
REQUESTS = {
    "billing": (
        "I was charged twice for the same order in March. Please send one of the two amounts back.",
        "The invoice names the old company address. I need a corrected one for our books.",
        "My card expired and I cannot find where to enter the new one before the next payment.",
        "Why is there a fee of four euros on my bill that was not there last month?",
        "Can I pay for a year at once, and does that make it cheaper?",
        "The discount code was taken, but the total on the receipt is still the full price.",
    ),
    "delivery": (
        "The parcel has been in the same town for six days, and the tracking page says nothing new.",
        "The driver left it with a neighbour whom I do not know. At which door should I ask?",
        "I move on Friday. Can the order still go to the new address?",
        "Two of the three boxes came. When do you send the third?",
        "It says delivered, but nobody was here and nothing is at the door.",
        "Do you send to islands, and how long does the ferry add?",
    ),
    "returns": (
        "The shoes are a size too small. How do I get the label to send them back?",
        "I sent the lamp back two weeks ago and have not heard whether it arrived.",
        "It was a present that we already have. Can I return it without the receipt?",
        "The return form asks for a number that I cannot find on the box.",
        "One of the six glasses was broken. Must I send back all of them?",
        "How many days do I have to return something that I have tried on?",
    ),
    "technical": (
        "The app closes by itself as soon as I open the list of my orders.",
        "I do not get the mail with the link for a new password, in no folder.",
        "The page stays white after the update; another browser shows it.",
        "Logging in works on the phone but not on the computer, with the same password.",
        "The search finds nothing when I type the name with an accent.",
        "Pictures load so slowly since yesterday that I gave up.",
    ),
}
TOPICS = tuple(REQUESTS)


def request(i: int) -> str:
    """The text of an item; its right class is that of `Made.truth`."""
    topic = REQUESTS[TOPICS[i % len(TOPICS)]]
    return topic[i // len(TOPICS)]


TEXTS = Made(
    n=sum(map(len, REQUESTS.values())),
    wrong=5,
    classes=tuple((t, t) for t in TOPICS),
    text=request,
    id="request-{:03}".format,
    name="requests",
    models=("small", "large"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return FOLDER if WRITING else tmp_path_factory.mktemp("images")


def with_people(workspace: Workspace) -> RoomSettings:
    """Give everybody an account; how the room is served then."""
    hashed = Passwords().hash(PASSWORD)
    with ReviewStore(workspace.store_url) as store:
        for name, role in PEOPLE.items():
            Accounts(store).add(name, role, hashed, by=Actor("cem"))
    return RoomSettings(port=0, accounts=True)


@pytest.fixture(scope="module")
def worked(tmp_path_factory) -> Workspace:
    """The digits that people worked on; where nothing is written, one day of them."""
    root = tmp_path_factory.mktemp("digits") / "work space"
    return worked_digits.make(root) if WRITING else worked_digits.make(root, (0.5,))


@pytest.fixture(scope="module")
def digits(worked) -> Iterator[Running]:
    with running(worked, with_people(worked)) as room:
        yield room


@pytest.fixture(scope="module")
def blind(worked, tmp_path_factory) -> Iterator[Running]:
    """The same in blind mode."""
    root = tmp_path_factory.mktemp("blind") / "work space"
    shutil.copytree(worked.root, root)
    path = root / "datasets" / f"{DATASET}.yaml"
    config = yaml.safe_load(path.read_text())
    config["review"]["room"]["blind"] = True
    path.write_text(yaml.safe_dump(config))
    with running(Workspace(root), RoomSettings(port=0, local_reviewer="ann")) as room:
        yield room


def log_in(page: Page, base: str, name: str) -> None:
    page.goto(base + "/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Datasets')")


def nothing(page: Page) -> None:
    """The page is shown as it is opened."""


def select_some(page: Page) -> None:
    """Tiles of the grid are selected by the keyboard."""
    page.wait_for_load_state("networkidle")
    page.locator("[data-tiles] input").first.focus()
    for key in ("Space", "ArrowRight", "Space", "ArrowRight", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)


@dataclass(frozen=True)
class Picture:
    """A page of the digits to be shown: by whom it is opened, and what they do on it first."""

    name: str
    path: str
    who: str = "ann"
    phone: bool = False
    dark: bool = False
    height: int | None = None
    first: Callable[[Page], None] = nothing


PICTURES = (
    Picture("item", "/review?question={open}", phone=True, dark=True, height=0),
    Picture("grid", "/grid?given=9&suggested=4", phone=True, first=select_some),
    Picture("history", "/history", phone=True),
    Picture("one", "/q/{decided}", phone=True, height=0),
    Picture("adjudicate", "/adjudicate?q={disputed}", who="cem", phone=True, height=0),
    Picture("dashboard", "/dashboard", who="cem", phone=True, height=0),
    Picture("reviewers", "/reviewers", who="cem", phone=True, height=0),
    Picture("scores", "/compare", who="cem", phone=True, height=0),
    Picture("rescore", "/rescore", who="cem", phone=True, height=0),
)


def in_both(page: Page, name: str, folder: Path, height: int = 0) -> None:
    """Pictures of the page that is open, in a wide window and in a phone's."""
    for window, (width, usual) in WINDOWS.items():
        page.set_viewport_size({"width": width, "height": usual})
        no_sideways_scroll(page)
        shot(page, name, window=window, height=height if window == "desktop" else None, folder=folder)


def questions_of(room: Running) -> dict[str, str]:
    """An open question with a suggestion, one that two people decided, and one that two people differ about."""
    rule = Rule.from_config(room.workspace.dataset(DATASET).config.review)
    found: dict[str, list[tuple[int, str]]] = {"decided": [], "disputed": []}
    verdicts = by_question(room.verdicts(DATASET))
    for asked, said in verdicts.items():
        decisions = [v.decision for v in said if v.role != "repeat"]
        if len(decisions) != 2 or "unsure" in decisions:
            continue
        comments = sum(bool(v.comment) for v in said)
        if decide(said, rule).outcome == "relabelled":
            found["decided"].append((comments, asked))
        elif decide(said, rule).outcome == "no_agreement":
            found["disputed"].append((comments, asked))
    left = [
        (-(t.rank or 0), t.question.hash)
        for t in room.tasks(DATASET)
        if t.question.hash not in verdicts
        and t.stratum == "flagged"
        and t.question.given_label != worked_digits.BATCH[1]
    ]
    return {"open": max(left)[1], **{kind: max(some)[1] for kind, some in found.items()}}


def test_pages_look_the_same_each_time_and_fill_the_window(serve, visiting, tmp_path):
    with serve() as room, visiting(room) as visitor:
        for window, (width, _) in WINDOWS.items():
            twice = []
            for i in (1, 2):
                page = visitor.open("/d/zoo/review")
                twice.append(shot(page, "try", window=window, folder=tmp_path / str(i)))
                page.close()
            pictures = [Image.open(p).convert("RGB") for p in twice]
            assert pictures[0].width == width
            assert twice[0].name == {"desktop": "review-try.png", "phone": "review-try-phone.png"}[window]
            assert pictures[0].tobytes() == pictures[1].tobytes()
            assert len(pictures[0].getcolors(maxcolors=2**24)) > 20


def test_pictures_of_digits(digits, visiting, folder):
    shown = questions_of(digits)
    with ExitStack() as stack:
        visitors = {}
        for who in ("ann", "cem"):
            visitors[who] = stack.enter_context(visiting(digits))
            log_in(visitors[who].context.new_page(), digits.url, who)
        for picture in PICTURES:
            page = visitors[picture.who].context.new_page()
            answers = []
            page.on("response", lambda r, answers=answers: answers.append((r.status, r.url)))
            for window, dark in (("desktop", False), ("phone", False), ("desktop", True)):
                if (window == "phone" and not picture.phone) or (dark and not picture.dark):
                    continue
                width, usual = WINDOWS[window]
                page.set_viewport_size({"width": width, "height": usual})
                page.goto(f"{digits.url}/d/{DATASET}{picture.path.format(**shown)}")
                picture.first(page)
                no_sideways_scroll(page)
                tall = picture.height if window == "desktop" else None
                shot(page, picture.name, window=window, dark=dark, height=tall, folder=folder)
            page.close()
            assert not [a for a in answers if a[0] >= 400]


def test_a_picture_of_blind_mode(blind, visiting, folder):
    with visiting(blind) as visitor:
        page = visitor.open(f"/d/{DATASET}/review?question={questions_of(blind)['open']}")
        assert page.locator(".is-suggested").count() == 0
        in_both(page, "blind", folder)


def test_pictures_of_the_way_in_and_of_accounts(digits, visiting, folder):
    with visiting(digits) as visitor:
        page = visitor.open("/login")
        in_both(page, "login", folder, height=520)
        log_in(page, digits.url, "cem")
        in_both(page, "home", folder, height=520)
        page.goto(digits.url + "/account")
        in_both(page, "account", folder)
        page.goto(digits.url + "/users")
        for name in PEOPLE:
            assert page.locator("main").get_by_role("link", name=name, exact=True).count() == 1
        in_both(page, "users", folder)


def test_pictures_of_texts_and_of_a_clear_queue(workspaces, visiting, folder, tmp_path):
    root = tmp_path / "work space"
    shutil.copytree(workspaces(TEXTS), root)
    with (
        running(Workspace(root), RoomSettings(port=0, local_reviewer="ann")) as room,
        visiting(room) as visitor,
    ):
        flagged = [t for t in room.tasks("requests") if t.suggested_label is not None]
        page = visitor.open(f"/d/requests/review?question={flagged[0].question.hash}")
        page.wait_for_load_state("networkidle")
        assert page.locator(".is-suggested").count() == 1
        in_both(page, "text", folder)
        with ReviewStore(room.workspace.store_url) as store:
            store.add_verdicts(
                NewVerdict(f"v{t.id}", t.question, "ann", "keep")
                for t in room.tasks("requests")
                if t.question != flagged[0].question
            )
        page.goto(visitor.base + "/d/requests/review")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("s")
        page.wait_for_selector("[data-cleared]")
        sent(page)
        in_both(page, "cleared", folder)


@pytest.mark.skipif(
    not WRITING, reason="LABELAUDIT_SCREENSHOTS is not set: nothing is written to docs/images"
)
def test_the_pictures_are_small(folder):
    sizes = {p.name: p.stat().st_size for p in folder.glob("review-*.png")}
    assert len(sizes) >= len(PICTURES)
    assert sum(sizes.values()) < MOST, sizes
