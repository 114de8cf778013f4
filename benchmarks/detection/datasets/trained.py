"""Small real datasets of scikit-learn's, on whose noisy labels models are trained by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

from audits.outputs import ModelOutputs
from audits.signals.inputs import Features, Inputs
from benchmarks.detection.datasets.planted import Clean

FOLDS = 5


@cache
def clean(name: str) -> Clean:
    """Digits (1,797 items, 10 classes) or breast_cancer (569 items, 2 classes).

    A naive Bayes model, which is not audited, judges for the instance-dependent errors: trained on right labels, out
    of fold.
    """
    from sklearn import datasets
    from sklearn.naive_bayes import GaussianNB

    features, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
    labels = labels.astype(np.int32)
    k = int(labels.max()) + 1
    judge = _out_of_fold("judge", GaussianNB(var_smoothing=1e-2), features, labels, k)
    vectors = Features("measured", "numeric", vectors=features.astype(np.float32))
    ids = pa.array([str(i) for i in range(len(labels))])
    inputs = Inputs(ids, labels, k, features={"measured": vectors})
    return Clean(name, inputs, (judge,), partial(train, features))


def train(features: np.ndarray, labels: np.ndarray) -> Mapping[str, ModelOutputs]:
    """Out-of-fold probabilities of five models of different kinds, each trained on the labels at hand."""
    k = int(labels.max()) + 1
    return {name: _out_of_fold(name, model, features, labels, k) for name, model in _models().items()}


def _models() -> dict[str, Any]:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "logistic_regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)),
        "linear_discriminant": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(15)),
        "forest": RandomForestClassifier(100, random_state=0),
        "perceptron": make_pipeline(
            StandardScaler(), MLPClassifier((32,), alpha=1.0, max_iter=30, random_state=0)
        ),
    }


def _out_of_fold(name: str, model: Any, features: np.ndarray, labels: np.ndarray, k: int) -> ModelOutputs:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    # matrices as small as these are multiplied forty times slower by two threads that share their cores with others
    with warnings.catch_warnings(), threadpool_limits(1):
        # thirty rounds are meant as they are: training longer fits the noise
        warnings.simplefilter("ignore", ConvergenceWarning)
        probs = cross_val_predict(model, features, labels, cv=folds, method="predict_proba")
    return ModelOutputs(name, "dense", k, pred_probs=np.clip(probs, 0.0, 1.0))
