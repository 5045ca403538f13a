"""What a spec says of the conversation configuration that `setup` makes for its store."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from memory_import.spec.traits import SpecModel

NAME_PATTERN = r"^[a-zA-Z0-9\-_ ]+$"
NAME_CHARACTERS = 32


class _ApiModel(SpecModel):
    """Written in the words of the API."""

    model_config = ConfigDict(validate_by_name=False)


class TimeoutsSpec(_ApiModel):
    """When a conversation that nobody goes on with changes its state."""

    inactive: int | None = Field(default=None, ge=1, strict=True, description="In minutes.")
    closed: int | None = Field(default=None, ge=1, strict=True, description="In minutes.")


class CaptureRuleSpec(_ApiModel):
    """Which traffic of a channel becomes conversations."""

    sender: str = Field(alias="from", description="An address, or `*` for any.")
    recipient: str = Field(alias="to", description="An address, or `*` for any.")
    metadata: dict[str, str] | None = Field(default=None, description="What else the traffic must have.")


class ChannelSpec(_ApiModel):
    """The settings of one channel."""

    timeouts: TimeoutsSpec | None = Field(
        default=None, alias="statusTimeouts", description="When a conversation becomes inactive, and closed."
    )
    capture_rules: tuple[CaptureRuleSpec, ...] | None = Field(
        default=None, alias="captureRules", description="Added to those that are there."
    )


Channel = Literal["VOICE", "SMS", "RCS", "WHATSAPP", "CHAT"]
Grouping = Literal[
    "GROUP_BY_PARTICIPANT_ADDRESSES", "GROUP_BY_PARTICIPANT_ADDRESSES_AND_CHANNEL_TYPE", "GROUP_BY_PROFILE"
]

USUAL_GROUPING: Grouping = "GROUP_BY_PARTICIPANT_ADDRESSES"


class ConfigurationSpec(SpecModel):
    """The conversation configuration of the store. One that the store has is changed, never replaced."""

    name: Annotated[str, Field(max_length=NAME_CHARACTERS, pattern=NAME_PATTERN)] | None = Field(
        default=None, description="Left out: as it is, and the name of the store for a new one."
    )
    grouping: Grouping | None = Field(
        default=None,
        description="What belongs to one conversation; it cannot be changed once the configuration is there. "
        f"Left out: as it is, and `{USUAL_GROUPING}` in a new one.",
    )
    extraction: bool = Field(
        default=False,
        strict=True,
        description="Whether memories are extracted from conversations: switched on last. `false` leaves it "
        "as it is.",
    )
    channels: dict[Channel, ChannelSpec] = Field(
        default_factory=dict, description="Settings by channel, in the words of the API."
    )

    @property
    def channel_settings(self) -> dict[str, dict[str, Any]]:
        """The channels as the API writes them, with what the spec says and nothing else."""
        return {
            name: channel.model_dump(mode="json", by_alias=True, exclude_none=True)
            for name, channel in self.channels.items()
        }
