//! What brokers say went wrong, by its number.

use crate::attempt::Failure;

/// Nothing.
pub(super) const NONE: i16 = 0;
/// There is no such topic, or nobody may know that there is.
pub(super) const UNKNOWN_TOPIC: i16 = 3;
/// A partition has no leader just now.
pub(super) const LEADER_NOT_AVAILABLE: i16 = 5;
/// Of a partition some replicas are away; it can be used all the same.
pub(super) const REPLICA_NOT_AVAILABLE: i16 = 9;

/// What went wrong where, and whether it is worth to try again.
pub(super) fn failure(place: &str, code: i16) -> Failure {
    let (text, again) = match code {
        UNKNOWN_TOPIC => ("there is no such topic (or the user may not describe it)", false),
        LEADER_NOT_AVAILABLE => ("there is no leader just now", true),
        7 => ("the brokers did not answer each other in time", true),
        17 => ("the name cannot be that of a topic", false),
        29 => ("the user may not describe the topic", false),
        31 => ("the user may not ask the cluster", false),
        33 => ("the mechanism of the field sasl_mechanism is not switched on there", false),
        34 => ("a sign-in is not expected there: leave out username and password, or ask another port", false),
        35 => ("it does not know this version of the request: it is older than 1.0 or newer than this worker", false),
        58 => ("the user or the password is wrong", false),
        _ => ("it cannot answer", true),
    };
    let text = format!("{place}: {text} (error {code})");
    if again { Failure::transient(text) } else { Failure::misconfigured(text) }
}
