"""A tiny model of the service's identity resolution, for what merging must achieve with it."""

import json
from dataclasses import dataclass, field


@dataclass
class ModelProfile:
    """The current traits by path, and every identifier value it ever had as `(id_type, value)`."""

    traits: dict[str, object] = field(default_factory=dict)
    identifiers: set[tuple[str, str]] = field(default_factory=set)


class ModelServer:
    """Applies Bulk entries one by one: any identifier value that matches finds the profile; several merge."""

    def __init__(self, id_types: dict[str, str]) -> None:
        self.id_types = id_types
        self.profiles: list[ModelProfile] = []
        self.merges = 0

    def apply(self, payload: str) -> None:
        groups = json.loads(payload)["traits"]
        traits = {
            f"{group}.{name}": value for group, named in groups.items() for name, value in named.items()
        }
        identifiers = {
            (self.id_types[path], str(value).lower())
            for path, value in traits.items()
            if path in self.id_types
        }
        assert identifiers, "an entry without an identifier"
        matches = [profile for profile in self.profiles if profile.identifiers & identifiers]
        self.merges += max(len(matches) - 1, 0)
        profile = matches[0] if matches else ModelProfile()
        for other in matches[1:]:
            profile.traits = other.traits | profile.traits
            profile.identifiers |= other.identifiers
        profile.traits |= traits
        profile.identifiers |= identifiers
        self.profiles = [p for p in self.profiles if not any(p is match for match in matches)] + [profile]
