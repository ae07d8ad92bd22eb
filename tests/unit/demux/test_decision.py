import numpy as np
import pytest

from sscite.demux import decision

SINGLE = np.array([[0.9, 0.05], [0.52, 0.0], [0.3, 0.1], [0.1, 0.1], [0.4, 0.3]])
STATES = np.array([[0.0, 0.95, 0.05], [0.0, 0.52, 0.48], [0.1, 0.4, 0.5], [0.6, 0.2, 0.2], [0.0, 0.7, 0.3]])


def test_the_most_probable_of_the_tags_doublet_and_negative_is_called():
    assert decision.decide(SINGLE, STATES).tolist() == [0, 0, -2, -1, 0]


def test_a_low_doublet_weight_keeps_singlets():
    assert decision.decide(SINGLE, STATES, doublet_weight=0.1)[2] == 0


def test_a_high_doublet_weight_calls_doublets():
    assert decision.decide(SINGLE, STATES, doublet_weight=10)[1] == -2


def test_codes_have_names():
    assert decision.names_of(np.array([1, -1, -2]), ["A", "B"]).tolist() == ["B", "Negative", "Doublet"]


def test_confidence_is_the_posterior_of_what_was_called():
    assert decision.confidence(np.array([0, 1, -2, -1]), SINGLE[:4], STATES[:4]) == pytest.approx([0.9, 0.0, 0.5, 0.6])
