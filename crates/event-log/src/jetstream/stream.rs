//! Making the stream and checking that an existing one is fit to be a log.

use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use serde_json::{Value, json};

use super::{JetStreamOptions, settings};
use crate::error::Error;
use crate::limits;
use crate::log::Room;
use crate::restored::Restored;
use crate::types::LogId;

/// Where a stream says from which log it was restored, and up to which record.
const RESTORED_FROM: &str = "downbeat-restored-from";
const RESTORED_UP_TO: &str = "downbeat-restored-up-to";

/// What the log needs to know of its stream.
pub(super) struct StreamState {
    pub(super) id: LogId,
    pub(super) messages: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    /// What it takes of what it may take, if that has a limit.
    pub(super) room: Option<Room>,
}

fn config(options: &JetStreamOptions) -> Config {
    let message_bytes = limits::RECORD_BYTES_MAX + limits::MESSAGE_OVERHEAD_BYTES;
    Config {
        name: options.stream.clone(),
        subjects: vec![options.subject.clone()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: options.max_bytes,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: i32::try_from(message_bytes).unwrap_or(i32::MAX),
        num_replicas: options.replicas,
        duplicate_window: limits::DUPLICATE_WINDOW,
        // Not deny_purge: it can never be switched off again and would block moving old records elsewhere.
        deny_delete: true,
        allow_direct: false,
        metadata: options.restored.iter().flat_map(metadata).collect(),
        ..Config::default()
    }
}

fn metadata(from: &Restored) -> [(String, String); 2] {
    [(RESTORED_FROM.to_owned(), from.origin.to_string()), (RESTORED_UP_TO.to_owned(), from.up_to.to_string())]
}

/// Opens the stream, making it if wanted, and returns the log's identity with what the server says about the stream.
pub(super) async fn open(context: &Context, options: &JetStreamOptions) -> Result<(LogId, Value), Error> {
    let place = format!("{} at {}", options.stream, options.server_url);
    let found = match info(context, options).await? {
        None if options.create => {
            // Two processes may make it at once: the second call finds it made, with the same settings.
            let made = context.create_stream(config(options)).await;
            made.map_err(|error| Error::Unavailable {
                log: place.clone(),
                reason: format!("making the stream: {error}"),
            })?;
            info(context, options).await?
        }
        found => found,
    };
    let Some(answer) = found else {
        // The writer makes it: a reader that is started first waits for that.
        return Err(Error::Unavailable { log: place, reason: "the stream does not exist yet".to_owned() });
    };
    let unfit = settings::unfit(&answer["config"], options);
    if !unfit.is_empty() {
        return Err(Error::fatal(place, format!("the stream is unfit as a log: {}", unfit.join(", "))));
    }
    Ok((state(&answer, options)?.id, answer))
}

/// The server's answer about the stream; `None` when there is no such stream. Answered by the stream's leader.
async fn info(context: &Context, options: &JetStreamOptions) -> Result<Option<Value>, Error> {
    let subject = format!("STREAM.INFO.{}", options.stream);
    let unavailable =
        |reason: String| Error::Unavailable { log: format!("{} at {}", options.stream, options.server_url), reason };
    match context.request::<_, _, Response<Value>>(subject, &json!({})).await {
        Ok(Response::Ok(answer)) => Ok(Some(answer)),
        Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
        Ok(Response::Err { error }) => Err(unavailable(format!("asking for the stream: {error}"))),
        Err(error) => Err(unavailable(format!("asking for the stream: {error}"))),
    }
}

fn state(answer: &Value, options: &JetStreamOptions) -> Result<StreamState, Error> {
    let created = answer["created"].as_str();
    let (state, config) = (&answer["state"], &answer["config"]);
    let (messages, last) = (state["messages"].as_u64(), state["last_seq"].as_u64());
    let (Some(created), Some(messages), Some(last)) = (created, messages, last) else {
        return Err(Error::fatal(&options.stream, "the server's answer about the stream lacks its creation or state"));
    };
    let own = format!("{}@{created}", options.stream);
    let restored = match (config["metadata"][RESTORED_FROM].as_str(), config["metadata"][RESTORED_UP_TO].as_str()) {
        (None, None) => None,
        (Some(origin), Some(up_to)) => {
            up_to.parse().ok().map(|up_to| Restored { origin: LogId(origin.to_owned()), up_to })
        }
        _ => None,
    };
    let id = restored.map_or_else(|| LogId(own.clone()), |from| LogId::restored(&own, &from));
    let room = match (state["bytes"].as_u64(), config["max_bytes"].as_i64().map(u64::try_from)) {
        (Some(used), Some(Ok(limit))) if limit > 0 => {
            Some(Room { used, limit, what: format!("the stream {}", options.stream) })
        }
        _ => None,
    };
    Ok(StreamState { id, messages, first: state["first_seq"].as_u64().unwrap_or(0), last, room })
}

/// The stream as its leader has it now.
pub(super) async fn current(context: &Context, options: &JetStreamOptions, id: &LogId) -> Result<StreamState, Error> {
    let answer = info(context, options).await?;
    let replaced = |reason: String| Error::ForeignLog { log: id.clone(), position: 0, reason };
    let Some(answer) = answer else { return Err(replaced("the stream no longer exists".to_owned())) };
    let state = state(&answer, options)?;
    if state.id != *id {
        return Err(replaced(format!("the stream was deleted and made again, it is now {}", state.id)));
    }
    if state.messages != state.last {
        let (first, last, messages) = (state.first, state.last, state.messages);
        let holds = format!("the stream ends at {last} but holds {messages} records only");
        if first > 1 {
            let reason = format!("{holds}: its beginning was purged, or fell out, up to {}", first - 1);
            return Err(Error::corrupt(id, 1, reason));
        }
        let reason = format!("{holds}: others were deleted, or the server lost them");
        return Err(Error::corrupt(id, last, reason));
    }
    Ok(state)
}
