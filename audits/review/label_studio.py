"""What Label Studio's choices stand for: a class, or a decision that names no class. Export and import share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from audits.classes import ClassList
from audits.review.records import Decision

#: Names of the tags of a labelling configuration: the choices, and what is written beside them.
LABEL, COMMENT = "label", "comment"

#: What people are shown for a decision that names no class.
_ANSWERS: dict[Decision, str] = {"none": "None of these", "unusable": "Unusable", "unsure": "Unsure"}


@dataclass(frozen=True)
class Choices:
    """The choices of a dataset's labelling configuration, and what each stands for.

    A choice is known by its alias, which is what Label Studio writes into results: of a class it is the class id.

    Attributes
    ----------
    classes : dict of str to str
        Class id by alias, in the order of the class list.
    answers : dict of str to str
        Decision by alias, of those that name no class.
    shown : dict of str to str
        What people see, by alias.
    """

    classes: Mapping[str, str]
    answers: Mapping[str, Decision]
    shown: Mapping[str, str]

    @classmethod
    def of(cls, classes: ClassList) -> Choices:
        """The choices for a class list; the same for equal lists, so that an import knows what an export wrote."""
        by_alias: dict[str, str] = {}
        shown: dict[str, str] = {}
        plain = {i for i in classes.ids if _is_plain(i)}
        for position, id_ in enumerate(classes.ids):
            alias = id_ if id_ in plain else f"id:{quote(id_, safe='')}"
            while alias in by_alias or (alias != id_ and alias in plain):
                alias = f"id:{alias}"
            by_alias[alias] = id_
            shown[alias] = classes.display(position) or id_
        answers: dict[str, Decision] = {}
        for decision, words in _ANSWERS.items():
            alias = f"({words.lower()})"
            while alias in by_alias:
                alias = f"({alias})"
            answers[alias] = decision
            shown[alias] = words
        return cls(by_alias, answers, shown)

    def alias_of(self, class_id: str) -> str | None:
        """The alias of a class; None for one that is no class."""
        return next((alias for alias, id_ in self.classes.items() if id_ == class_id), None)


def _is_plain(text: str) -> bool:
    # as an attribute of XML it stays as it is, and Label Studio takes no part of it for a variable
    return text.isprintable() and text == text.strip() and "$" not in text
