"""The test sets of the public label-errors repository, and where each departs from the common layout."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from audits.errors import UsageError, first_few

#: What a vote means: for the given label, for the guess, for both, for no class. A vote key may instead
#: mean a class by its name (amazon asks for the sentiment itself, not given against guessed).
GIVEN, GUESSED, BOTH, NO_CLASS = "given", "guessed", "both", "no class"

_COMMON_VOTES = {"given": GIVEN, "guessed": GUESSED, "neither": NO_CLASS, "both": BOTH}

_IMAGENET_FILE = re.compile(r"(?:.*/)?ILSVRC2012_val_(\d{8})\.JPEG")
_IMDB_FILE = re.compile(r"((?:neg|pos)/\d+_\d+)\.txt")


@dataclass(frozen=True)
class KnownSet:
    """One test set of the repository.

    Attributes
    ----------
    name : str
        The set's name in file names.
    title : str
        Its name for people.
    n_classes : tuple of int
        The numbers of classes that its copies have, smallest first.
    class_names : tuple of str
        Names of the classes 0, 1, ... where the whole list is well known, else empty.
    votes : mapping of str to str
        Exactly the keys that a voted item counts, and what each means: `GIVEN`, `GUESSED`, `BOTH`,
        `NO_CLASS`, or the name of a class.
    named_labels : bool
        Whether the votes file writes labels by class name rather than by class id.
    index : str
        File in `dataset_indexing` that names the file of each row; empty when there is none.
    id_of_file : callable or None
        Item id of a file named in the index, None where it follows another pattern. Without the
        callable the item id is the row.
    text_ids : bool
        Whether the votes file writes ids as text; they are whole numbers otherwise.
    index_repeats : bool
        Whether the published index is known to list a file twice.
    labels_optional : bool
        Whether the repository has no label array, so that the items come from the votes file.
    note : str
        How the study chose what people saw, where it was not by its common rule.
    """

    name: str
    title: str
    n_classes: tuple[int, ...]
    class_names: tuple[str, ...] = ()
    votes: Mapping[str, str] = field(default_factory=lambda: _COMMON_VOTES)
    named_labels: bool = False
    index: str = ""
    id_of_file: Callable[[str], str | None] | None = None
    text_ids: bool = False
    index_repeats: bool = False
    labels_optional: bool = False
    note: str = ""


def imagenet_id(file: str) -> str | None:
    """Item id of an ImageNet validation file: its number, without leading zeros.

    Examples
    --------
    >>> imagenet_id("val/n01440764/ILSVRC2012_val_00000293.JPEG")
    '293'
    """
    match = _IMAGENET_FILE.fullmatch(file)
    return str(int(match[1])) if match else None


def imdb_id(file: str) -> str | None:
    """Item id of an IMDB test review, as the votes write it.

    Examples
    --------
    >>> imdb_id("neg/10003_3.txt")
    'test/neg/10003_3'
    """
    match = _IMDB_FILE.fullmatch(file)
    return f"test/{match[1]}" if match else None


_NEWSGROUPS = (
    "alt.atheism",
    "comp.graphics",
    "comp.os.ms-windows.misc",
    "comp.sys.ibm.pc.hardware",
    "comp.sys.mac.hardware",
    "comp.windows.x",
    "misc.forsale",
    "rec.autos",
    "rec.motorcycles",
    "rec.sport.baseball",
    "rec.sport.hockey",
    "sci.crypt",
    "sci.electronics",
    "sci.med",
    "sci.space",
    "soc.religion.christian",
    "talk.politics.guns",
    "talk.politics.mideast",
    "talk.politics.misc",
    "talk.religion.misc",
)

_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_ALL = (
    KnownSet(
        "mnist",
        "MNIST",
        (10,),
        tuple("0123456789"),
        votes={"given": GIVEN, "guessed": GUESSED, "neither": NO_CLASS},
        note="For MNIST the study sent the 100 items of the lowest margins to people, more than its rule flags.",
    ),
    KnownSet("cifar10", "CIFAR-10", (10,), _CIFAR10),
    KnownSet("cifar100", "CIFAR-100", (100,)),
    # 29,780 images are all but the 827 of the clutter class, which is number 256 where it is kept
    KnownSet("caltech256", "Caltech-256", (256, 257), index="caltech256_index_to_filename.json"),
    KnownSet(
        "imagenet",
        "ImageNet (validation)",
        (1000,),
        index="imagenet_val_set_index_to_filepath.json",
        id_of_file=imagenet_id,
        note="For ImageNet the study flagged as many of the lowest margins as the confident joint counts off its "
        "diagonal, not that share of all items: pervasive_label_errors flags another number here.",
    ),
    KnownSet(
        "quickdraw",
        "QuickDraw",
        (345,),
        labels_optional=True,
        note="Of the 6,825,383 flagged drawings of QuickDraw 2,500 were sent to people; only these are items.",
    ),
    KnownSet("20news", "20 Newsgroups", (20,), _NEWSGROUPS),
    KnownSet(
        "imdb",
        "IMDB",
        (2,),
        ("Negative", "Positive"),
        votes={"given": GIVEN, "guessed": GUESSED, "neutral": NO_CLASS, "off-topic": NO_CLASS},
        named_labels=True,
        index="imdb_test_set_index_to_filename.json",
        id_of_file=imdb_id,
        text_ids=True,
        index_repeats=True,
    ),
    KnownSet(
        "amazon",
        "Amazon Reviews",
        (3,),
        ("Negative", "Neutral", "Positive"),
        votes={
            "positive": "Positive",
            "negative": "Negative",
            "neutral": "Neutral",
            "off-topic": NO_CLASS,
        },
        named_labels=True,
        labels_optional=True,
        note="Of the 533,249 flagged reviews of Amazon 1,000 were sent to people; only these are items.",
    ),
)

#: Every set that can be imported, by name.
SETS: dict[str, KnownSet] = {s.name: s for s in _ALL}


def find_set(name: str) -> KnownSet:
    """Look a set up by name.

    Raises
    ------
    UsageError
        For audioset, which is multi-label, and for a name that is not known; the nearest one is given.
    """
    if name in SETS:
        return SETS[name]
    if name == "audioset":
        raise UsageError(
            "audioset is a multi-label set: an item has several given labels. labelaudit audits multi-class "
            f"sets only so far ({first_few(SETS, len(SETS))})"
        )
    near = difflib.get_close_matches(name.lower(), SETS, n=1, cutoff=0.0)
    raise UsageError(
        f"no label-errors set is named {name!r}; the nearest name is {near[0]!r} "
        f"(known: {first_few(SETS, len(SETS))})"
    )
