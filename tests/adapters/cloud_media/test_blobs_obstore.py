"""The setting that names an object store."""

import pytest

from cloud_stub.adapters.blobs_obstore import blobs_at
from cloud_stub.errors import BadConfiguration


@pytest.mark.parametrize("url", ["nonsense", "ftp://clips"])
def test_an_address_that_is_no_store_is_refused_with_the_setting_to_change(url: str) -> None:
    with pytest.raises(BadConfiguration, match="blobs_url"):
        blobs_at(url)


def test_an_address_that_holds_a_key_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadConfiguration, match="must not hold a key") as refused:
        blobs_at("ftp://user:hunter2@clips")
    assert "hunter2" not in str(refused.value)


async def test_an_object_store_is_chosen_by_its_address() -> None:
    blobs = blobs_at("memory:///")
    await blobs.put("a1/k1.mp4", b"clip")
    assert await blobs.size("a1/k1.mp4") == 4
