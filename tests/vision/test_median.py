"""The median by counting says what numpy's says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from agent.vision.median import median, quantile

SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=40)


@pytest.mark.parametrize("kind", [np.uint8, np.int16])
@given(data=st.data())
def test_it_is_numpys_median_for_every_kind_and_size(kind: type[np.integer], data: st.DataObject) -> None:
    elements = st.integers(0, 255) if kind is np.uint8 else st.integers(-512, 512)
    values: NDArray[np.integer] = data.draw(arrays.arrays(kind, SHAPES, elements=elements))
    assert median(values) == float(np.median(values.astype(np.float64)))


def test_a_picture_that_is_a_view_with_gaps_is_read_as_it_is_shown() -> None:
    picture = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert median(picture[::2, ::3]) == float(np.median(picture[::2, ::3]))


@given(values=arrays.arrays(np.int16, SHAPES, elements=st.integers(-512, 512)), share=st.floats(0, 0.999))
def test_a_quantile_has_its_share_of_the_values_below_or_at_it(values: NDArray[np.int16], share: float) -> None:
    found = quantile(values, share)
    assert np.count_nonzero(values <= found) > share * values.size - 1
    assert np.count_nonzero(values < found) <= share * values.size
