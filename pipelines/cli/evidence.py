"""`evidence`."""

from typing import Annotated, Any

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, number, print_json, print_table, say


@app.command()
def evidence(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    upcoming: Annotated[
        int, typer.Option("--next", min=1, help="How many items of the queue the forecast is about.")
    ] = 100,
    as_json: JsonOption = False,
) -> None:
    """Show what the ranking rests on: signals that ran or are absent, what counts, what the next reviews will find."""
    from audits.evidence_view import evidence_view
    from audits.results import ResultStore
    from audits.review.consensus import Rule
    from audits.review.store import ReviewStore

    workspace = open_workspace(ctx)
    rule = Rule.from_config(workspace.dataset(name).config.review)
    tables = workspace.tables(name)
    with ReviewStore(workspace.store_url) as store:
        view = evidence_view(tables, ResultStore(tables.root / "results"), store, rule, upcoming=upcoming)
    if as_json:
        print_json(view)
        return
    _show(view)


def _show(view: dict[str, Any]) -> None:
    learned = view["verdicts_learned_from"]
    say(
        f"{view['dataset']}: learned from {learned} verdicts"
        if learned
        else f"{view['dataset']}: combined without verdicts"
    )
    print_table(
        "",
        ["source", "moves the log odds by"],
        [[c["source"], number(c["mean_log_odds"])] for c in view["what_counts"]],
        text=["source"],
    )
    print_table(
        "",
        ["signal", "on", "flags", "mean score", ""],
        [
            [
                s["signal"],
                s["model"] or ("" if s["absent"] else "all"),
                "-" if s["flagged"] is None else str(s["flagged"]),
                "-" if s["mean_score"] is None else number(s["mean_score"]),
                f"absent: {s['absent']}" if s["absent"] else "",
            ]
            for s in view["signals"]
        ],
        text=["signal", "on", ""],
    )
    say("", _forecast_words(view["forecast"]))


def _forecast_words(f: dict[str, Any]) -> str:
    so_far = f"{f['found_wrong']} of {f['reviewed']} decided items were wrong; " if f["reviewed"] else ""
    if f["expected"] is None:
        return f"{so_far}no forecast: {f['reason']}"
    words = (
        f"{so_far}the next {f['upcoming']} are expected to hold {f['expected']:.0f} wrong labels "
        f"({f['low']} to {f['high']}, {f['level']:.0%} interval)"
    )
    even = f["break_even"]["share"]
    return (
        words if even is None else f"{words}; below {even:.1%} wrong labels, review does harm (by gold items)"
    )
