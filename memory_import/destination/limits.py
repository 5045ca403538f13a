"""How much one request may carry, how many are under way, how long we are patient.

What is marked *documented* comes from the Memory API's OpenAPI document; the rest is our own choice.
"""

PROFILES_PER_REQUEST = 1_000  # documented: UpdateProfilesBulk, profiles.maxItems
MEMORIES_PER_REQUEST = 10  # documented: CreateObservationsRequest and CreateSummariesRequest, maxItems
MEMORIES_PER_PAGE = 50  # documented: pages hold no more, whatever pageSize says
STORES_PER_PAGE = 100  # documented: the largest pageSize of the control plane
TRAIT_GROUPS_PER_STORE = 50  # documented: the limits of trait groups
TRAITS_PER_GROUP = 95  # documented: the same
CONFIGURATIONS_PER_PAGE = 1_000  # documented: List Configurations, pageSize
CONFIGURATIONS_PER_ACCOUNT = 10  # seen in public client code
IDENTIFIER_TYPES_PER_STORE = 15  # documented: IdentityResolutionSettings, identifierConfigs
BODY_BYTES = 4 * 1024 * 1024  # no limit is published; a 413 teaches a smaller one

CONNECTIONS = 28  # to the API; no more requests than that are under way at once
SENDERS = 24  # requests with customer data under way at once
FOLLOWERS = 4  # reads under way at once: operations and lookups
MEMORY_SENDERS = 12  # small requests, of observations and summaries, under way at once
QUEUES = 128  # profiles whose memories are under way at once, most of them between two requests
LOOKUPS_AT_ONCE = 8
GZIP_FROM_BYTES = 2_048  # below, a body fits into a packet or two anyway

TIMEOUT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10.0
IDLE_SECONDS = 4.0  # a connection that was quiet for longer is left: many servers hang up after 5
HEAD_BYTES = 100 * 1024  # of an answer
ANSWER_BYTES = 16 * 1024 * 1024  # in all
LISTING_TRIES = 3  # of a listing whose pages lead in a circle
TRIES = 8  # for one request, not counting answers that say 429
FAILING_TRIES = 3  # for a batch that the server has failed at in an earlier run
LASTING_TRIES = 2  # where nothing will be otherwise soon: an unknown name, a certificate that is not trusted
THROTTLED_LONGEST_SECONDS = 3_600.0  # that one request is answered 429 and nothing else
VISIBLE_SECONDS = 600.0  # in which a Bulk without an operation has to show
BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_LONGEST_SECONDS = 30.0
RETRY_AFTER_LONGEST_SECONDS = 3_600.0  # that a run waits for; told to wait longer, it ends and says so
OPERATION_POLL_FIRST_SECONDS = 0.1  # when the server does not say; then twice as long each time
OPERATION_POLL_LONGEST_SECONDS = 5.0
OPERATION_POLL_FLOOR_SECONDS = 0.2  # when the server says "at once"
LOOKUP_POLL_SECONDS = 1.0
READ_LAG_SECONDS = 60.0  # how long a profile that was accepted in this run may be nowhere to be found
READ_BACK_MOMENTS = (0.2, 1.0)  # of the time that what was sent may take to show: when it is read back
REFUSALS_UNTIL_CHECK = 4  # for one reason in a row, with nothing taken: is the store what it was?
CLOCK_MARGIN_SECONDS = 5.0  # the server's clock is known to the second, and either clock may be set
OPERATION_APPEARS_SECONDS = 60.0  # that an operation may be said not to be there before that is believed
OPERATION_KEPT_SECONDS = 7 * 86_400.0  # documented: after they complete, operations can be read for so long
STORE_ACTIVE_PATIENCE_SECONDS = 300.0  # that a store may take to become ACTIVE
STORE_ACTIVE_POLL_SECONDS = 2.0
STORE_APPEARS_SECONDS = 10.0  # that a store whose creation was not answered may take to be listed
SETUP_SHOWS_SECONDS = 10.0  # that what a setup has made may take to be read
SETUP_POLL_FIRST_SECONDS = 0.1  # then twice as long each time
SETUP_POLL_LONGEST_SECONDS = 1.0
READ_LAG_OF_CONTROL_PLANE_SECONDS = 4.0  # after which a refused change is not one whose answer was lost
DRAIN_SECONDS = 17.0  # for requests under way when a run is told to stop: with the report, 20 are promised
