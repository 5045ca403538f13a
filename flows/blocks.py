"""A Prefect block for the credentials of deployments that do not take them from the environment."""

from prefect.blocks.core import Block
from pydantic import SecretStr

from memory_import.run.settings import Credentials


class TwilioCredentials(Block):
    """An API key, or an account's SID and its auth token. The password is never shown."""

    _block_type_name = "Twilio Credentials"
    _block_type_slug = "twilio-credentials"

    user: str
    password: SecretStr


async def load_credentials(block_name: str) -> Credentials:
    """The credentials in a saved block; ValueError when there is none of that name."""
    block: TwilioCredentials = await TwilioCredentials.aload(block_name)
    return Credentials(block.user, block.password)
