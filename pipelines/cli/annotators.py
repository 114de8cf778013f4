"""`annotators`."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, number, print_json, print_table, say

#: Rows of each table that the text shows before it only counts them.
_SHOWN = 20


class Method(StrEnum):
    """How annotations are combined."""

    AUTO = "auto"
    MAJORITY = "majority"
    DAWID_SKENE = "dawid_skene"
    CROWDLAB = "crowdlab"
    TOPTWO = "toptwo"
    GLAD = "glad"
    MACE = "mace"
    WAWA = "wawa"
    ZERO_BASED_SKILL = "zero_based_skill"
    M_MSR = "m_msr"


@app.command()
def annotators(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    method: Annotated[
        Method | None,
        typer.Option(
            help="How annotations are combined; as the YAML's audit annotator_consensus says when left out. "
            "glad, mace, wawa, zero_based_skill and m_msr need the extra 'crowd'."
        ),
    ] = None,
    sure: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Items whose consensus has less support than this, or which have fewer than two annotations, "
            "need more votes.",
        ),
    ] = 0.8,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"How many rows of each table; the text shows {_SHOWN} when left out."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far annotators agree, how good each of them is, and which items need more votes."""
    from audits.annotators.view import annotators_view

    workspace = open_workspace(ctx)
    dataset = workspace.dataset(name)
    view = annotators_view(workspace.tables(name), dataset, method=method and method.value, sure=sure)
    if as_json:
        print_json(_cut(view, limit))
    else:
        print_annotators(view, limit or _SHOWN)


def _cut(view: dict[str, Any], limit: int | None) -> dict[str, Any]:
    unsettled = view["more_votes"]
    return {
        **view,
        "annotators": view["annotators"][:limit],
        "more_votes": {**unsettled, "total": len(unsettled["items"]), "items": unsettled["items"][:limit]},
    }


def print_annotators(view: dict[str, Any], limit: int) -> None:
    """Print agreement, the annotators and the items that need more votes."""
    people, unsettled = view["annotators"], view["more_votes"]
    say(
        f"{view['dataset']}: {_counted(view['annotations'], 'annotation')} by {_counted(len(people), 'annotator')}, of "
        f"{view['annotated']} of {_counted(view['items'], 'item')}; consensus by {view['method']}",
        f"Krippendorff's alpha: {_alpha(view['agreement'])}",
        "",
    )
    print_table(
        _title(f"{_counted(len(people), 'annotator')}, the least accurate first", len(people), limit),
        ["annotator", "labels", "shared", "with others", "with consensus", "accuracy", "95 %"],
        [
            [
                p["annotator_id"],
                str(p["labels"]),
                str(p["shared"]),
                number(p["with_others"]),
                number(p["with_consensus"]),
                number(p["accuracy"]),
                "-" if p["low"] is None else f"{number(p['low'])} to {number(p['high'])}",
            ]
            for p in people[:limit]
        ],
        text=["annotator"],
    )
    say(
        "",
        "shared: their labels on items that somebody else labelled too; what follows is over these",
        "accuracy: share of their labels expected to be right, if the consensus is as sure as it says",
        "",
    )
    listed = unsettled["items"]
    if not listed:
        say(
            "No item needs more votes: each has two annotations or more, and its consensus a support of "
            f"{unsettled['sure']:g} or more."
        )
        return
    print_table(
        _title(
            f"{_counted(len(listed), 'item')} {'needs' if len(listed) == 1 else 'need'} more votes, the least settled "
            "first",
            len(listed),
            limit,
        ),
        ["item", "given", "consensus", "support", "annotations"],
        [
            [
                i["item_id"],
                i["given_name"],
                i["consensus_name"] or "-",
                number(i["support"]),
                str(i["annotations"]),
            ]
            for i in listed[:limit]
        ],
        text=["item", "given", "consensus"],
    )
    say("", "support: mean of the consensus's probability and of its share of the annotations; 1 is settled")


def _title(text: str, total: int, limit: int) -> str:
    return f"{text}; {limit} of them are shown" if total > limit else text


def _alpha(agreement: dict[str, Any]) -> str:
    if agreement["alpha"] is None:
        return f"none, {agreement['reason']}"
    ends = "no interval"
    if agreement["low"] is not None:
        ends = f"95 %: {number(agreement['low'])} to {number(agreement['high'])}"
    return (
        f"{number(agreement['alpha'])} ({ends}), over {_counted(agreement['annotations'], 'annotation')} of "
        f"{_counted(agreement['items'], 'item')} (1: all agree, 0: as by chance)"
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
