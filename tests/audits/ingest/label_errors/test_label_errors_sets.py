import pytest

from audits.errors import UsageError
from audits.ingest.label_errors import SETS, find_set
from audits.ingest.label_errors.sets import NO_CLASS, imagenet_id, imdb_id


def test_an_unknown_set_is_named_with_its_nearest():
    with pytest.raises(UsageError, match="nearest name is 'cifar100'"):
        find_set("CIFAR-100")


def test_audioset_is_refused_as_multi_label():
    with pytest.raises(UsageError, match="multi-label"):
        find_set("audioset")


@pytest.mark.parametrize("known", SETS.values(), ids=lambda s: s.name)
def test_descriptions_are_consistent(known):
    assert list(known.n_classes) == sorted(known.n_classes)
    assert len(known.class_names) in (0, known.n_classes[0])
    assert len(set(known.class_names)) == len(known.class_names)
    assert NO_CLASS in known.votes.values()
    assert known.index or known.id_of_file is None
    assert not known.named_labels or known.class_names


def test_file_names_that_follow_no_rule_give_no_id():
    assert imagenet_id("val/n01440764/293.JPEG") is None
    assert imagenet_id("ILSVRC2012_val_00000293.JPEG") == "293"
    assert imdb_id("neg/10003_3") is None
    assert imdb_id("unsup/1_0.txt") is None
