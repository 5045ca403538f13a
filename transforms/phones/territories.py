"""The numbering plans of the installed `phonenumbers`, each as patterns that Polars can run.

A territory is a region (`GB`) or a calling code that belongs to no region (tag `800`). Territories that
share a calling code stand or fall together: one pattern that cannot be carried leaves the whole calling code
to the library.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import REGION_CODE_FOR_NON_GEO_ENTITY, PhoneNumberDesc

from memory_import.transforms.phones.patterns import (
    NEVER,
    UncarriedPatternError,
    carry_pattern,
    drop_captures,
    keep_last_capture,
    number_start,
    whole_number,
)

_NUMBER_TYPES = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)


@dataclass(frozen=True)
class Rewriting:
    """How a prefix is rewritten where its one group took part: the constant, that group, the rest."""

    prefix: str
    constant: str


@dataclass(frozen=True)
class Territory:
    """One numbering plan. Its patterns are for the part of a subject after the index; None: no such rule."""

    tag: str
    calling_code: int
    general: str
    numbers: str
    possible_lengths: tuple[int, ...]
    local_lengths: tuple[int, ...]
    international_prefix: str | None
    national_prefix: str | None
    rewriting: Rewriting | None
    leading_digits: str | None


Metadata = Mapping[int, Sequence[PhoneMetadata]]


def read_metadata() -> Metadata:
    """The installed metadata by calling code, the main region of a code first."""
    return {
        calling_code: [_read_region(calling_code, region) for region in regions]
        for calling_code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    }


def _read_region(calling_code: int, region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)
    if metadata is None:
        raise LookupError(f"phonenumbers lists the region {region} but has no metadata for it")
    return metadata


def carry_territories(metadata: Metadata) -> list[list[Territory]]:
    """The territories of each calling code that can be carried whole, in the library's order."""
    plans = []
    for calling_code, regions in metadata.items():
        try:
            plans.append([_carry_territory(calling_code, region) for region in regions])
        except UncarriedPatternError:
            continue
    return plans


def _carry_territory(calling_code: int, metadata: PhoneMetadata) -> Territory:
    general = _read_general(metadata)
    return Territory(
        tag=_tag(calling_code, metadata),
        calling_code=calling_code,
        general=_carry_numbers(general.national_number_pattern, ()),
        numbers="|".join(
            _carry_numbers(k.national_number_pattern, k.possible_length) for k in _kinds(metadata)
        ),
        possible_lengths=tuple(general.possible_length),
        local_lengths=tuple(general.possible_length_local_only),
        international_prefix=_carry_start(metadata.international_prefix),
        national_prefix=_carry_start(metadata.national_prefix_for_parsing),
        rewriting=_carry_rewriting(metadata),
        leading_digits=_carry_start(metadata.leading_digits),
    )


def _tag(calling_code: int, metadata: PhoneMetadata) -> str:
    is_region = metadata.id != REGION_CODE_FOR_NON_GEO_ENTITY
    return metadata.id if is_region else str(calling_code)


def _read_general(metadata: PhoneMetadata) -> PhoneNumberDesc:
    general = metadata.general_desc
    if general is None or not general.possible_length:
        raise UncarriedPatternError("a numbering plan says nothing of the length of its numbers")
    if set(general.possible_length) & set(general.possible_length_local_only):
        raise UncarriedPatternError("a numbering plan has a length that is both possible and local")
    return general


def _kinds(metadata: PhoneMetadata) -> list[PhoneNumberDesc]:
    """The kinds that make a number valid. Mobile numbers that look like fixed lines are not asked about."""
    names = _NUMBER_TYPES[:-1] if metadata.same_mobile_and_fixed_line_pattern else _NUMBER_TYPES
    kinds = [getattr(metadata, name) for name in names]
    return [kind for kind in kinds if kind is not None]


def _carry_numbers(pattern: str | None, lengths: Sequence[int]) -> str:
    return whole_number(lengths, carry_pattern(pattern)) if pattern else NEVER


def _carry_start(pattern: str | None) -> str | None:
    return number_start(drop_captures(carry_pattern(pattern))) if pattern else None


def _carry_rewriting(metadata: PhoneMetadata) -> Rewriting | None:
    """The rule of a plan that rewrites numbers, where it is digits and then the last group of the prefix."""
    rule, prefix = metadata.national_prefix_transform_rule, metadata.national_prefix_for_parsing
    if not rule or not prefix:
        return None
    form = re.fullmatch(r"([0-9]*)\\([1-9])", rule)
    if form is None or int(form[2]) != re.compile(prefix).groups:
        raise UncarriedPatternError(f"no known equivalent in Polars for the prefix rule {rule!r}")
    return Rewriting(number_start(keep_last_capture(carry_pattern(prefix))), form[1])
