"""Write the JSON Schemas of book and policy to `schema/`."""

from __future__ import annotations

from pathlib import Path

from paramgen.book.json_schema import MODELS, render

FOLDER = Path(__file__).resolve().parent.parent / "schema"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in MODELS:
        (FOLDER / f"{name}.schema.json").write_text(render(name), encoding="utf-8")
