import dagster as dg
import pytest

from assets.naming import graph_name, key


@pytest.mark.parametrize("name", ["zoo", "20news", "A_b"])
def test_a_dataset_is_called_what_it_is_called(name):
    assert graph_name(name) == name
    assert key(name, "scores") == dg.AssetKey([name, "scores"])


@pytest.mark.parametrize("name", ["my-data", "my.data", "m\u00fc \u2028", "a/b", "\udcff", ""])
def test_a_file_with_another_name_gets_one_that_dagster_takes(name):
    called = graph_name(name)
    assert called.isascii()
    assert called.replace("_", "a").isalnum()
    assert graph_name(name) == called
    assert dg.AssetSpec(key(name, "configuration"), group_name=called).group_name == called


def test_no_two_files_are_called_the_same():
    names = ["my-data", "my.data", "my data", "my_data"]
    assert len({graph_name(n) for n in names}) == len(names)
