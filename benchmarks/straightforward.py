"""What one would write in an afternoon: csv.DictReader, both libraries, the official SDK, one row at a time.

`python -m benchmarks.straightforward CUSTOMERS.csv URL` imports a file of `benchmarks.customers`, accounting
for nothing. It is the measure that the whole import is held against.
"""

import csv
import sys
from pathlib import Path
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from twilio.rest import Client
from twilio.rest.memory.v1.bulk import BulkList

STORE = "mem_store_00000000000000000000000001"
REGIONS = {"United States": "US", "Germany": "DE", "GB": "GB", "FRA": "FR"}


def main(path: Path, url: str) -> None:
    """Import the file at `path` into the API at `url`."""
    client = Client("any", "key")
    client.memory.base_url = url
    bulk = client.memory.v1.bulk(STORE)
    profiles: list[dict[str, Any]] = []
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            profiles.append({"traits": make_traits(row)})
            if len(profiles) == 1000:
                bulk.update(BulkList.UpdateProfilesBulkRequest({"profiles": profiles}))
                profiles = []
    if profiles:
        bulk.update(BulkList.UpdateProfilesBulkRequest({"profiles": profiles}))


def make_traits(row: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The traits of one row; what is blank or invalid is left out."""
    region = REGIONS.get(row["Country"], "US")
    groups: dict[str, dict[str, Any]] = {
        "Contact": {
            "firstName": row["First Name"],
            "lastName": row["Last Name"],
            "phone": read_phone(row["Phone"], region) or read_phone(row["Other Phone"], region),
            "email": read_email(row["Email"]),
        },
        "Account": {
            "customerId": row["Customer Id"],
            "company": row["Company"],
            "since": row["Subscribed"],
            "website": row["Website"],
            "balance": float(row["Balance"]) if row["Balance"] else None,
        },
        "Address": {"city": row["City"], "country": row["Country"]},
        "Engagement": {
            "score": int(row["Score"]) if row["Score"] else None,
            "isActive": row["Is Active"] == "yes",
            "tags": row["Tags"].split(";"),
            "note": row["Note"],
        },
    }
    return {
        group: {name: value for name, value in traits.items() if value is not None and value != ""}
        for group, traits in groups.items()
    }


def read_phone(text: str, region: str) -> str | None:
    """E.164, or None."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_email(text: str) -> str | None:
    """The normalised address, or None."""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
