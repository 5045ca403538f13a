"""What the Memory API accepts of profiles and memories, as far as it can be checked before sending.

LIMITS_PAGE states the sizes; the Memory API OpenAPI document states the patterns of names.
"""

from typing import Final

LIMITS_PAGE: Final = "https://www.twilio.com/docs/conversations/memory/limits"
TRAIT_GROUP_PAGE: Final = "https://www.twilio.com/docs/api/memory/v1/trait-group/create-trait-group"

STRING_CHARACTERS: Final = 1_024
"""LIMITS_PAGE, trait string value; counted here in Unicode code points."""

INTEGER_MIN: Final = -(2**31)
INTEGER_MAX: Final = 2**31 - 1
"""LIMITS_PAGE, trait integer value. It is the only range that is published for numbers of any kind."""

ARRAY_ITEMS: Final = 100
"""LIMITS_PAGE, trait array value: strings, integers and booleans, not nested."""

IDENTIFIER_CHARACTERS: Final = 255
"""LIMITS_PAGE, identifier value; the OpenAPI document, schema Identifier."""

IDENTIFIERS_PER_TYPE: Final = 100
"""LIMITS_PAGE, identifiers per type of one profile; beyond it the service drops values of its own choice."""

GROUP_NAME_CHARACTERS: Final = 64
GROUP_NAME: Final = r"[a-zA-Z0-9_\-.]+"
"""TRAIT_GROUP_PAGE, displayName."""

TRAIT_NAME_CHARACTERS: Final = 64
"""LIMITS_PAGE, trait name."""

TRAIT_NAME: Final = r"[a-z][a-zA-Z0-9]*"
"""The OpenAPI document, schema TraitExtractionDefinition: lowerCamelCase."""

GROUPS_PER_STORE: Final = 50
TRAITS_PER_GROUP: Final = 95
"""LIMITS_PAGE, trait groups per store and traits per group."""

CONTENT_CHARACTERS: Final = 4_096
"""The OpenAPI document, schema ObservationCore, content; the same for summaries."""

CONVERSATIONS_PER_OBSERVATION: Final = 10
"""The OpenAPI document, schema ObservationCore, conversationIds."""

MEMORIES_PER_PROFILE: Final = 500
"""LIMITS_PAGE, observations per profile, and as many summaries; beyond it the service keeps the newest."""

SOURCE_CHARACTERS: Final = 100
SOURCE: Final = r"[a-zA-Z0-9 _.\-]+"
"""The OpenAPI document, schema ObservationCore, source."""

PROFILE_ID: Final = r"^mem_profile_[0-7][0-9a-z]{25}$"
CONVERSATION_ID: Final = r"^conv_conversation_[0-7][0-9a-z]{25}$"
"""The OpenAPI document, schemas ProfileID and ConversationID."""
