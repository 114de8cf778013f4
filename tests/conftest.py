import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("LABELAUDIT_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "label-errors").is_dir():
        pytest.skip(f"no public data in {folder}; name its folder with LABELAUDIT_DATA")
    return folder
