"""`compare`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import (
    CLEANED,
    ORIGINAL,
    UNREVIEWED,
    JsonOption,
    number,
    print_json,
    print_table,
    say,
)

if TYPE_CHECKING:
    from audits.benchmark.comparison import Comparison


#: Flips that a table names before it only counts them.
_FLIPS_SHOWN = 10


class Gate(StrEnum):
    """What a caller can insist on: the names in `audits.benchmark.gates.GATES`."""

    NO_FLIPS = "no-flips"
    SAME_BEST = "same-best"
    NO_PENDING = "no-pending"


class ItemSet(StrEnum):
    """Which items a score is over."""

    ALL = "all"
    COMMON = "common"
    RELABELLED = "relabelled"


class Version(StrEnum):
    """Which label version is set beside the original one."""

    CORRECTED = "corrected"
    FLAGGED_REMOVED = "flagged-removed"


@app.command()
def compare(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    consensus: Annotated[
        int | None,
        typer.Option(min=1, help="How many verdicts must agree; the YAML's 'agree' when left out."),
    ] = None,
    version: Annotated[
        Version, typer.Option(help="The label version to set beside the original one.")
    ] = Version.CORRECTED,
    metric: Annotated[
        list[str] | None, typer.Option(help="Metrics to print; repeatable. The first when left out.")
    ] = None,
    items: Annotated[
        list[ItemSet] | None,
        typer.Option(help="Item sets to print; repeatable. common and all when left out."),
    ] = None,
    gate: Annotated[
        list[Gate] | None,
        typer.Option(
            help="Exit with 3 unless it holds on the common items; repeatable. no-flips: no pair of models "
            "changes places; same-best: the best models stay the same; no-pending: nothing waits for verdicts."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set cleaned scores and ranks beside the original ones, under the verdicts of this moment."""
    from audits.benchmark.comparison import to_json
    from audits.benchmark.gates import hold
    from audits.cleaned import compare_cleaned, flag_raisers
    from audits.errors import UsageError
    from audits.review.consensus import Rule
    from audits.review.store import ReviewStore

    workspace = open_workspace(ctx)
    dataset = workspace.dataset(name)
    rule = Rule.from_config(dataset.config.review, consensus)
    metrics = dataset.config.metrics
    if unknown := [m for m in metric or [] if m not in metrics]:
        raise UsageError(
            f"metric {unknown[0]!r} is not computed for {name!r} (its YAML says {', '.join(metrics)})"
        )
    with ReviewStore(workspace.store_url) as store:
        compared = compare_cleaned(workspace.tables(name), store, rule, metrics, ("original", version.value))
    if as_json:
        print_json(to_json(compared))
    else:
        item_sets = [i.value for i in items or (ItemSet.COMMON, ItemSet.ALL)]
        print_comparison(compared, metric or [metrics[0]], item_sets, flag_raisers(workspace.tables(name)))
    hold(compared, [g.value for g in gate or []], metrics[0])


def print_comparison(
    compared: "Comparison", metrics: list[str], item_sets: list[str], raised_flags: list[str]
) -> None:
    """Print a comparison as tables, with deltas and the flips named."""
    from audits.benchmark.comparison import table_rows
    from audits.benchmark.versions import VERSIONS

    before, after = (compared.versions[v] for v in compared.pair)
    new = after.version
    reviewed = VERSIONS[new].reviewed
    left = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in after.left_out.items())
    rule = f", {after.pending} pending; consensus {compared.agree} of {compared.verdicts_per_item}"
    say(
        f"{compared.dataset}: {before.items} items under original labels, {after.items} under {new} labels",
        f"  {after.relabelled} relabelled, {sum(after.left_out.values())} left out"
        + (f" ({left})" if left else "")
        + (rule if reviewed else ""),
    )
    if not reviewed:
        say(f"  UNREVIEWED: nobody has looked at the items that {new} leaves out")
    why = "corrected labels are often its own guesses" if reviewed else "the items it doubts are left out"
    for model in raised_flags:
        say(f"  {model} raised the flags: {why}, which favours it")
    notes = {
        "common": "items in both versions: the numbers differ by labels alone",
        "all": "all items of each version: the numbers also differ by which items are in",
        "relabelled": "only the items whose label changed",
    }
    mark, colour = ("", CLEANED) if reviewed else (" (unreviewed)", UNREVIEWED)
    for metric in metrics:
        for item_set in item_sets:
            rows = table_rows(compared, item_set, metric)
            n, before_n = (rows[0].n, rows[0].original_n) if rows else (0, 0)
            sizes = f"n = {n}" if n == before_n else f"n = {before_n}, then {n}"
            print_table(
                f"\n{metric} on {item_set} items ({sizes}): {notes[item_set]}",
                ["model", "original", "rank", f"{new}{mark}", "rank ", "change"],
                [
                    [
                        r.model,
                        number(r.original),
                        str(r.original_rank or "-"),
                        number(r.corrected),
                        str(r.corrected_rank or "-"),
                        number(r.delta, sign=True),
                    ]
                    for r in rows
                ],
                text=["model"],
                styles=["", ORIGINAL, ORIGINAL, colour, colour],
            )
            for reason in dict.fromkeys(r.reason for r in rows if r.reason):
                say(f"  -: {reason}")
            turned = [
                f for f in compared.flips.to_pylist() if f["items"] == item_set and f["metric"] == metric
            ]
            for f in turned[:_FLIPS_SHOWN]:
                say(f"  flip: {f['now_ahead']} passes {f['was_ahead']}")
            if len(turned) > _FLIPS_SHOWN:
                say(f"  and {len(turned) - _FLIPS_SHOWN} more flips; --json lists them all")
            if not turned:
                say("  no pair of models changes places")
