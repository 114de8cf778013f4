"""The explicit class list: ids are the key, names are for display, the position is the column."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audits.errors import ClassesError, ColumnsError, LabelsError, first_few, plain

LabelsAs = Literal["auto", "id", "name", "position"]

#: The class index of a label that is in no class.
UNKNOWN = -1

#: Longest item id, annotator id or class id, in characters; in UTF-8 twice as many bytes. They are keys of the
#: review store, and a database keeps no longer ones in an index. Text that is shown may be of any length.
LONGEST = 1000


@dataclass(frozen=True)
class ClassList:
    """All classes of a dataset, in the order of the columns of dense probabilities.

    Parameters
    ----------
    ids : tuple of str, length K
        Unique keys. Whole numbers are written as decimal digits.
    names : tuple of str, length K
        Display names; they may repeat (real class lists do).

    Raises
    ------
    ClassesError
        With all of it: there are fewer than two classes, ids repeat, are empty, longer than `LONGEST` or hold
        a NUL character, texts are not valid Unicode, the lengths differ.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = []
        if len(self.ids) != len(self.names):
            problems.append(f"{len(self.ids)} ids but {len(self.names)} names")
        if len(self.ids) < 2:
            problems.append(f"expected at least 2 classes, got {len(self.ids)}")
        if repeated := _repeated(self.ids):
            problems.append(f"{len(repeated)} ids repeat ({first_few(repeated)}); ids are keys")
        if "" in self.ids:
            problems.append(f"the id of class {self.ids.index('')} is empty; ids are keys")
        if broken := [t for t in (*self.ids, *self.names) if not _is_unicode(t)]:
            problems.append(f"{len(broken)} ids or names are no valid text ({first_few(broken)})")
        elif long := [i for i in self.ids if len(i) > LONGEST or len(i.encode()) > 2 * LONGEST]:
            problems.append(too_long(len(long), len(self.ids), long[0]))
        if nul := [i for i in self.ids if "\0" in i]:
            problems.append(f"{len(nul)} ids hold a NUL character ({first_few(nul)})")
        if problems:
            raise ClassesError(f"class list: {'; '.join(problems)}")

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Class index by class id."""
        return {id_: i for i, id_ in enumerate(self.ids)}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the set of class ids: the class list as part of a question.

        Neither the order nor the names enter: reordering columns or fixing a name's spelling does not
        change which answers were possible.
        """
        text = json.dumps(sorted(self.ids), ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def repeated_names(self) -> list[str]:
        """Display names that more than one class has, in class order."""
        return _repeated(self.names)

    def display(self, index: int | None) -> str | None:
        """Name of a class index for people; the id is added where the name alone is ambiguous."""
        if index is None:
            return None
        name, id_ = self.names[index], self.ids[index]
        return f"{name} ({id_})" if name in self.repeated_names else name

    def id_of(self, index: int | None) -> str | None:
        """Class id of a class index; None stays None."""
        return None if index is None else self.ids[index]

    def encode(
        self, values: pa.Array | pa.ChunkedArray, labels_as: LabelsAs = "auto", *, from_model: bool = False
    ) -> EncodedLabels:
        """Turn labels as files write them into class indices.

        Parameters
        ----------
        values : pyarrow array of strings, integers, whole-numbered floats or dictionaries of these
        labels_as : {"auto", "id", "name", "position"}
            How to read the values. `auto` takes the first of id, name and position under which every
            value is a class, or else the one under which most are.
        from_model : bool
            Whether a model wrote the values. Models write the position of their likeliest column as a
            matter of course, so a reading by position is then as good as any, not a last resort.

        Returns
        -------
        EncodedLabels
            Class indices, -1 where the label is in no class or missing.

        Raises
        ------
        ColumnsError
            When the type is not one of labels.
        LabelsError
            When two readings fit all values but disagree, or when labels are given by name and a used name
            stands for several classes.
        """
        texts = label_texts(values)
        unique = [u for u in pc.unique(texts).to_pylist() if u is not None]
        if labels_as != "auto":
            return self._apply(texts, labels_as, self._lookup(labels_as))
        readings: dict[LabelsAs, dict[str, int]] = {m: self._lookup(m) for m in ("id", "name", "position")}
        hits = {m: sum(u in table for u in unique) for m, table in readings.items()}
        whole = [m for m in readings if hits[m] == len(unique)]
        if not whole:  # a name of several classes is still a name: refuse it as one, not as an unknown id
            hits["name"] += sum(u in self.repeated_names for u in unique)
        for other in whole[1:]:
            differs = [u for u in unique if readings[whole[0]][u] != readings[other][u]]
            # In an items file, ids that happen to be numbers outrank positions without a word.
            if differs and (other != "position" or from_model):
                raise LabelsError(
                    f"labels fit the class list both by {whole[0]} and by {other}, and the two disagree "
                    f"(label {first_few(differs)}); say which with 'labels_as'"
                )
        best = whole[0] if whole else max(readings, key=lambda m: hits[m])
        return self._apply(texts, best, readings[best])

    def _lookup(self, labels_as: LabelsAs) -> dict[str, int]:
        if labels_as == "id":
            return self.positions
        if labels_as == "position":
            return {str(i): i for i in range(len(self))}
        ambiguous = set(self.repeated_names)
        return {name: i for i, name in enumerate(self.names) if name not in ambiguous}

    def _apply(self, texts: pa.Array, labels_as: LabelsAs, table: dict[str, int]) -> EncodedLabels:
        if labels_as == "name" and self.repeated_names:
            used = set(pc.unique(texts).to_pylist()) & set(self.repeated_names)
            if used:
                raise LabelsError(
                    f"labels are given by name, but {len(used)} of the names used stand for several classes "
                    f"({first_few(sorted(used))}); give class ids instead"
                )
        encoded = texts.dictionary_encode()
        codes = np.array([table.get(v, UNKNOWN) for v in encoded.dictionary.to_pylist()], dtype=np.int32)
        indices = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return EncodedLabels(np.append(codes, np.int32(UNKNOWN))[indices], texts, labels_as)


@dataclass(frozen=True)
class EncodedLabels:
    """Labels read against a class list.

    Attributes
    ----------
    index : int32 array, shape (n,)
        Class index; -1 where the label is in no class.
    text : pyarrow string array, length n
        The label as the file writes it.
    labels_as : {"id", "name", "position"}
        The reading that was used, so that an export can write labels the same way.
    """

    index: npt.NDArray[np.int32]
    text: pa.Array
    labels_as: LabelsAs


def label_texts(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Labels as strings: whole numbers as digits, text as it is, missing as null.

    Raises
    ------
    ColumnsError
        When the values are neither text nor numbers.
    LabelsError
        When numbers among them are not whole.
    """
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        return pa.array([None] * len(array), type=pa.string())
    if pa.types.is_floating(array.type):
        array = array.cast(pa.float64())
        # beyond 2**53 a float no longer tells one whole number from the next
        whole = pc.and_(pc.equal(array, pc.floor(array)), pc.less_equal(pc.abs(array), 2.0**53))
        odd = array.filter(pc.invert(pc.fill_null(whole, True)))
        if len(odd):
            raise LabelsError(
                f"{len(odd)} of {len(array)} labels are numbers that are not whole ({first_few(odd.to_pylist())}); "
                "expected class ids or class names"
            )
        array = array.cast(pa.int64())
    if pa.types.is_integer(array.type) or is_text(array.type):
        return array.cast(pa.string())
    raise ColumnsError(f"labels have type {array.type}; expected text or whole numbers")


def is_text(type_: pa.DataType) -> bool:
    """Whether an Arrow type is text, in any of its layouts."""
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)
    )


def too_long(count: int, of: int, first: str) -> str:
    """What is wrong with ids that are longer than `LONGEST`, in words."""
    return (
        f"{count} of {of} ids are longer than {LONGEST:,} characters or {2 * LONGEST:,} bytes in UTF-8 "
        f"(the first has {len(first):,} characters: {plain(first[:60])}...)"
    )


def _is_unicode(text: str) -> bool:
    # a JSON or YAML escape can make half of a surrogate pair, which no file or table can hold
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _repeated(values: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    out: list[str] = []
    for value in values:
        if value in seen and value not in out:
            out.append(value)
        seen.add(value)
    return out
