import pytest

from audits.errors import FileError
from audits.ingest.tables import read_table


@pytest.fixture
def read(tmp_path):
    def of(text):
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode())
        return read_table(path, [], as_text="all")

    return of


def test_all_rows_of_another_length_are_counted_and_the_first_named(read):
    with pytest.raises(FileError) as e:
        read("a,b\n1,2\n" + "3\n4,5,6\n" * 4 + '"x\ny",7\n')
    assert str(e.value).endswith(
        "8 rows have another number of cells than the header, which has 2 "
        "(row 3: 1, row 4: 3, row 5: 1, row 6: 3, row 7: 1 and 3 more)"
    )


@pytest.mark.parametrize("text", ['a,b\n1,"2\n3,4\n', 'a,b\n1,"2\n'])
def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(read, text):
    with pytest.raises(FileError, match="a quote is opened and never closed"):
        read(text)


@pytest.mark.parametrize(
    ("cell", "value"),
    [('5" disk', '5" disk'), ('"two\nlines"', "two\nlines"), ('"say ""no"""', 'say "no"'), ("", None)],
)
def test_quotes_and_line_breaks_that_are_meant_come_out(read, cell, value):
    assert read(f"a,b\n1,2\n3,{cell}\n").to_pylist()[-1] == {"a": "3", "b": value}


def test_an_inch_mark_beside_a_last_row_of_two_lines_is_no_open_quote(read):
    table = read('id,label,text\n1,a,5" pipe\n2,b,"multi\nline"\n')
    assert table.to_pylist() == [
        {"id": "1", "label": "a", "text": '5" pipe'},
        {"id": "2", "label": "b", "text": "multi\nline"},
    ]
