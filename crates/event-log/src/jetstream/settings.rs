//! What the settings of a stream and of its server mean for a log: unfit, doubtful, or fine. Pure.
//!
//! Promises: a stream that could lose or change records is never used; whatever only makes a loss likelier is said, and refused where
//! somebody asked for that (`--strict`). Knows nothing about how the settings are asked for.

use serde_json::{Value, json};

use super::JetStreamOptions;
use super::monitor::{Server, Sync};
use crate::error::{Error, RUNBOOK};
use crate::limits;

/// From so many servers on, three copies of the log are possible, so that one server may be lost.
const SERVERS_FOR_COPIES: u64 = 3;
const COPIES: u64 = 3;

/// Settings under which the stream could lose or change records, or cannot take them.
pub(super) fn unfit(config: &Value, options: &JetStreamOptions) -> Vec<String> {
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
    let largest = (limits::RECORD_BYTES_MAX + limits::MESSAGE_OVERHEAD_BYTES) as i64;
    if (0..largest).contains(&config["max_msg_size"].as_i64().unwrap_or(-1)) {
        unfit.push(format!("max_msg_size is {}, must be -1 or at least {largest}", config["max_msg_size"]));
    }
    for key in ["allow_rollup_hdrs", "allow_direct", "no_ack", "sealed", "allow_msg_ttl"] {
        if config[key].as_bool().unwrap_or(false) {
            unfit.push(format!("{key} is true, must be false"));
        }
    }
    for key in ["mirror", "sources", "subject_transform"] {
        if !config[key].is_null() {
            unfit.push(format!("{key} is set, must not be"));
        }
    }
    if config["persist_mode"].as_str().is_some_and(|mode| mode != "default") {
        unfit.push(format!("persist_mode is {}: it acknowledges what is not written", config["persist_mode"]));
    }
    unfit
}

/// Settings that lose nothing by themselves, and make it likelier that something else does.
pub(super) fn doubts(info: &Value, server: &Server, options: &JetStreamOptions) -> Vec<String> {
    let config = &info["config"];
    let mut doubts = Vec::new();
    match &server.sync {
        Sync::Always => {}
        Sync::Not => doubts.push(
            "NATS DOES NOT SYNC EVERY WRITE: acknowledged records are lost when the machine dies; set `jetstream { sync_interval: always }` \
             in the server's configuration"
                .to_owned(),
        ),
        Sync::Unknown(why) if options.strict => {
            doubts.push(format!("whether NATS syncs every write cannot be known ({why}): say its monitoring address with --nats-monitor"));
        }
        Sync::Unknown(_) => {}
    }
    let copies = config["num_replicas"].as_u64().unwrap_or(1);
    if copies < options.replicas as u64 && options.create {
        doubts.push(format!(
            "the stream has {copies} copies and --log-replicas says {}: change one of the two (`nats stream update`)",
            options.replicas
        ));
    }
    // Without a monitoring address only whether there is a cluster is known.
    let clustered = info["cluster"]["name"].is_string();
    let servers = server.servers.unwrap_or(if clustered { SERVERS_FOR_COPIES } else { 1 });
    if copies < COPIES && servers >= SERVERS_FOR_COPIES {
        doubts.push(format!(
            "the stream has {copies} copies on a cluster of {servers} servers or more: one lost disk may lose the log; have {COPIES} copies"
        ));
    }
    for (key, what) in [("max_msgs", "records"), ("max_consumers", "readers")] {
        if config[key].as_i64().unwrap_or(-1) > 0 {
            doubts.push(format!("{key} is {}: the log takes no more {what} than that", config[key]));
        }
    }
    doubts
}

