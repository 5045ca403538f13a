"""Who is one person, worked out slowly: definitions written down as sets, for worlds of a dozen rows.

What `memory_import.transforms.identity.persons` finds in columns must be what this finds.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

CONTACT_TYPES = {"phone", "email", "whatsapp", "whatsappid", "chat"}
LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"}
NOBODY = {"unknown", "none", "null", "undefined", "anonymous", "guest", "customer", "test", "user"}
Value = tuple[str, str]
Word = object  # a text of a name, or a value where there is no name


@dataclass(frozen=True)
class Claimant:
    """A row, or (with a number under 0) a known person, or a past claim on a value."""

    name: str | None
    values: frozenset[Value]
    is_past: bool = False


@dataclass(frozen=True)
class Name:
    """How people are told apart. `rank`: 2 has words, 1 has values only, 0 is known and could be anybody."""

    rank: int
    words: frozenset[Word]

    @property
    def is_full(self) -> bool:
        return self.rank == 1 or (len(self.words) > 1 and not any(is_initial(str(w)) for w in self.words))

    def is_inside(self, other: "Name") -> bool:
        """Whether everything that this name says is said by the other."""
        if self.rank != other.rank or self.rank == 0:
            return self.rank <= other.rank
        if self.rank == 1:
            return self.words <= other.words
        return can_place(sorted(map(str, self.words)), {str(word) for word in other.words})


@dataclass
class Found:
    """`persons`: sets of claimants. `left_out`: claimant and value to code. `people`: of shared values."""

    persons: set[frozenset[int]] = field(default_factory=set)
    left_out: dict[tuple[int, Value], str] = field(default_factory=dict)
    shared: dict[Value, int] = field(default_factory=dict)
    contested: dict[Value, int] = field(default_factory=dict)


def words_of(text: str | None) -> frozenset[str]:
    text = (text or "").lower()
    if set(re.findall(r"[^\W_]+", text)) <= NOBODY:
        return frozenset()
    for letter, plain in LETTERS.items():
        text = text.replace(letter, plain)
    text = re.sub("['’‘ʼʻ`´]", "", text)
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text))
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", plain))
    return frozenset(re.sub("(^|[^aeq])([aou])e", r"\1\2", w) if len(w) >= 4 else w for w in words)


def is_initial(word: str) -> bool:
    return len(word) == 1 and word.upper() != word


def begins(word: str, other: str) -> bool:
    has_case = word[0].upper() != word[0]
    return word != other and has_case and (len(word) == 1 or len(word) >= 3) and other.startswith(word)


def can_place(words: list[str], places: set[str]) -> bool:
    """Whether each word has a place of its own: itself, or a longer one that it begins."""
    if not words:
        return True
    fitting = [place for place in places if words[0] == place or begins(words[0], place)]
    return any(can_place(words[1:], places - {place}) for place in fitting)


def maximal(names: Iterable[Name]) -> set[Name]:
    """The names that are inside no other."""
    names = set(names)
    return {name for name in names if not any(name != other and name.is_inside(other) for other in names)}


def anchors_of(names: Iterable[Name]) -> set[Name]:
    """The names inside no other; what is known and could be anybody is nobody of its own."""
    return {name for name in maximal(names) if name.rank > 0}


def components(nodes: Iterable[int], links: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    parts = {node: {node} for node in nodes}
    for a, b in links:
        if parts[a] is not parts[b]:
            parts[a] |= parts[b]
            for node in parts[b]:
                parts[node] = parts[a]
    return {node: frozenset(part) for node, part in parts.items()}


def find_persons(
    claimants: Mapping[int, Claimant], max_people: int = 10, on_conflict: str = "separate"
) -> Found:
    found = Found()
    holders: dict[Value, set[int]] = defaultdict(set)
    for number, claimant in claimants.items():
        for value in claimant.values:
            holders[value].add(number)
    words = {number: words_of(claimant.name) for number, claimant in claimants.items()}

    # Types of one's own tie their rows, whatever the names, unless there are too many of these.
    own = [value for value in holders if value[0] not in CONTACT_TYPES]
    for value in own:
        people = len(maximal(Name(2, words[n]) for n in holders[value] if words[n]))
        if people > max_people:
            found.shared[value] = people
    ties = [pair for v in own if v not in found.shared for pair in combinations(sorted(holders[v]), 2)]
    nodes = set(components(claimants, ties).values())
    node_of = {number: node for node in nodes for number in node}

    def name_of(node: frozenset[int]) -> Name:
        said = {word for number in node for word in words[number]}
        if len({words[number] for number in node if words[number]}) > 1:
            said = {word for word in said if not any(begins(word, other) for other in said)}
        if said:
            return Name(2, frozenset(said))
        if all(number < 0 and not claimants[number].is_past for number in node):
            return Name(0, frozenset())
        values = {v for number in node for v in claimants[number].values if v not in found.shared}
        own_word = {("past", min(node))} if any(claimants[number].is_past for number in node) else set()
        return Name(1, frozenset(values | own_word))

    # Values that belong to too many identify nobody; blank rows are then told apart by what is left.
    names = {node: name_of(node) for node in nodes}
    crowded = {}
    for value in set(holders) - set(own):
        here = {names[node_of[number]] for number in holders[value]}
        people = max(len(maximal(n for n in here if n.rank == rank)) for rank in (1, 2))
        if people > max_people:
            crowded[value] = people
    found.shared |= crowded
    names = {node: name_of(node) for node in nodes}

    # Links of each value that is left.
    equal, upward, anchors = set(), set(), {}
    key = {node: max(node) for node in nodes}
    for value in set(holders) - set(found.shared):
        here = {node_of[number] for number in holders[value]}
        anchors[value] = anchors_of(names[node] for node in here)
        has_words = any(names[node].rank == 2 for node in here)
        is_contested = len(anchors[value]) > 1
        if is_contested:
            found.contested[value] = len(anchors[value])
        for a, b in combinations(here, 2):
            if names[a] != names[b] or names[a].rank == 0 or (names[a].rank == 1 and has_words):
                continue
            if names[a].is_full or not is_contested:
                equal.add((key[a], key[b]))
        if not is_contested:
            upward |= {
                (key[a], key[b])
                for a in here
                for b in here
                if names[b] in anchors[value] and names[a] != names[b]
            }
    named = {key[node]: names[node] for node in nodes}
    if on_conflict == "merge":
        past = {key[node_of[n]] for n, claimant in claimants.items() if claimant.is_past}
        upward = {
            (key[node_of[a]], key[node_of[b]])
            for value in set(holders) - set(found.shared)
            for a, b in combinations(sorted(holders[value]), 2)
        }
        upward = {edge for edge in upward if not past.intersection(edge)}
        persons = components(named, equal | upward)
    else:
        groups = components(named, equal)
        persons = cut(named, {n: max(group) for n, group in groups.items()}, groups, upward)
    claimants_of = {
        k: {n for node in nodes if key[node] in part for n in node} for k, part in persons.items()
    }
    person_of = {number: frozenset(claimants_of[key[node_of[number]]]) for number in claimants}
    found.persons = {
        frozenset(n for n in person if not claimants[n].is_past)
        for person in person_of.values()
        if any(not claimants[n].is_past for n in person)
    }

    # Who gets each value.
    for value, here in holders.items():
        owner = None
        known = {person_of[n] for n in here if n < 0 and not claimants[n].is_past}
        if value in found.shared:
            pass
        elif on_conflict == "merge" and value[0] in CONTACT_TYPES:
            owner = next((person_of[n] for n in here if not claimants[n].is_past), None)
        elif known:
            owner = next(iter(known)) if len(known) == 1 else None
        elif value[0] not in CONTACT_TYPES or value not in found.contested:
            best = [n for n in here if names[node_of[n]] in anchors[value]]
            owner = person_of[best[0]]
        code = "identifier_shared" if value in found.shared else "identifier_contested"
        for number in here:
            if number >= 0 and person_of[number] != owner:
                found.left_out[number, value] = code
    return found


def cut(
    named: dict[int, Name],
    group_of: dict[int, int],
    groups: dict[int, frozenset[int]],
    upward: set[tuple[int, int]],
) -> dict[int, frozenset[int]]:
    """Persons: components in which one name holds all others, after weak links of torn groups were cut."""
    edges = {(group_of[a], group_of[b]) for a, b in upward}
    roots = set(group_of.values())
    while True:
        parts = components(roots, edges)
        torn = set()
        for part in set(parts.values()):
            if len(anchors_of(named[group] for group in part)) <= 1:
                continue
            reach = {group: sinks(group, edges) for group in part}
            disagreeing = {g for g in part if len(anchors_of(named[s] for s in reach[g])) > 1}
            disagreeing = disagreeing or {g for g in part if len(reach[g]) > 1}
            torn |= {g for g in disagreeing if not any((g, other) in edges for other in disagreeing)}
        if not torn:
            return {n: frozenset().union(*(groups[g] for g in parts[group_of[n]])) for n in named}
        edges = {(a, b) for a, b in edges if a not in torn}


def sinks(group: int, edges: set[tuple[int, int]]) -> set[int]:
    above = {b for a, b in edges if a == group}
    return {group} if not above else {sink for other in above for sink in sinks(other, edges)}
