//! NATS subjects of what is told: `downbeat.events.<account>.<pipeline>.<kind>`.
//!
//! Pure. A token says letters, digits, `-` and `_` of its name as they are, and every other byte of its UTF-8 as `%` and two hex digits: so
//! no name can add tokens to a subject or hold a wildcard. `_` alone stands for "of no pipeline"; a name that is `_` alone is `%5F`.

use std::fmt::Write;

/// What everything is published below.
pub const EVENTS_PREFIX: &str = "downbeat.events.";
/// Token of what is of no pipeline.
const NONE: &str = "_";

/// The subject of an event of a pipeline; empty = of none.
pub(super) fn of_event(account: &str, pipeline: &str, kind: &str) -> String {
    let pipeline = if pipeline.is_empty() { NONE.to_owned() } else { token(pipeline) };
    format!("{EVENTS_PREFIX}{}.{pipeline}.{}", token(account), token(kind))
}

/// A name as one token.
pub(super) fn token(name: &str) -> String {
    if name == NONE {
        return "%5F".to_owned();
    }
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            token.push(char::from(byte));
        } else {
            // Writing into memory has no way to fail.
            let _ = write!(token, "%{byte:02X}");
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_adds_a_token_or_a_wildcard() {
        for (pipeline, expected) in [
            ("daily_load", "downbeat.events.default.daily_load.run_created"),
            ("a.b c", "downbeat.events.default.a%2Eb%20c.run_created"),
            ("*", "downbeat.events.default.%2A.run_created"),
            (">", "downbeat.events.default.%3E.run_created"),
            ("100%", "downbeat.events.default.100%25.run_created"),
            ("ü\n", "downbeat.events.default.%C3%BC%0A.run_created"),
            ("", "downbeat.events.default._.run_created"),
            ("_", "downbeat.events.default.%5F.run_created"),
        ] {
            let subject = of_event("default", pipeline, "run_created");
            assert_eq!(subject, expected, "{pipeline:?}");
            assert_eq!(subject.split('.').count(), 5, "{pipeline:?}");
        }
    }
}
