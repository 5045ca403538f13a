"""Names in wide use that the ISO 3166 list does not hold, and names of states that have one successor.

The Netherlands Antilles are Curaçao here, the largest island under their calling code. "Korea" alone is the
south, "Saint Martin" the French part and "Congo" the republic, as in the ISO list.
"""

from typing import Final

ALIASES: Final[dict[str, str]] = {
    "America": "US",
    "Burma": "MM",
    "Britain": "GB",
    "Canary Islands": "ES",
    "Cape Verde": "CV",
    "Channel Islands": "JE",
    "Congo Brazzaville": "CG",
    "Congo Kinshasa": "CD",
    "Czech Republic": "CZ",
    "Democratic Republic of Congo": "CD",
    "DR Congo": "CD",
    "DRC": "CD",
    "East Timor": "TL",
    "Eire": "IE",
    "England": "GB",
    "Great Britain": "GB",
    "Holland": "NL",
    "Ivory Coast": "CI",
    "Kyrgyz Republic": "KG",
    "Korea": "KR",
    "Korea North": "KP",
    "Korea South": "KR",
    "Kosovo": "XK",
    "Libyan Arab Jamahiriya": "LY",
    "Macau": "MO",
    "Macedonia": "MK",
    "Micronesia": "FM",
    "Netherlands Antilles": "CW",
    "North Korea": "KP",
    "Northern Ireland": "GB",
    "Palestine": "PS",
    "Palestinian Territory": "PS",
    "Palestinian Territories": "PS",
    "Occupied Palestinian Territory": "PS",
    "Pitcairn Islands": "PN",
    "Republic of Ireland": "IE",
    "Republic of Korea": "KR",
    "Republic of Macedonia": "MK",
    "Reunion Island": "RE",
    "Russia": "RU",
    "Saint Helena": "SH",
    "Scotland": "GB",
    "South Korea": "KR",
    "Svalbard and Jan Mayen Islands": "SJ",
    "Swaziland": "SZ",
    "Syria": "SY",
    "Turkey": "TR",
    "UAE": "AE",
    "UK": "GB",
    "United States of America": "US",
    "United States Virgin Islands": "VI",
    "US Virgin Islands": "VI",
    "Vatican": "VA",
    "Vatican City": "VA",
    "Virgin Islands British": "VG",
    "Wales": "GB",
    "XK": "XK",
    "XKX": "XK",
    "Zaire": "CD",
    "EE UU": "US",
    "EEUU": "US",
    "США": "US",
    "ОАЭ": "AE",
    "РФ": "RU",
    "香港": "HK",
    "澳门": "MO",
    "澳門": "MO",
    "한국": "KR",
}

SHARED_NAMES: Final = frozenset(
    {"congo", "guinea", "ireland", "korea", "macedonia", "saint martin", "samoa", "sudan", "virgin islands"}
)
"""Simplified names that two countries go by: a bracket after them says which, and must not be passed over."""

_TERRITORIES: Final[dict[str, str]] = {
    "AU": "CC CX NF",
    "CN": "HK MO TW",
    "DK": "FO GL",
    "FI": "AX",
    "FR": "BL GF GP MF MQ NC PF PM RE WF YT",
    "GB": "AI BM FK GG GI IM IO JE KY MS SH TC VG",
    "NL": "AW BQ CW SX",
    "NO": "SJ",
    "NZ": "CK NU TK",
    "US": "AS GU MP PR VI",
}

STATES: Final[dict[str, str]] = {
    territory: state for state, territories in _TERRITORIES.items() for territory in territories.split()
}
"""The states that names of territories are written with: `China (Hong Kong)` is Hong Kong."""
