import pytest

from audits.errors import InputError
from audits.ingest.label_errors.sets import SETS
from audits.ingest.label_errors.votes import read_votes

FIVE = {"given": 5, "guessed": 0, "neither": 0, "both": 0}


def read(copy, entries, name="cifar10"):
    return read_votes(copy.votes(name, entries), SETS[name])


def test_all_problems_of_a_file_are_reported_at_once(copy, make_entry):
    entries = [
        "not an object",
        {"id": 1, "mturk": FIVE},
        make_entry("7", 1, 2, FIVE),
        make_entry(8, 1.0, 2, FIVE),
        make_entry(9, 1, True, FIVE),
        make_entry(10, 1, -2, FIVE),
        make_entry(11, 1, 2, FIVE | {"maybe": 1}),
        make_entry(12, 1, 2, FIVE | {"given": -1}),
        make_entry(13, 1, 2, FIVE | {"given": 2.5}),
        make_entry(14, 1, 2, FIVE | {"given": True}),
        make_entry(15, 1, 2, {"given": 5}),
        make_entry(16, 1, 2, None),
        make_entry(17, 1, 2, FIVE),
        make_entry(17, 1, 2, FIVE),
        make_entry(18, 1, 2, FIVE | {"given": 10**9}),
        make_entry(19, 10**30, 2, FIVE),
    ]
    with pytest.raises(InputError) as error:
        read(copy, entries)
    message = str(error.value)
    for part in (
        "cifar10_mturk.json: 9 problems",
        "1 entries are not objects (entry 0: str)",
        "1 entries lack a field (id 1: given_original_label/our_guessed_label)",
        "1 ids are not whole numbers (entry 2: '7')",
        "4 labels are not class ids, 0 and up (id 8: 1.0, id 9: True, id 10: -2",
        "1 entries have votes other than given/guessed/neither/both (id 11: maybe)",
        "4 counts are not whole numbers from 0 to 1000 (id 12: -1, id 13: 2.5, id 14: True",
        "1 entries lack a vote count (id 15: guessed/neither/both)",
        "1 entries have no vote counts in 'mturk' (id 16: None)",
        "1 ids are given more than once (17)",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"id": 1, "url"', "cannot be read as JSON"),
        ("[]", "the list is empty"),
        ("{}", "expected a list, got dict"),
        ('[{"id": "\\ud800"}]', "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_broken_json(copy, text, expected):
    with pytest.raises(InputError, match=expected):
        read(copy, text)


def test_mnist_has_no_both_and_every_other_common_set_has(copy, make_entry):
    three = {"given": 5, "guessed": 0, "neither": 0}
    assert read(copy, [make_entry(1, 1, 2, three)], "mnist")[0].counts == three
    with pytest.raises(InputError, match="votes other than given/guessed/neither"):
        read(copy, [make_entry(1, 1, 2, FIVE)], "mnist")
    with pytest.raises(InputError, match="lack a vote count"):
        read(copy, [make_entry(1, 1, 2, three)], "cifar100")


def test_named_labels_must_be_names_of_the_set(copy, make_entry):
    counts = {"given": 1, "guessed": 1, "neutral": 2, "off-topic": 1}
    entries = [make_entry("test/neg/1_1", "Negative", "Positive", counts)]
    (vote,) = read(copy, entries, "imdb")
    assert (vote.item_id, vote.given, vote.guessed) == ("test/neg/1_1", 0, 1)
    entries.append(make_entry("test/neg/2_1", "negative", 1, counts))
    with pytest.raises(InputError, match=r"2 labels are none of Negative, Positive .*'negative'"):
        read(copy, entries, "imdb")
    with pytest.raises(InputError, match="1 ids are not text"):
        read(copy, [make_entry(3, "Negative", "Positive", counts)], "imdb")
