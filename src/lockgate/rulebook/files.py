"""Which files a rulebook is read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lockgate.errors import RulebookError
from lockgate.rulebook.source import MAX_BYTES, too_long

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FILES: Final = 1_000
PACKS: Final = Path(__file__).parent.parent / "packs"
"""The folder of packaged rulebooks, one for each domain."""
_ENDINGS: Final = {".yaml", ".yml"}
_CASES: Final = (".cases.yaml", ".cases.yml")
"""Cases to test a rulebook with stand beside it and are not part of it."""


def texts(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return the text of every document by its path.

    Args:
        paths: Files; folders, of which every YAML file is read; packs, such as `pack:payments`.

    Raises:
        RulebookError: If one of them can't be read, or there is none.
    """
    found = {str(path): path for given in paths for path in _files(_placed(given))}
    if not found:
        raise RulebookError("there is no rulebook", hint="name a YAML file or a folder of them")
    return {name: _text(found[name]) for name in sorted(found)}


def _placed(given: str | Path) -> Path:
    """Return the path of a file or folder, or of the packaged rulebook that is named."""
    name = str(given).removeprefix("pack:")
    if name == str(given):
        return Path(given)
    known = {path.stem: path for path in sorted(PACKS.glob("*.yaml"))}
    if name not in known:
        told = ", ".join(f"`pack:{pack}`" for pack in known)
        raise RulebookError(f"there is no pack `{name}`", hint=f"there are {told}")
    return known[name]


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    inside = [item for item in sorted(path.rglob("*")) if _is_document(item, path)]
    if not inside:
        raise RulebookError("the folder has no YAML file", file=str(path), hint=_NAMES)
    if len(inside) > MAX_FILES:
        message = f"the folder has more than {MAX_FILES} YAML files"
        raise RulebookError(message, file=str(path), hint="name the files that are meant")
    yield from inside


_NAMES: Final = "its documents end in `.yaml` or `.yml`"


def _is_document(item: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in item.relative_to(folder).parts)
    cases = item.name.endswith(_CASES)
    return item.suffix in _ENDINGS and not hidden and not cases and item.is_file()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            read = file.read(MAX_BYTES + 1)
        if len(read) > MAX_BYTES:
            raise too_long(str(path))
        return read.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = read.count(b"\n", 0, error.start) + 1
        column = error.start - read.rfind(b"\n", 0, error.start)
        message = "the file is not UTF-8 text"
        hint = "save it as UTF-8"
        raise RulebookError(message, file=str(path), line=line, column=column, hint=hint) from None
    except OSError as error:
        message = f"can't be read: {error.strerror or error}"
        raise RulebookError(message, file=str(path), hint="check the path") from None
