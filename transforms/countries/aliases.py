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
    "Zaire": "CD",
}

SHARED_NAMES: Final = frozenset(
    {"congo", "guinea", "ireland", "korea", "macedonia", "saint martin", "samoa", "sudan", "virgin islands"}
)
"""Simplified names that two countries go by: a bracket after them says which, and must not be passed over."""
