"""Words that have broken programs: each may stand where a value was."""

from __future__ import annotations

#: Numbers that are none, too large, or written in another way.
NUMBERS = [
    "NaN", "nan", "-nan", "inf", "-Infinity", "1e999", "-1e-999", "-0", "-0.0", "0", "1", "-1", "01", "1.0",
    "1e0", "+1", "0x1F", "0b1", "1_000", "1,5", "½", "٣", "2147483648", "-9223372036854775809",
    "18446744073709551616", "9" * 400, "0." + "3" * 400, "1.0000001", "1e-400",
]  # fmt: skip

#: Nothing, in the ways in which files write it.
BLANKS = ["", " ", "\t", "null", "None", "NULL", "~", "NA", "n/a", '""', "''", "\u00a0", "\u200b"]

#: Text that a reader, a terminal, a spreadsheet, a shell or a database may take for something else.
TEXTS = [
    "\ufeff", "\u202e", "\u2028", "\x85", "\x0b", "\x1b[31m", "\x07", "\x00", "\\ud800", "\\u0000", "\U0001f600",
    "e\u0301", "é", "ß", "İ", "\uffff", "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "'", '"', '"""', "\\",
    "'; DROP TABLE verdict; --", "<script>alert(1)</script>", "%s%s%n", "%20", "{0}", "{}", "${HOME}", "$(id)",
    "`id`", "[red]x[/red]", "a" * 70_000, "\n", "\r", "\r\n", ",", ";", "|", "true", "yes", "off",
]  # fmt: skip

#: Paths that lead elsewhere.
PATHS = [
    "../../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin", "/dev/null", "/proc/self/mem", "~", "~nobody/x",
    ".", "..", "/", "", "a" * 300, "x/" * 3000, "nul\x00l", "digits.yaml", "digits", "zoo/items.csv", "file:///etc/passwd",
    "https://example.org/x.parquet", "x.npy", "x.PARQUET", "x.csv.gz",
]  # fmt: skip

#: Lines that mean more in YAML than they seem to.
YAML_LINES = [
    "a: &a [*a]", "<<: *x", "x: *nobody", "x: !!python/object/apply:os.system ['true']", "x: !!int x",
    "x: !!binary '='", "x: !!timestamp 2020-13-45", "x: !!set {a, b}", "? [a, b]\n: c", "---", "...", "%YAML 9.9",
    "\tx: 1", "x: |\n y", "x: 'open", "x: [[[[", "x: " + "[" * 3000, "- x", "{", "name: other", "items: {}",
    "classes: []", "models: 3", "review: {agree: 3, verdicts_per_item: 1}", "schedule: '* * * * * * *'",
    "classes: &c [*c, *c]", "x: 2020-02-30", "? ", "x: 1\nx: 1", "metrics: [accuracy, accuracy]",
    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
    "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]",
]  # fmt: skip

#: All that may stand in a cell.
CELLS = [*NUMBERS, *BLANKS, *TEXTS]

#: What may stand where a file in JSON or YAML has a value.
VALUES: list[object] = [
    *CELLS, *PATHS, None, True, False, 0, -1, 1, 1.0, 0.5, 1e308, float("nan"), float("inf"), 2**63, -(2**70), [], {},
    [[]], [None], [1, "1"], {"": None}, {"a": {"b": []}}, [[[[[[[[]]]]]]]], "auto", "dense", "labels", "items_order",
]  # fmt: skip
