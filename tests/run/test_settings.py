"""Credentials and the address of the API, as the environment has them."""

import subprocess
import sys
from functools import partial

import pytest
from pydantic import SecretStr

from memory_import.errors import UsageProblem
from memory_import.run.settings import (
    Credentials,
    Settings,
    check_api_url,
    environment,
    live_target,
    offline_target,
    quiet_prefect,
    read_credentials,
)

ACCOUNT, KEY, SECRET, TOKEN = "AC" + "1" * 32, "SK" + "2" * 32, "the-secret-of-the-key", "the-token"
STORE = "mem_store_00000000000000000000000001"


def named(**values: str) -> dict[str, str]:
    return {f"TWILIO_{name.upper()}": value for name, value in values.items()}


@pytest.mark.parametrize(
    ("variables", "pair"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param(named(account_sid="", api_key=""), None, id="set, but empty"),
        pytest.param(
            named(account_sid=ACCOUNT, api_key=KEY, api_secret=SECRET), (KEY, SECRET), id="an API key"
        ),
        pytest.param(
            named(account_sid=ACCOUNT, auth_token=TOKEN), (ACCOUNT, TOKEN), id="the account's token"
        ),
        pytest.param(
            named(account_sid=ACCOUNT, api_key=KEY, api_secret=SECRET, auth_token=TOKEN),
            (KEY, SECRET),
            id="both: the API key",
        ),
    ],
)
def test_complete_credentials_are_taken(variables: dict[str, str], pair: tuple[str, str] | None) -> None:
    credentials = read_credentials(Settings.of(variables))
    assert (credentials.pair if credentials else None) == pair


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        pytest.param(named(account_sid=ACCOUNT), "TWILIO_API_KEY, TWILIO_API_SECRET", id="account alone"),
        pytest.param(named(account_sid=ACCOUNT, api_key=KEY), "TWILIO_API_SECRET", id="no secret"),
        pytest.param(named(account_sid=ACCOUNT, api_secret=SECRET), "TWILIO_API_KEY", id="no key"),
        pytest.param(named(api_key=KEY, api_secret=SECRET), "TWILIO_ACCOUNT_SID", id="no account"),
        pytest.param(
            named(account_sid=ACCOUNT, api_key=KEY, auth_token=TOKEN),
            "TWILIO_API_SECRET",
            id="half a key beside a token",
        ),
    ],
)
def test_partial_credentials_are_an_error_that_names_what_is_missing_and_no_value(
    variables: dict[str, str], missing: str
) -> None:
    with pytest.raises(UsageProblem) as error:
        read_credentials(Settings.of(variables))
    assert f"incomplete: {missing} not set" in str(error.value)
    for value in variables.values():
        assert value not in str(error.value)


def test_credentials_never_show_their_password() -> None:
    credentials = Credentials(KEY, SecretStr(SECRET))
    target = live_target(Settings.of({}), STORE, credentials)
    assert SECRET not in f"{credentials!r} {credentials} {target!r} {target}"


def test_without_store_and_credentials_both_are_named_and_the_emulator_with_them() -> None:
    with pytest.raises(UsageProblem) as error:
        live_target(Settings.of({"MEMORY_API_URL": "http://memory.example.com"}), None, None)
    store, credentials, address = error.value.problems
    assert "MEMORY_STORE_ID" in store
    assert "TWILIO_ACCOUNT_SID" in credentials
    assert "--emulator" in credentials
    assert "https://" in address


@pytest.mark.parametrize(
    ("variables", "spec_store", "address", "store"),
    [
        pytest.param({}, STORE, "https://memory.twilio.com", STORE, id="the real API"),
        pytest.param(
            {"MEMORY_STORE_ID": STORE},
            None,
            "https://memory.twilio.com",
            STORE,
            id="the store of the environment",
        ),
        pytest.param(
            {"MEMORY_STORE_ID": "mem_store_x"},
            STORE,
            "https://memory.twilio.com",
            STORE,
            id="the spec's store first",
        ),
        pytest.param(
            {"MEMORY_API_URL": ""}, STORE, "https://memory.twilio.com", STORE, id="an empty address is none"
        ),
        pytest.param(
            {"MEMORY_API_URL": "https://memory.example.com/"},
            STORE,
            "https://memory.example.com",
            STORE,
            id="another address",
        ),
    ],
)
def test_a_target_is_made_of_spec_and_environment(
    variables: dict[str, str], spec_store: str | None, address: str, store: str
) -> None:
    live = live_target(Settings.of(variables), spec_store, Credentials(KEY, SecretStr(SECRET)))
    offline = offline_target(Settings.of(variables), spec_store)
    assert (live.api_url, live.store_id) == (offline.api_url, offline.store_id) == (address, store)
    assert not live.is_emulator


@pytest.mark.parametrize(
    "store",
    [
        pytest.param("my-store", id="a name"),
        pytest.param(f"{STORE}/../x", id="a path"),
        pytest.param(STORE.upper(), id="capitals"),
        pytest.param("mem_profile_00000000000000000000000001", id="the id of something else"),
    ],
)
def test_a_store_that_is_no_id_is_refused_before_anybody_is_asked(store: str) -> None:
    for target in (partial(live_target, credentials=Credentials(KEY, SecretStr(SECRET))), offline_target):
        with pytest.raises(UsageProblem, match="expected its id"):
            target(Settings.of({}), store)


@pytest.mark.parametrize(
    "address",
    ["https://memory.twilio.com", "http://localhost:8010", "http://127.0.0.1:8010", "http://[::1]:8010"],
)
def test_https_is_accepted_everywhere_and_http_on_loopback(address: str) -> None:
    assert check_api_url(address) == []


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("http://memory.twilio.com", id="plain http"),
        pytest.param("http://127.0.0.1.example.com", id="looks like loopback"),
        pytest.param("http://localhost.example.com", id="looks like localhost"),
        pytest.param("ftp://localhost", id="another protocol"),
        pytest.param("memory.twilio.com", id="no protocol"),
        pytest.param("https://", id="no host"),
        pytest.param("https://[::1", id="broken"),
        pytest.param("https://memory.twilio.com:99999", id="no such port"),
        pytest.param("https://memory twilio.com", id="a space in it"),
        pytest.param("https://key:the-password@memory.twilio.com", id="a user in it"),
        pytest.param("http://key:the-password@127.0.0.1", id="a user in it, on loopback"),
    ],
)
def test_any_other_address_is_refused_without_showing_a_password(address: str) -> None:
    (problem,) = check_api_url(address)
    assert "it must be an https:// address" in problem
    assert "the-password" not in problem


def test_prefect_is_quiet_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    quiet_prefect()
    assert (environment()["PREFECT_LOGGING_LEVEL"], environment()["DO_NOT_TRACK"]) == ("DEBUG", "1")


@pytest.mark.parametrize("given", [None, "dirty_decay_ms:0"], ids=["ours", "the user's"])
def test_polars_keeps_freed_memory_for_a_while_unless_the_user_says_otherwise(given: str | None) -> None:
    variables = {name: value for name, value in environment().items() if name != "_RJEM_MALLOC_CONF"}
    look = (
        "import os; from memory_import.cli.app import prepare_environment; prepare_environment(); "
        "import polars; print(os.environ['_RJEM_MALLOC_CONF'])"
    )
    seen = subprocess.run(
        [sys.executable, "-c", look],
        env=variables | ({"_RJEM_MALLOC_CONF": given} if given else {}),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert seen.endswith(given or "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0")
    assert seen.startswith("dirty_decay_ms:500,")  # Polars has read it, and put its own defaults before it
