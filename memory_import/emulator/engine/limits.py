"""The documented limits of the Memory API, each with its unit and where Twilio states it.

Unless a line says otherwise, the source is the API's own OpenAPI document (twilio/twilio-oai, memory v1).
"""

MAX_STORES_PER_ACCOUNT = 15
MAX_TRAIT_GROUPS_PER_STORE = 50
MAX_TRAITS_PER_GROUP = 95
MAX_NAME_CHARACTERS = 64
MAX_DESCRIPTION_CHARACTERS = 1024
MAX_STORE_DESCRIPTION_CHARACTERS = 128

MAX_STRING_CHARACTERS = 1024
"""Of a STRING trait; https://www.twilio.com/docs/conversations/memory."""
MIN_INTEGER = -(2**31)
MAX_INTEGER = 2**31 - 1
MAX_ARRAY_ITEMS = 100

MAX_PROFILES_PER_BULK = 1000
MAX_IDENTIFIER_TYPES = 15
MIN_ID_TYPE_CHARACTERS = 2
MAX_ID_TYPE_CHARACTERS = 30
MAX_IDENTIFIER_CHARACTERS = 255
MAX_IDENTIFIERS_PER_TYPE = 100
MAX_PROFILES_PER_LOOKUP = 100

MAX_MEMORIES_PER_REQUEST = 10
MAX_MEMORIES_PER_PROFILE = 500
"""Of observations, and as many summaries; https://www.twilio.com/docs/conversations/memory."""
MAX_CONTENT_CHARACTERS = 4096
MAX_SOURCE_CHARACTERS = 100
MAX_CONVERSATIONS_PER_OBSERVATION = 10
MAX_QUERY_CHARACTERS = 1024
MAX_RECALL_ITEMS = 100

MAX_IMPORT_BYTES = 100 * 1024 * 1024
MIN_COLUMN_MAPPINGS = 2
MAX_COLUMN_MAPPINGS = 100
UPLOAD_SECONDS = 30 * 60
"""How long the address for an import's file stays good; Twilio's guide to CSV imports."""

DEFAULT_PAGE_ITEMS = 50
MAX_PAGE_ITEMS = 1000
MAX_CONTROL_PLANE_PAGE_ITEMS = 100
MAX_MEMORY_PAGE_ITEMS = 50
MAX_TRAIT_PAGE_ITEMS = 100
MAX_IMPORT_PAGE_ITEMS = 100

OPERATION_RETENTION_SECONDS = 7 * 24 * 60 * 60
"""How long an operation can be read after it ended; error 520052 in Twilio's error directory."""

MAX_CONFIGURATIONS_PER_ACCOUNT = 10
"""Of conversation configurations; seen in public client code."""
MAX_CONFIGURATION_NAME_CHARACTERS = 32
MAX_CONFIGURATION_DESCRIPTION_CHARACTERS = 512
"""twilio/twilio-oai, conversations v2, as the name."""
IDEMPOTENCY_SECONDS = 24 * 60 * 60
"""For how long an Idempotency-Key gets its first answer; conversations v2."""

MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""Of a request's body, also once it is unpacked. The real limit is unknown."""
