"""`compare`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.options import ConsensusOption, PolicyOption, rule_of
from pipelines.cli.output import JsonOption, print_json, say


class Gate(StrEnum):
    """What a caller can insist on: the names in `audits.benchmark.gates.GATES`."""

    NO_FLIPS = "no-flips"
    NO_SURE_FLIPS = "no-sure-flips"
    SAME_BEST = "same-best"
    NO_PENDING = "no-pending"


class ItemSet(StrEnum):
    """Which items a score is over."""

    ALL = "all"
    COMMON = "common"
    RELABELLED = "relabelled"


@app.command()
def compare(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    consensus: ConsensusOption = None,
    policy: PolicyOption = None,
    version: Annotated[
        str,
        typer.Option(
            help="The label version to set beside the original one: corrected, flagged-removed, or the name of "
            "reference labels in the YAML."
        ),
    ] = "corrected",
    metric: Annotated[
        list[str] | None, typer.Option(help="Metrics to print; repeatable. The first when left out.")
    ] = None,
    items: Annotated[
        list[ItemSet] | None,
        typer.Option(help="Item sets to print; repeatable. common and all when left out."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Also print the scores by slice: a group column of the YAML, class (recall), or difficulty.",
        ),
    ] = None,
    charts: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also draw the comparison: .svg and .png files into this folder."),
    ] = None,
    gate: Annotated[
        list[Gate] | None,
        typer.Option(
            help="Exit with 3 unless it holds on the common items; repeatable. no-flips: no pair of models "
            "changes places; no-sure-flips: none does so surely; same-best: the best models stay "
            "the same; no-pending: nothing waits for verdicts."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set cleaned scores and ranks beside the original ones, under the verdicts of this moment, and say how sure
    that is.
    """
    from audits.benchmark.comparison import to_json
    from audits.benchmark.gates import hold
    from audits.cleaned import Asked, class_distance_of, compare_cleaned, contest
    from audits.errors import UsageError
    from audits.frozen_scores import frozen_members, frozen_scores
    from audits.review.store import ReviewStore
    from pipelines.cli.comparison import print_comparison, print_frozen, print_slices

    workspace = open_workspace(ctx)
    dataset = workspace.dataset(name)
    rule = rule_of(dataset.config.review, consensus, policy)
    metrics = dataset.config.metrics
    if unknown := [m for m in metric or [] if m not in metrics]:
        raise UsageError(
            f"metric {unknown[0]!r} is not computed for {name!r} (its YAML says {', '.join(metrics)})"
        )
    shown = list(dict.fromkeys(metric or metrics[:1]))
    item_sets = [i.value for i in items or (ItemSet.COMMON, ItemSet.ALL)]
    tables = workspace.tables(name)
    with ReviewStore(workspace.store_url) as store:
        opened = contest(tables, store, rule, ("original", version))
        asked = Asked(
            # the tables show some metrics, the document has all; gates look at the first
            metrics if as_json else tuple(m for m in metrics if m in shown or m == metrics[0]),
            opened.pair,
            tuple(
                (s, m)
                for m in dict.fromkeys([*shown, metrics[0]])
                for s in dict.fromkeys(["common", "all", *item_sets])
            ),
            dataset.config.uncertainty,
            class_distance_of(dataset, opened.cleaned.items.classes),
            by,
        )
        compared = compare_cleaned(tables, store, rule, asked, opened)
        frozen = frozen_scores(opened, frozen_members(store, name)).to_pylist()
    drawn = []
    if charts is not None:
        from audits.report.comparison_charts import charts_of, save_charts

        drawn = save_charts(charts_of(compared, shown[0], opened.models, opened.truths()), charts)
    if as_json:
        print_json({**to_json(compared), "frozen": frozen})
    else:
        print_comparison(compared, shown, item_sets)
        if by is not None:
            print_slices(compared, shown[0])
        print_frozen(frozen, compared.pair)
        if drawn:
            say("", *(f"chart: {path}" for path in drawn))
    hold(compared, [g.value for g in gate or []], metrics[0])