/// Says the doubts, and refuses for them where `options` want that.
///
/// # Errors
/// `Fatal`; `Unavailable` where only an answer of the monitoring port is missing.
pub(super) fn judge(info: &Value, server: &Server, options: &JetStreamOptions) -> Result<(), Error> {
    let stream = &options.stream;
    if let Sync::Unknown(reason) = &server.sync {
        tracing::info!(
            stream,
            reason,
            "could not check that NATS syncs every write; the server's configuration must say `jetstream {{ sync_interval: always }}`"
        );
    }
    let doubts = doubts(info, server, options);
    for doubt in &doubts {
        tracing::warn!(stream, "THE LOG IS NOT SAFE: {doubt} ({RUNBOOK}#the-log-is-not-safe)");
    }
    if !options.strict || doubts.is_empty() {
        return Ok(());
    }
    let place = format!("{stream} at {}", options.server_url);
    let reason =
        format!("--strict refuses the log as it is set up: {} ({RUNBOOK}#the-log-is-not-safe)", doubts.join("; "));
    match (&server.sync, &options.monitor_url) {
        // It may answer the next time.
        (Sync::Unknown(_), Some(_)) if doubts.len() == 1 => Err(Error::Unavailable { log: place, reason }),
        _ => Err(Error::fatal(place, reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn fit() -> Value {
        let options = JetStreamOptions::default();
        json!({
            "storage": "file", "retention": "limits", "discard": "new", "deny_delete": true,
            "subjects": [options.subject], "max_msgs_per_subject": -1, "max_msg_size": 525_312, "num_replicas": 1
        })
    }

    #[test]
    fn a_stream_that_may_lose_records_is_unfit() {
        let options = JetStreamOptions::default();
        assert_eq!(unfit(&fit(), &options), [""; 0]);
        for (key, value) in [
            ("storage", json!("memory")),
            ("retention", json!("interest")),
            ("discard", json!("old")),
            ("deny_delete", json!(false)),
            ("subjects", json!(["other"])),
            ("max_age", json!(1)),
            ("max_msgs_per_subject", json!(1)),
            ("max_msg_size", json!(1_000)),
            ("allow_rollup_hdrs", json!(true)),
            ("allow_direct", json!(true)),
            ("allow_msg_ttl", json!(true)),
            ("no_ack", json!(true)),
            ("sealed", json!(true)),
            ("mirror", json!({"name": "other"})),
            ("sources", json!([{"name": "other"}])),
            ("persist_mode", json!("async")),
        ] {
            let mut config = fit();
            config[key] = value;
            let reasons = unfit(&config, &options);
            assert!(reasons.len() == 1 && reasons[0].starts_with(key), "{key}: {reasons:?}");
        }
    }

    #[test]
    fn what_makes_a_loss_likelier_is_said_and_refused_only_if_somebody_wants_that() {
        let monitored = |sync, servers| Server { sync, servers, storage: None };
        let always = || monitored(Sync::Always, Some(1));
        let with = |key: &str, value: Value| {
            let mut info = json!({"config": fit()});
            info["config"][key] = value;
            info
        };
        let clustered = json!({"config": fit(), "cluster": {"name": "east"}});
        let unknown = |servers| monitored(Sync::Unknown("no address".to_owned()), servers);
        let three = JetStreamOptions { replicas: 3, create: true, ..JetStreamOptions::default() };
        let one = JetStreamOptions { create: true, ..JetStreamOptions::default() };
        for (info, server, options, said) in [
            (with("max_msgs", json!(-1)), always(), &one, None),
            (with("max_msgs", json!(-1)), monitored(Sync::Not, None), &one, Some("DOES NOT SYNC")),
            (with("max_msgs", json!(9)), always(), &one, Some("max_msgs is 9")),
            (with("max_consumers", json!(2)), always(), &one, Some("no more readers")),
            (with("max_msgs", json!(-1)), always(), &three, Some("--log-replicas says 3")),
            (with("num_replicas", json!(3)), monitored(Sync::Always, Some(3)), &three, None),
            (clustered.clone(), monitored(Sync::Always, Some(3)), &one, Some("1 copies on a cluster of 3")),
            (clustered.clone(), monitored(Sync::Always, Some(2)), &one, None),
            (clustered, unknown(None), &JetStreamOptions { strict: false, ..one.clone() }, Some("on a cluster")),
        ] {
            let found = doubts(&info, &server, options);
            assert_eq!(found.len(), usize::from(said.is_some()), "{found:?}");
            assert!(found.iter().all(|doubt| doubt.contains(said.unwrap_or_default())), "{found:?}");
            assert_eq!(judge(&info, &server, options), Ok(()), "without --strict");
            let strict = JetStreamOptions { strict: true, monitor_url: None, ..options.clone() };
            assert_eq!(judge(&info, &server, &strict).is_err(), said.is_some(), "with --strict");
        }
    }

    #[test]
    fn strict_wants_to_know_and_waits_for_a_monitoring_port_that_it_was_told_of() {
        let info = json!({"config": fit()});
        let server = Server { sync: Sync::Unknown("nobody answers".to_owned()), servers: None, storage: None };
        for (monitor_url, kind) in
            [(None, ErrorKind::Fatal), (Some("http://127.0.0.1:8222".to_owned()), ErrorKind::Unavailable)]
        {
            let options = JetStreamOptions { strict: true, monitor_url, ..JetStreamOptions::default() };
            let refused = judge(&info, &server, &options).unwrap_err();
            assert_eq!(refused.kind(), kind);
            assert!(refused.to_string().contains("--nats-monitor"), "{refused}");
        }
    }
}
