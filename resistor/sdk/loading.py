"""`PATH:OBJECT` → a `Module`: how the command line names modules.

PATH is a file (`modules/payments.py`) or a dotted name (`workers.payments`), looked up from where the command
runs. Everything that can be wrong with it is one clear line: `OperatorMistake`.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
import traceback
import zlib
from pathlib import Path
from types import ModuleType

from resistor.errors import OperatorMistake
from resistor.sdk.module import Module


def load_module(reference: str) -> Module:
    """Return the module that `reference` names. Raises `OperatorMistake`."""
    path, colon, name = reference.rpartition(":")
    if not colon or not path or not name:
        raise OperatorMistake(f"{reference!r} is not PATH:OBJECT, like payments.py:payments")
    file = Path(path)
    loaded = _from_file(file) if file.suffix == ".py" or len(file.parts) > 1 else _from_name(path)
    return _pick(loaded, name, path)


def _from_file(file: Path) -> ModuleType:
    place = file.resolve()
    if not place.is_file():
        raise OperatorMistake(f"there is no file {file}")
    # Files of one name, and files named like a library, must not be taken for each other.
    name = f"resistor_module_{place.stem}_{zlib.crc32(str(place).encode()):08x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise OperatorMistake(f"{file} is no Python file")
    _look_in(place.parent)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded  # dataclasses and pydantic look their module up there
    try:
        spec.loader.exec_module(loaded)
    except OperatorMistake:
        del sys.modules[name]
        raise
    except Exception as error:
        del sys.modules[name]
        raise OperatorMistake(_failed(str(file), error)) from error
    return loaded


def _from_name(path: str) -> ModuleType:
    _look_in(Path.cwd())
    try:
        return importlib.import_module(path)
    except OperatorMistake:
        raise
    except ModuleNotFoundError as error:
        if error.name and (path == error.name or path.startswith(f"{error.name}.")):
            raise OperatorMistake(
                f"there is no Python module {path!r} here or among those installed"
            ) from None
        raise OperatorMistake(_failed(path, error)) from error
    except Exception as error:
        raise OperatorMistake(_failed(path, error)) from error


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _pick(loaded: ModuleType, name: str, path: str) -> Module:
    found = getattr(loaded, name, None)
    if isinstance(found, Module):
        return found
    if found is not None:
        raise OperatorMistake(f"{path}:{name} is a {type(found).__name__}, not a Module")
    modules = [each for each, value in vars(loaded).items() if isinstance(value, Module)]
    by_letters = {each.lower().replace("_", ""): each for each in modules}
    near = difflib.get_close_matches(name.lower().replace("_", ""), by_letters, n=1)
    if near:
        hint = f": did you mean {by_letters[near[0]]!r}?"
    else:
        hint = f": it has {', '.join(modules)}" if modules else ", nor any other Module"
    raise OperatorMistake(f"{path} has no {name!r}{hint}")


def _failed(path: str, error: Exception) -> str:
    """Say where the author's own code raised, as far as there is such a place."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename and frame.filename != __file__]
    where = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
    return f"{path} cannot be imported: {type(error).__name__}: {error}{where}"
