"""In a blind dataset nothing that tells reaches the browser before the decision: every answer is looked at."""

from html import unescape

from playwright.sync_api import Response

from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from tests.browser.reviewing import press, question, sent
from tests.browser.rooms import Made

#: Names and ids that are found nowhere else; more than nine, so that there is no list of classes to press.
CLASSES = tuple((f"id{i}q", f"kind-{i}-zzz") for i in range(12))

BLIND = Made(
    n=24,
    wrong=8,
    classes=CLASSES,
    models=("modelone", "modeltwo"),
    review={"verdicts_per_item": 2, "agree": 2, "room": {"blind": True}},
)
OPEN = Made(
    n=24, wrong=8, classes=CLASSES, models=("modelone", "modeltwo"), review=BLIND.review | {"room": {}}
)

#: What evidence is told with.
TELLING = ("modelone", "modeltwo", "models say", "Mean probability", "uggested", "Nearest with")


class Recorded:
    """All bodies and headers that a browser was sent, of the server's own pages about items."""

    def __init__(self, page):
        self.answers: list[tuple[str, str]] = []
        page.on("response", self._keep)

    def _keep(self, response: Response) -> None:
        if "/d/" in response.url and "/chart/" not in response.url and "/image/" not in response.url:
            body = "" if response.status == 303 else response.body().decode()
            self.answers.append((response.url, f"{response.all_headers()}\n{body}"))


def bob_says(room, name="zoo"):
    """Somebody else's verdicts on all items, with words that are found nowhere else."""
    with ReviewStore(room.workspace.store_url) as store:
        tasks = store.tasks(name)
        store.add_verdicts(
            NewVerdict(f"bob-{t.id}", t.question, "bobthereviewer", "none", (), "bobs-own-words")
            for t in tasks
        )
        return {t.question.hash: t for t in tasks}


def unescaped_words(text: str) -> str:
    return " ".join(unescape(text).split())


def without_the_list(body: str) -> str:
    """A page without the list of all classes, which is the same for every item."""
    head, _, rest = body.partition('<datalist id="class-list">')
    return head + rest.partition("</datalist>")[2]


def test_nothing_tells_before_the_decision(serve, visiting):
    with serve(BLIND) as room, visiting(room) as visitor:
        tasks = bob_says(room)
        page = visitor.context.new_page()
        recorded = Recorded(page)
        page.goto(visitor.base + "/d/zoo/review")
        suggested_of = {h: t.suggested_label for h, t in tasks.items() if t.suggested_label}
        assert len(suggested_of) >= 5
        names = dict(CLASSES)
        seen = 0
        for _ in range(24):
            hash_ = question(page)
            given = tasks[hash_].question.given_label
            others = [i for i in names if i != given]
            body = page.locator("#stage").inner_html()
            assert [body[body.index(i) - 200 :][:300] for i in others if i in body] == []
            assert [i for i in others if names[i] in body] == []
            seen += 1
            press(page, "k" if seen % 2 else "u")
        sent(page)
        page.wait_for_load_state("networkidle")
        assert seen == 24
        assert len(recorded.answers) > 48
        reasons = {unescaped_words(r) for t in tasks.values() for r in t.reasons}
        assert len(reasons) > 5
        for url, answer in recorded.answers:
            body = without_the_list(answer)
            assert [w for w in (*TELLING, "bobthereviewer", "bobs-own-words") if w in body] == [], url
            assert [r for r in reasons if r in unescaped_words(body)] == [], url
            # of the classes no more than the given one of the item that it is about
            shown = {i for i in names if names[i] in body}
            assert len(shown) <= 1, url
        stored = [v for v in room.verdicts() if v.reviewer == "local"]
        assert {v.shown for v in stored} == {"blind"}
        assert {v.question.hash: v.suggested for v in stored if v.suggested} == suggested_of


def test_history_and_single_items_tell_nothing_either_until_one_has_decided(serve, visiting):
    with serve(BLIND) as room, visiting(room) as visitor:
        tasks = bob_says(room)
        page = visitor.context.new_page()
        recorded = Recorded(page)
        page.goto(visitor.base + "/d/zoo/review")
        first = question(page)
        press(page, "k")
        sent(page)
        press(page, "z")
        page.wait_for_load_state("networkidle")
        for path in ("/d/zoo/history", *(f"/d/zoo/q/{h}" for h in tasks)):
            page.goto(visitor.base + path)
        for url, answer in recorded.answers:
            body = without_the_list(answer)
            assert [w for w in (*TELLING, "bobthereviewer", "bobs-own-words") if w in body] == [], url
        page.goto(visitor.base + f"/d/zoo/review?question={first}")
        press(page, "k")
        sent(page)
        page.goto(visitor.base + f"/d/zoo/q/{first}")
        assert "bobs-own-words" in page.content()


def test_an_open_dataset_does_tell(serve, visiting):
    """That the words looked for above are the right ones."""
    with serve(OPEN) as room, visiting(room) as visitor:
        bob_says(room)
        task = next(t for t in room.tasks() if t.reasons)
        page = visitor.open(f"/d/zoo/review?question={task.question.hash}")
        html = page.content()
        # there are no features, and so no nearest items
        assert [w for w in TELLING if w not in html] == ["Nearest with"]
        assert question(page) == task.question.hash
        assert [r for r in task.reasons if unescaped_words(r) not in unescaped_words(html)] == []
        page.goto(visitor.base + f"/d/zoo/q/{question(page)}")
        assert "bobthereviewer" in page.content()
        assert "bobs-own-words" in page.content()
