"""YAML as users write it: every scalar stays text, nothing is given twice, and nothing expands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sscite.errors import UserError

LARGEST = 8 * 1024**2  # bytes
DEEPEST = 20


class _TextLoader(yaml.BaseLoader):
    """Builds mappings, lists and texts alone: YAML 1.1 would read `no`, `1e3` and `0x10` as a boolean and numbers."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases, which repeat content, and deep nesting."""
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()
            raise UserError(f"{_place(event.start_mark)}: aliases (*{event.anchor}) are not allowed; write it out")
        self.depth += 1
        if self.depth > DEEPEST:
            raise UserError(
                f"{_place(self.peek_event().start_mark)}: nested more than {DEEPEST} levels deep; flatten it"
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is given twice, of which the second would win."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise UserError(f"{_place(key.start_mark)}: a key is not a text; write 'name:' before its content")
            first = seen.setdefault(key.value, key.start_mark.line + 1)
            if first != key.start_mark.line + 1 or list(seen).count(key.value) > 1:
                raise UserError(
                    f"{_place(key.start_mark)}: '{key.value}' is given twice (first in line {first}); keep one of them"
                )
        return super().construct_mapping(node, deep=deep)


def _place(mark: Any) -> str:
    """Return the line of a mark in the file."""
    return f"line {mark.line + 1}"


def read_yaml(path: Path) -> Any:
    """Read a YAML file into mappings, lists and texts; an empty value is an empty text.

    Raises
    ------
    UserError
        Not YAML; a key given twice; aliases; larger than 8 MB or nested more than 20 levels deep.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UserError(f"{size / 1e6:.0f} MB are more than {LARGEST / 1e6:.0f} MB; give a smaller file")
        text = path.read_text(encoding="utf-8-sig")
        return yaml.load(text, Loader=_TextLoader)
    except UserError as error:
        raise UserError([f"{path}, {problem}" for problem in error.problems]) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = error.problem or "not YAML"
        raise UserError(f"{path}{place}: not readable as YAML ({problem}); correct the line") from error
    except (OSError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise UserError(f"{path}: not readable as YAML; check that it is a UTF-8 text file and correct it") from error


def write_yaml(content: Any, path: Path) -> None:
    """Write mappings, lists and texts in one form: comments and layout are gone, the order and every text stay."""
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100), encoding="utf-8")
