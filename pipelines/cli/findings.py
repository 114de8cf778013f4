"""`findings` and `show`."""

from typing import Annotated, Any

import typer

from pipelines.cli.app import app, open_workspace
from pipelines.cli.output import JsonOption, number, print_json, print_table, say

_SHOWN = 20


@app.command()
def findings(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    flagged: Annotated[bool, typer.Option("--flagged", help="Only items that an audit flags.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many rows; the table shows {_SHOWN} when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List items by how likely their label is wrong, likeliest first, with the reason in words."""
    from audits.item_view import finding_rows

    workspace = open_workspace(ctx)
    workspace.dataset_path(name)
    tables = workspace.tables(name)
    if as_json:
        print_json(finding_rows(tables, flagged_only=flagged, limit=limit))
        return
    rows = finding_rows(tables, flagged_only=flagged)
    shown = rows[: limit or _SHOWN]
    raised = sum(r["flagged"] for r in rows)
    title = f"{name}: {raised} of {len(rows)} items flagged; the {len(shown)} likeliest errors"
    if flagged:
        title = f"{name}: the {len(shown)} likeliest of {len(rows)} flagged items"
    print_table(
        title,
        ["rank", "item", "given", "suggested", "score", "flag", "why"],
        [
            [
                str(r["rank"]),
                r["item_id"],
                r["given_name"],
                r["suggested_name"] or "-",
                number(r["score"]),
                "yes" if r["flagged"] else "",
                "; ".join(r["reasons"]),
            ]
            for r in shown
        ],
        text=["item", "given", "suggested", "flag", "why"],
    )
    say("", "score: 0 worst, 1 best")


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Dataset.")],
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Item id.")],
    as_json: JsonOption = False,
) -> None:
    """Show all that is known of one item."""
    from audits.item_view import item_view
    from audits.review.consensus import Rule
    from audits.review.store import ReviewStore

    workspace = open_workspace(ctx)
    rule = Rule.from_config(workspace.dataset(name).config.review)
    with ReviewStore(workspace.store_url) as store:
        view = item_view(workspace.tables(name), store, rule, item)
    if as_json:
        import json

        # content may hold dates and bytes, which JSON has no form for
        print_json(json.loads(json.dumps(view, default=str)))
        return
    _show(view)


def _show(view: dict[str, Any]) -> None:
    finding = view["finding"]
    say(f"{view['dataset']} {view['item_id']}")
    for column, value in view["content"].items():
        text = str(value).replace("\n", "\n    ")  # a line of the content is no line of ours
        say(f"  {column}: {text if len(text) <= 500 else text[:497] + '...'}")
    say(
        f"given label: {view['given_name']}",
        f"finding: rank {finding['rank']}, score {number(finding['score'])} (0 worst, 1 best), "
        f"{'flagged' if finding['flagged'] else 'not flagged'}, suggested: {finding['suggested_name'] or 'none'}",
    )
    if finding["probability"] is not None:
        say(
            f"  wrong with probability {finding['probability']:.2f}, learned from verdicts "
            f"({finding['held_out']:.2f} without the item's own)"
        )
    for reason in finding["reasons"]:
        say(f"  {reason}")
    for d in view["duplicates"]:
        split = f" ({d['split']})" if d["split"] else ""
        alike = "same as" if d["exact"] else "like"
        say(f"  {alike} {d['item_id']}{split} by {d['features']}: labelled {d['label_name']}")
    if view["task"]:
        task = view["task"]
        say(f"queued as {task['stratum']} on {task['queued_at'][:10]}, {task['verdicts']} verdicts so far")
    else:
        say("not queued for review")
    if view["consensus"]:
        c = view["consensus"]
        outcome = c["outcome"].replace("_", " ") + (
            f" to {c['label_name']}" if c["outcome"] == "relabelled" else ""
        )
        so_far = (
            f"{c['votes']} verdicts so far"
            if c["outcome"] == "pending"
            else f"{c['agreeing']} of {c['votes']} agree"
        )
        say(f"consensus ({c['rule']}): {outcome}, {so_far}")
    print_table(
        "",
        ["model", "predicts", "p(predicted)", "p(given)", ""],
        [
            [
                m["model"],
                m["predicted_name"] or "no answer",
                number(m["p_predicted"]),
                number(m["p_given"]),
                "agrees" if m["agrees"] else "disagrees",
            ]
            for m in view["models"]
        ],
        text=["model", "predicts", ""],
    )
    if view["verdicts"]:
        print_table(
            "",
            ["verdict", "reviewer", "decision", "labels", "when", "note"],
            [
                [
                    str(v["id"]),
                    v["reviewer"] or "unknown",
                    v["decision"],
                    ", ".join(v["label_names"]),
                    v["decided_at"][:19],
                    "; ".join(
                        [
                            *(["withdrawn"] if v["withdrawn"] else []),
                            *([v["role"]] if v["role"] != "reviewer" else []),
                            *(told for told in (v["category"], v["severity"]) if told),
                            *([] if v["answers_current_question"] else ["answers an older question"]),
                            *([v["comment"]] if v["comment"] else []),
                        ]
                    ),
                ]
                for v in view["verdicts"]
            ],
            text=["reviewer", "decision", "labels", "when", "note"],
        )
    print_table(
        "",
        ["label version", "label", "state", "reason"],
        [
            [v["version"], v["label_name"] or "-", v["state"], v["reason"] or ""]
            for v in view["label_versions"]
        ],
        text=["label version", "label", "state", "reason"],
    )
