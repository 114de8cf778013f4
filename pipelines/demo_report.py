"""What the demo prints."""

from pipelines.cli.output import CLEANED, ORIGINAL, number, print_table, say
from pipelines.demo import FOLDS, DemoResult


def print_demo(result: DemoResult) -> None:
    """Print the demo's outcome: flags, then scores and ranks beside the truth."""
    from audits.benchmark.comparison import table_rows

    say(
        "Data: the 1,797 handwritten digits that scikit-learn ships. "
        f"{result.flipped} labels ({result.flipped / result.items:.1%}) were FLIPPED ON PURPOSE, with a fixed seed,",
        f"so the truth is known. 4 classifiers were trained here on the flipped labels ({FOLDS}-fold, out of fold).",
        "Review: a SIMULATED reviewer, who knows the truth, answered the queue but for some items left to you; no "
        "person did.",
        "",
        f"Flagged: {result.flagged} of {result.items} items; {result.flagged_flipped} of them were truly flipped "
        f"({result.flagged_flipped / max(result.flagged, 1):.1%} precision, "
        f"{result.flagged_flipped / max(result.flipped, 1):.1%} recall).",
        f"Control sample: {result.control} unflagged items; {result.control_flipped} of them were truly flipped.",
        f"Verdicts: {result.verdicts}.",
    )
    rows = table_rows(result.comparison, "all", "accuracy")
    true_rank = {
        m: 1 + sum(o > a for o in result.true_accuracy.values()) for m, a in result.true_accuracy.items()
    }
    print_table(
        "\nAccuracy of each model: under the original (flipped) labels, under the corrected ones, and in truth",
        ["model", "original", "rank", "corrected", "rank ", "true", "rank  ", "error before", "error after"],
        [
            [
                r.model,
                number(r.original),
                str(r.original_rank),
                number(r.corrected),
                str(r.corrected_rank),
                number(result.true_accuracy[r.model]),
                str(true_rank[r.model]),
                number((r.original or 0.0) - result.true_accuracy[r.model], sign=True),
                number((r.corrected or 0.0) - result.true_accuracy[r.model], sign=True),
            ]
            for r in rows
        ],
        text=["model"],
        styles=["", ORIGINAL, ORIGINAL, CLEANED, CLEANED],
    )
    flips = [
        f for f in result.comparison.flips.to_pylist() if f["items"] == "all" and f["metric"] == "accuracy"
    ]
    say("", *(f"flip: {f['now_ahead']} passes {f['was_ahead']}" for f in flips))
    if not flips:
        say("No pair of models changes places.")
    nearer = sum(
        abs((r.corrected or 0.0) - result.true_accuracy[r.model])
        < abs((r.original or 0.0) - result.true_accuracy[r.model])
        for r in rows
    )
    say(
        f"Corrected scores are nearer to the truth for {nearer} of {len(rows)} models.",
        "",
        f"Tables, review store and runs: {result.workspace}",
        f"Look further: labelaudit --workspace {result.workspace} findings digits",
        f"Review the {result.waiting} items that are left: labelaudit -w {result.workspace} review digits",
    )
