"""What the page says of a draft beside a reference."""

import pytest

from drumscribe.evaluate.annotations import Event
from drumscribe.studio.comparing import compare


def strokes(*names: str) -> list[Event]:
    """All at one time."""
    return [Event(0.5, name) for name in names]


@pytest.mark.parametrize(
    "estimate, edits",
    [
        (strokes("kick", "snare", "hihat_closed", "crash"), 0.0),
        (strokes("tom_low"), 100.0),
        (strokes("tom_low", "tom_high"), 100.0),
        ([], 100.0),
        (strokes("kick", "snare", "hihat_closed", "crash", "tom_low"), 25.0),
    ],
)
def test_a_false_hit_can_stand_for_one_missed_drum_only(estimate, edits):
    reference = strokes("kick", "snare", "hihat_closed", "crash")
    assert compare(estimate, reference, 0.05)["edits"] == pytest.approx(edits)


def test_without_notes_in_the_reference_no_number_of_edits_is_given():
    assert compare(strokes("kick"), [], 0.05)["edits"] is None
