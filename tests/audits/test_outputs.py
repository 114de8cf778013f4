import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audits import outputs as module
from audits.errors import AuditError
from audits.outputs import ModelOutputs, agreeing_length, load_outputs, row_blocks, save_outputs

# few distinct values, so that ties are common
matrices = hnp.arrays(
    np.float64,
    st.tuples(st.integers(0, 7), st.integers(5, 8)),
    elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)


def dense(probs, model="m"):
    return ModelOutputs(model, "dense", probs.shape[1], pred_probs=probs)


TOP = ModelOutputs(
    "t", "top_k", 6,
    top_k_labels=np.array([[3, 1, 0, 5, 2], [0, 1, 2, 3, 4]], np.int32),
    top_k_probs=np.array([[0.1, 0.5, 0.2, 0.05, 0.05], [0.3, 0.3, 0.2, 0.1, 0.0]]),
)  # fmt: skip
WORDS = ModelOutputs("w", "labels", 6, labels=np.array([2, -1], np.int32))


@given(probs=matrices, rows_a_block=st.integers(1, 3))
def test_blocks_change_nothing_and_ties_go_to_the_first_column(probs, rows_a_block):
    whole = dense(probs)
    before = module._BLOCK_BYTES
    module._BLOCK_BYTES = rows_a_block * probs.shape[1] * 8
    try:
        assert sum(len(b) for b in row_blocks(probs)) == len(probs)
        predicted, confidence, top5 = whole.predicted(), whole.confidence(), whole.top5()
    finally:
        module._BLOCK_BYTES = before
    assert (predicted == (probs.argmax(axis=1) if len(probs) else [])).all()
    assert (confidence == probs.max(axis=1, initial=-1)).all()
    by_sorting = np.argsort(-probs, axis=1, kind="stable")[:, :5]
    assert (np.sort(top5, axis=1) == np.sort(by_sorting, axis=1)).all()
    assert all(p in t for p, t in zip(predicted, top5, strict=True))
    assert (predicted.dtype, top5.dtype, confidence.dtype) == (np.int32, np.int32, np.float64)


@given(matrices)
def test_top_k_of_all_classes_in_any_order_says_what_dense_says(probs):
    # distinct values: with ties the order of the file decides, which is another rule
    probs = probs + np.arange(probs.shape[1]) / 64
    shuffle = np.random.default_rng(0).permutation(probs.shape[1])
    labels = np.tile(shuffle, (len(probs), 1)).astype(np.int32)
    k = probs.shape[1]
    top = ModelOutputs("t", "top_k", k, top_k_labels=labels, top_k_probs=probs[:, shuffle])
    full = dense(probs)
    assert (top.predicted() == full.predicted()).all()
    assert (top.confidence() == full.confidence()).all()
    assert (np.sort(top.top5(), axis=1) == np.sort(full.top5(), axis=1)).all()
    given_labels = np.arange(len(probs), dtype=np.int32) % k
    assert np.allclose(top.probability_of(given_labels), full.probability_of(given_labels))


def test_top_k_that_are_not_sorted_by_hand():
    assert TOP.predicted().tolist() == [1, 0]
    assert TOP.confidence().tolist() == [0.5, 0.3]
    assert [set(r) for r in TOP.top5().tolist()] == [{0, 1, 2, 3, 5}, {0, 1, 2, 3, 4}]
    # class 4 is outside the first row's top five: 0.1 is left over, but never more than the least of them
    assert TOP.probability_of(np.array([4, 5], np.int32)).tolist() == [0.05, 0.0]
    assert TOP.probability_of(np.array([1, 0], np.int32)).tolist() == [0.5, 0.3]
    assert TOP.probability_of(np.array([-1, -1], np.int32)).tolist() == [0.0, 0.0]


def test_what_a_kind_does_not_know_is_none():
    assert WORDS.predicted().tolist() == [2, -1]
    assert WORDS.confidence() is WORDS.top5() is WORDS.probability_of(np.zeros(2, np.int32)) is None
    assert dense(np.full((2, 4), 0.25)).top5() is None
    three = ModelOutputs(
        "t", "top_k", 9, top_k_labels=TOP.top_k_labels[:, :3], top_k_probs=TOP.top_k_probs[:, :3]
    )
    assert three.top5() is None
    assert dense(np.eye(2, 3)).probability_of(np.array([0, -1], np.int32)).tolist() == [1.0, 0.0]


def test_a_model_without_outputs_says_so():
    empty = ModelOutputs("m", "labels", 3)
    for call in (lambda: len(empty), empty.predicted):
        with pytest.raises(AuditError, match="model 'm' has no outputs"):
            call()


@pytest.mark.parametrize("outputs", [dense(np.eye(2, 6)), TOP, WORDS], ids=lambda o: o.kind)
def test_taking_rows_takes_them_in_every_array_and_no_answer_of_before(outputs):
    outputs.predicted(), outputs.confidence(), outputs.top5()  # worked out, and not to be passed on
    for rows in (np.array([1, 0, 1]), np.array([False, True])):
        taken = outputs.take(rows)
        assert (taken.model, taken.kind, taken.n_classes) == (outputs.model, outputs.kind, 6)
        assert (taken.predicted() == outputs.predicted()[rows]).all()
        if outputs.kind != "labels":
            assert (taken.confidence() == outputs.confidence()[rows]).all()
            assert (taken.top5() == outputs.top5()[rows]).all()
    assert len(outputs.take(np.zeros(0, np.intp))) == 0


def test_taking_copies_so_that_a_change_does_not_reach_back():
    outputs = dense(np.eye(2, 6))
    outputs.take(np.array([0, 1])).pred_probs[:] = 9
    assert outputs.pred_probs.max() == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back_exactly_as_read_only_maps_row_after_row(tmp_path, dtype, order):
    probs = np.array(np.random.default_rng(0).dirichlet(np.ones(4), 9), dtype=dtype, order=order)
    save_outputs(dense(probs, "ü / model"), tmp_path)
    back = load_outputs(tmp_path)
    assert (back.model, back.kind, back.n_classes) == ("ü / model", "dense", 4)
    assert (back.pred_probs == probs).all()
    assert back.pred_probs.dtype == dtype
    assert isinstance(back.pred_probs, np.memmap)
    assert back.pred_probs.flags.c_contiguous
    assert not back.pred_probs.flags.writeable


@pytest.mark.parametrize(
    "outputs", [TOP, WORDS, TOP.take(np.zeros(0, np.intp))], ids=["top_k", "labels", "no rows"]
)
def test_other_kinds_come_back_too(tmp_path, outputs):
    save_outputs(outputs, tmp_path)
    back = load_outputs(tmp_path)
    for name in ("pred_probs", "top_k_labels", "top_k_probs", "labels"):
        saved, loaded = getattr(outputs, name), getattr(back, name)
        assert (saved is None) == (loaded is None)
        assert saved is None or (saved == loaded).all()
    assert len(back) == len(outputs)


def test_models_of_other_lengths_do_not_belong_together():
    agreeing_length({"t": TOP, "w": WORDS}, 2)
    agreeing_length({}, 5)
    with pytest.raises(AuditError, match="model 'w' has outputs for 2 items, the dataset has 3"):
        agreeing_length({"w": WORDS}, 3)
