//! Making the stream and checking that an existing one is fit to be a log.

use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use serde_json::{Value, json};

use super::JetStreamOptions;
use crate::error::Error;
use crate::limits;
use crate::types::LogId;

/// What the log needs to know of its stream.
pub(super) struct StreamState {
    pub(super) id: LogId,
    pub(super) messages: u64,
    pub(super) last: u64,
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
        ..Config::default()
    }
}

/// Opens the stream, making it if wanted, and returns the log's identity.
pub(super) async fn open(context: &Context, options: &JetStreamOptions) -> Result<LogId, Error> {
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
    let unfit = unfit(&answer["config"], options);
    if !unfit.is_empty() {
        return Err(Error::fatal(place, format!("the stream is unfit as a log: {}", unfit.join(", "))));
    }
    Ok(state(&answer, options)?.id)
}

/// Settings under which the stream could lose or change records.
fn unfit(config: &Value, options: &JetStreamOptions) -> Vec<String> {
    let required = [
        ("storage", json!("file")),
        ("retention", json!("limits")),
        ("discard", json!("new")),
        ("deny_delete", json!(true)),
        ("subjects", json!([options.subject])),
    ];
    let mut unfit = Vec::new();
    for (key, wanted) in required {
        if config[key] != wanted {
            unfit.push(format!("{key} is {}, must be {wanted}", config[key]));
        }
    }
    if config["max_age"].as_u64().unwrap_or(0) != 0 {
        unfit.push(format!("max_age is {} ns, must be 0", config["max_age"]));
    }
    // Such a limit drops the oldest records, whatever `discard` says about the stream as a whole.
    if config["max_msgs_per_subject"].as_i64().unwrap_or(-1) > 0 {
        unfit.push(format!("max_msgs_per_subject is {}, must be -1", config["max_msgs_per_subject"]));
    }
    if config["allow_rollup_hdrs"].as_bool().unwrap_or(false) {
        unfit.push("allow_rollup_hdrs is true, must be false".to_owned());
    }
    if config["allow_direct"].as_bool().unwrap_or(false) {
        unfit.push("allow_direct is true, must be false".to_owned());
    }
    unfit
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
    let (messages, last) = (answer["state"]["messages"].as_u64(), answer["state"]["last_seq"].as_u64());
    let (Some(created), Some(messages), Some(last)) = (created, messages, last) else {
        return Err(Error::fatal(&options.stream, "the server's answer about the stream lacks its creation or state"));
    };
    Ok(StreamState { id: LogId(format!("{}@{created}", options.stream)), messages, last })
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
        let reason = format!("the stream ends at {} but holds {} records only", state.last, state.messages);
        return Err(Error::corrupt(id, state.last, reason));
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_may_lose_records_is_unfit() {
        let options = JetStreamOptions::default();
        let fit = json!({
            "storage": "file", "retention": "limits", "discard": "new", "deny_delete": true,
            "subjects": [options.subject], "max_msgs_per_subject": -1
        });
        assert!(unfit(&fit, &options).is_empty());
        for (key, value) in [
            ("storage", json!("memory")),
            ("retention", json!("interest")),
            ("discard", json!("old")),
            ("deny_delete", json!(false)),
            ("subjects", json!(["other"])),
            ("max_age", json!(1)),
            ("max_msgs_per_subject", json!(1)),
            ("allow_rollup_hdrs", json!(true)),
            ("allow_direct", json!(true)),
        ] {
            let mut config = fit.clone();
            config[key] = value;
            let reasons = unfit(&config, &options);
            assert!(reasons.len() == 1 && reasons[0].starts_with(key), "{key}: {reasons:?}");
        }
    }
}
