"""A metric may be a Python callable: it gives the decisions of the built-in one, and its errors are raised."""
import threading

import numpy
import pytest

import demote

TARGET = "16bit-0.02"


def test_callables(network, calib, samples):
    want = demote.search(network, calib, samples, TARGET)
    scale = 2  # of a closure

    def accuracy(outputs, labels):
        return (scale * outputs).argmax(1) == labels

    class Right:
        def __call__(self, outputs, labels, indices):
            assert (samples[1][indices] == labels).all()
            return accuracy(outputs, labels)

    for metric, name in [
        (lambda outputs, labels: accuracy(outputs, labels).mean(), "python"),
        (demote.hits(accuracy), "python-accuracy"),
        (demote.hits(Right()), "python-right"),
        (demote.per_sample(accuracy, 0, 1), "python-accuracy"),
    ]:
        got = demote.search(network, calib, samples, TARGET, metric=metric)
        assert got.promotion == want.promotion and got.scores == want.scores
        assert got.json["config"]["metric_name"] == name
        assert demote.verify(got, metric=metric)["value"] == want.score
    assert demote.evaluate(network, samples, metric=lambda o, y: float((o.argmax(1) == y).mean())) == want.scores["float"]


def test_errors_of_callables(network, calib, samples):
    def broken(outputs, labels):
        raise ZeroDivisionError("of the metric")

    with pytest.raises(ZeroDivisionError, match="of the metric") as raised:
        demote.search(network, calib, samples, TARGET, metric=broken)
    assert raised.traceback[-1].name == "broken"
    with pytest.raises(ValueError, match="it returns None"):
        demote.search(network, calib, samples, TARGET, metric=lambda o, y: None)
    def unsure(outputs, labels):
        return float("nan")

    with pytest.raises(demote.Mistake, match="^the metric unsure answers NaN: return a finite number"):
        demote.search(network, calib, samples, TARGET, metric=unsure)
    with pytest.raises(demote.Mistake, match="^the metric <lambda> answers NaN for sample"):
        demote.evaluate(network, samples, metric=demote.hits(lambda o, y: [float("nan")] * len(o)))
    with pytest.raises(demote.Mistake, match="target"):  # no fault of the metric
        demote.search(network, calib, samples, "much", metric=demote.hits(lambda o, y: o.argmax(1) == y))


def test_nothing_stays_of_a_metric(network, samples):
    before = threading.active_count()
    for _ in range(3):
        demote.evaluate(network, samples, metric=lambda outputs, labels: 0.5)
    assert threading.active_count() == before


def test_several_searches_at_once(network, calib, samples):
    """Each search has a metric of its own."""
    found = {}

    def one(wanted):
        metric = demote.hits(lambda outputs, labels: numpy.full(len(labels), bool(wanted)))
        found[wanted] = demote.evaluate(network, samples, metric=metric)

    threads = [threading.Thread(target=one, args=(wanted,)) for wanted in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {0: 0, 1: 1}
