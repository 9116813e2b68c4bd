"""Median and quantile of a picture's values: numpy's own draw in numpy.ma (3 MB) for masks that nobody uses here."""

import numpy as np
from numpy.typing import NDArray


def median(values: NDArray[np.generic]) -> float:
    """Return the middle value (of an even number, the mean of the middle two); the array may not be empty."""
    flat = values.ravel()
    half = flat.size // 2
    if flat.size % 2:
        return float(np.partition(flat, half)[half])
    middle = np.partition(flat, (half - 1, half))
    return (float(middle[half - 1]) + float(middle[half])) / 2.0


def quantile(values: NDArray[np.generic], share: float) -> float:
    """Return the value below which `share` (0 to below 1) of the values lie; the array may not be empty."""
    at = int(share * values.size)
    return float(np.partition(values.ravel(), at)[at])
