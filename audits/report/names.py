"""Names that data bring along, before they are measured and cut to the width of a line."""

from __future__ import annotations

from audits.report.lettering import cut

#: Signs of each end that are looked at. No line has room for so many, and to measure 10,000 takes seconds.
_ENDS = 300


def fitted(name: str, size: float, width: float) -> str:
    """A name on one line that is not wider than `width`: what `lettering.cut` makes of it, fast however long it is.

    Parameters
    ----------
    name : str
        As it is in the data.
    size : float
        Of the type, in px.
    width : float
        In px.

    Examples
    --------
    >>> fitted("x" * 100_000, 10, 60) == fitted("x" * 1000, 10, 60)
    True
    """
    return cut(name if len(name) <= 2 * _ENDS else name[:_ENDS] + name[-_ENDS:], size, width)
