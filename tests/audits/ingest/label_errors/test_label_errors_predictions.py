import numpy as np
import pytest

from audits.errors import InputError, UsageError
from audits.ingest.label_errors.predictions import find_predictions, guess_family
from audits.ingest.label_errors.sets import SETS

CIFAR10 = SETS["cifar10"]


def test_names_lose_the_set_and_a_shared_platform(models):
    found = find_predictions(models, CIFAR10, 8)
    assert [(p.model, p.family) for p in found] == [("mobilenetV2", "mobilenet"), ("vgg13_bn", "vgg")]
    for p in found:
        assert p.preds.name.startswith(p.model)
        assert p.highest == np.load(p.preds).max()


def test_a_platform_that_is_not_shared_stays(models):
    for path in models.glob("mobilenetV2*"):
        path.rename(models / path.name.replace("pytorch", "keras"))
    assert [p.model for p in find_predictions(models, CIFAR10, 8)] == [
        "mobilenetV2_keras",
        "vgg13_bn_pytorch",
    ]


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("densenet121", "densenet"),
        ("inception_v3", "inception"),
        ("inceptionv3", "inception"),
        ("alexnet", "alexnet"),
        ("squeezenet1_0", "squeezenet"),
        ("5net", None),
    ],
)
def test_family_is_guessed_from_the_letters_in_front(model, family):
    assert guess_family(model) == family


@pytest.mark.parametrize("missing", ["preds", "probs"])
def test_orphans_are_refused(missing, models):
    (models / f"vgg13_bn_pytorch_cifar10_top5{missing}.npy").unlink()
    with pytest.raises(InputError, match=r"1 files have no partner .vgg13_bn_pytorch_cifar10_top5"):
        find_predictions(models, CIFAR10, 8)


def test_all_broken_pairs_are_named(models):
    np.save(models / "vgg13_bn_pytorch_cifar10_top5preds.npy", np.zeros((8, 5)))
    np.save(models / "mobilenetV2_pytorch_cifar10_top5probs.npy", np.zeros((8, 4)))
    with pytest.raises(InputError) as error:
        find_predictions(models, CIFAR10, 8)
    message = str(error.value)
    assert "mobilenetV2_pytorch_cifar10_top5probs.npy: expected shape (8, 5), got (8, 4)" in message
    assert "vgg13_bn_pytorch_cifar10_top5preds.npy: expected class ids, got float64" in message


def test_rows_probabilities_and_classes_are_checked(models):
    with pytest.raises(InputError, match=r"expected shape \(9, 5\), got \(8, 5\)"):
        find_predictions(models, CIFAR10, 9)
    preds = models / "vgg13_bn_pytorch_cifar10_top5preds.npy"
    np.save(preds, np.load(preds) - 20)
    with pytest.raises(InputError, match="class ids go down to -20"):
        find_predictions(models, CIFAR10, 8)
    np.save(models / "mobilenetV2_pytorch_cifar10_top5probs.npy", np.ones((8, 5), dtype=int))
    with pytest.raises(InputError, match="expected probabilities, got int64"):
        find_predictions(models, CIFAR10, 8)


def test_predictions_for_another_set_are_refused(models):
    with pytest.raises(InputError, match="2 models are for another set than cifar100"):
        find_predictions(models, SETS["cifar100"], 8)


def test_names_must_tell_models_apart(models):
    for part in ("preds", "probs"):
        source = models / f"vgg13_bn_pytorch_cifar10_top5{part}.npy"
        (models / f"vgg13_bn_pytorch_top5{part}.npy").write_bytes(source.read_bytes())
    with pytest.raises(InputError, match=r"1 model names are empty, repeated or taken .'vgg13_bn'"):
        find_predictions(models, CIFAR10, 8)


def test_folders_without_predictions(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        find_predictions(tmp_path / "nowhere", CIFAR10, 8)
    with pytest.raises(InputError, match="holds no predictions"):
        find_predictions(tmp_path, CIFAR10, 8)
