"""What is asked of the stores of an account; quick to import, for the command line."""

import re
from dataclasses import dataclass
from enum import StrEnum

from memory_import.errors import UsageProblem

_NAME = re.compile(r"[a-zA-Z0-9-]{1,64}")  # documented: displayName of a store
_DESCRIPTION_CHARACTERS = 128  # documented: its description


class StoresAction(StrEnum):
    """What is done with stores."""

    LIST = "list"
    SHOW = "show"
    CREATE = "create"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoresRequest:
    """What a person asks for. `which`: a name or an id; for `create` the name."""

    action: StoresAction
    which: str | None = None
    name: str | None = None
    description: str | None = None


def settle(request: StoresRequest) -> StoresRequest:
    """The request with `which` filled in; `UsageProblem` where its parts do not go together."""
    action, which, name = request.action, request.which, request.name
    has_change = name is not None or request.description is not None
    if action is StoresAction.LIST:
        if which or has_change:
            raise UsageProblem("`stores list` takes no name and no change: it lists all stores.")
        return request
    if action is StoresAction.CREATE:
        if which and name and which != name:
            raise UsageProblem(f"The store is called {which!r} and {name!r}; expected one name.")
        which = which or name
    if not which:
        raise UsageProblem(f"Nothing says which store to {action.value}: name it.")
    if action is StoresAction.SHOW and has_change:
        raise UsageProblem("`stores show` changes nothing: leave --name and --description out.")
    if action is StoresAction.UPDATE and not has_change:
        raise UsageProblem("Nothing says what to change: give --name or --description.")
    new_name = which if action is StoresAction.CREATE else name
    problems = (check_name(new_name) if new_name is not None else []) + check_description(request.description)
    if problems:
        raise UsageProblem(problems)
    return StoresRequest(action=action, which=which, name=new_name, description=request.description)


def check_name(name: str) -> list[str]:
    """What the API would refuse in the name of a store."""
    if _NAME.fullmatch(name):
        return []
    return [f"The name of the store is {name!r}; expected 1 to 64 letters, digits and hyphens."]


def check_description(description: str | None) -> list[str]:
    """What the API would refuse in the description of a store; None is none."""
    if description is None or 1 <= len(description) <= _DESCRIPTION_CHARACTERS:
        return []
    return [
        f"The description of the store has {len(description)} characters; "
        f"expected 1 to {_DESCRIPTION_CHARACTERS}."
    ]
