"""What the reader predicted, kept over restarts in a small file beside the notebook. Losing it is never an error."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

FILE = ".downslope-predictions.json"


def recall(key: str) -> Any:
    """What was kept under this key, or None."""
    return _everything().get(key)


def keep(key: str, value: Any) -> None:
    """Keep a value (None forgets it). A folder that cannot be written to is left alone."""
    kept = _everything()
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value
    with contextlib.suppress(OSError):
        beside = Path(f"{FILE}.{os.getpid()}")
        beside.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(beside, FILE)


def _everything() -> dict[str, Any]:
    try:
        kept = json.loads(Path(FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
