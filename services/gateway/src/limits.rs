//! Every limit of the gateway, with its unit.

use std::time::Duration;

/// Body of a request; bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Body of a request that carries a pipeline as JSON, or the state of a tool; bytes. JSON takes more room than the YAML that it stands for.
pub const LARGE_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Body of a request that carries a pipeline as it was and as it is to be; bytes.
pub const TWO_TEXTS_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Message of a request over gRPC, with what frames it; bytes.
pub const GRPC_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Until a body has come as a whole.
pub const BODY_WAIT: Duration = Duration::from_secs(20);
/// Until the head of a request has come as a whole: whoever sends it byte by byte holds a connection no longer.
pub const HEAD_WAIT: Duration = Duration::from_secs(10);
/// Head of a request; bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Header lines of a request.
pub const HEADERS_MAX: usize = 100;
/// Path and query of a request; bytes.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;
/// Connections at once.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Connections from one address at once.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 1_024;
/// Requests that are worked on at once; more are answered 503.
pub const REQUESTS_AT_ONCE: usize = 512;
/// Requests without a key that are worked on at once.
pub const OPEN_REQUESTS_AT_ONCE: usize = 64;
/// The same of one address: somebody who sends slowly does not stop everybody else.
pub const OPEN_REQUESTS_PER_ADDRESS: usize = 32;
/// Calls to endpoints and of git hosts that are worked on at once.
pub const HOOKS_AT_ONCE: usize = 128;
/// The same of one address.
pub const HOOKS_PER_ADDRESS: usize = 64;
/// Until a log, or an artifact, that is sent as a whole is cut off.
pub const LOG_STREAM_MAX: Duration = Duration::from_secs(600);
/// Bytes of what a worker answers to an event of a program.
pub const WORKER_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Events of OpenLineage in one request.
pub const LINEAGE_EVENTS_MAX: usize = 10_000;
/// Shortest secret of a git host's webhooks; bytes.
pub const HOOK_SECRET_BYTES_MIN: usize = 16;
/// Attempts of one CI run that are followed to the last one.
pub const CI_ATTEMPTS_MAX: u32 = 50;
/// Streams of live updates, and of whole logs and artifacts, at once.
pub const STREAMS_MAX: usize = 1_024;
/// Until a request has its answer. The official clients wait 30 s.
pub const ANSWER_WAIT: Duration = Duration::from_secs(25);
/// The same of what goes to a host of repositories and comes back changed: a worker's 30 s, and what stands around it.
pub const COMMIT_WAIT: Duration = Duration::from_secs(75);
/// Until a connection without a request is closed, and the most that a stream of live updates stays silent.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Checks of pipelines without a key, of one address in a minute (the published limit).
pub const SCHEMA_CHECKS_PER_MINUTE: u32 = 20;
/// Requests with one key, or of one login, in a minute, where nothing else is set.
pub const KEY_REQUESTS_PER_MINUTE: u32 = 120_000;
/// Calls to endpoints that start pipelines, of one address in a minute.
pub const HOOKS_PER_MINUTE: u32 = 600;
/// How far the instant of a signed call may be away from now, seconds.
pub const HOOK_TOLERANCE_SECONDS: u64 = 300;
/// Signatures of one call that are looked at.
pub const HOOK_SIGNATURES_MAX: usize = 8;
/// Id of a delivery, characters: with the endpoint's id before it, it fits into an idempotency key.
pub const DELIVERY_ID_CHARS_MAX: usize = 200;
/// Callers whose use of such things is remembered.
pub const CALLERS_REMEMBERED: usize = 10_000;
/// Characters of a request id that a caller may choose.
pub const REQUEST_ID_CHARS_MAX: usize = 64;
/// Values in a comma-separated filter.
pub const FILTER_VALUES_MAX: usize = 100;
/// Rows of a page, and how many it has where nobody says.
pub const PAGE_SIZE_MAX: u32 = 100;
/// See [`PAGE_SIZE_MAX`].
pub const PAGE_SIZE: u32 = 50;
/// The same of the task runs of one run.
pub const TASK_RUN_PAGE_SIZE_MAX: u32 = 50;
/// See [`TASK_RUN_PAGE_SIZE_MAX`].
pub const TASK_RUN_PAGE_SIZE: u32 = 10;
/// The widest span of time that a list covers, and the one that it covers where nobody says; days.
pub const SPAN_DAYS: i64 = 7;
/// Pipelines in a list.
pub const PIPELINES_MAX: usize = 10_000;
/// Questions that are put to the projector beside each other for one answer.
pub const QUESTIONS_AT_ONCE: usize = 16;
/// Violations that an answer lists.
pub const VIOLATIONS_MAX: usize = 100;
/// Bytes of what was wrong that an answer shows.
pub const SHOWN_BYTES_MAX: usize = 200;
/// Parts of reports in one call to the coordinator: each has about 200 KiB at most, a call 8 MiB.
pub const LINEAGE_PARTS_PER_CALL: usize = 25;
/// Bytes of an answer that a tool hands to an assistant: more would be no use to it.
pub const MCP_ANSWER_BYTES_MAX: usize = 512 * 1024;
/// Bytes of a log, or of a range of an artifact, that one answer carries.
pub const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Until the table of keys is asked for again after the coordinator went away.
pub const ACCESS_RETRY: Duration = Duration::from_millis(500);
/// How long keys open doors by a table that nobody confirms any more.
pub const ACCESS_STALE_MAX: Duration = Duration::from_secs(300);
/// How often it is told which tools were called.
pub const TOOL_CALLS_TOLD: Duration = Duration::from_secs(1);
/// How long the coordinator may take to hear of it.
pub const TOOL_CALLS_WAIT: Duration = Duration::from_secs(5);
/// In which window calls of tools are counted.
pub const TOOL_CALLS_WINDOW: Duration = Duration::from_secs(60);
/// Calls of tools in a window that are told with what they were about; like ones count once until they are told.
pub const TOOL_CALLS_WHOLE_MAX: usize = 200;
/// Kinds of further ones (by whom, which tool, what came of it) whose number is told.
pub const TOOL_CALLS_OUTLINED_MAX: usize = 100;
/// How often it is told which keys were used.
pub const KEY_USES_TOLD: Duration = Duration::from_secs(30);
/// Bytes of a bearer token.
pub const TOKEN_BYTES_MAX: usize = 512;
/// Registration of a program that logs people in, as its id carries it; bytes.
pub const CLIENT_ID_BYTES_MAX: usize = 1024;
/// Places where such a program waits for its codes.
pub const REDIRECTS_MAX: usize = 4;
/// The address of one; bytes.
pub const REDIRECT_BYTES_MAX: usize = 256;
/// Name of such a program; characters.
pub const CLIENT_NAME_CHARS_MAX: usize = 100;
/// What such a program wants back; bytes.
pub const LOGIN_STATE_BYTES_MAX: usize = 256;
/// Body of a request about a login; bytes.
pub const LOGIN_BODY_BYTES_MAX: usize = 16 * 1024;
/// How long somebody may take to sign in, from the first page on; seconds. The official client waits 300 s.
pub const SIGN_IN_SECONDS: u32 = 600;
/// Sign-ins that fail, of one address in a minute.
pub const FAILED_SIGN_INS_PER_MINUTE: u32 = 10;
/// Until an identity provider has answered one request.
pub const PROVIDER_WAIT: Duration = Duration::from_secs(5);
/// Bytes of an answer of an identity provider.
pub const PROVIDER_ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How long what an identity provider says of itself, and its keys, are taken to hold.
pub const PROVIDER_KNOWN_FOR: Duration = Duration::from_secs(3600);
/// How soon its keys are asked for again where one was not among them.
pub const PROVIDER_KEYS_AGAIN: Duration = Duration::from_secs(60);
/// Keys of an identity provider that are looked at.
pub const PROVIDER_KEYS_MAX: usize = 100;
/// By how much its clock may differ from ours; seconds.
pub const PROVIDER_CLOCK_SECONDS: i64 = 60;
/// Groups of a person that are looked at.
pub const PROVIDER_GROUPS_MAX: usize = 1_000;
