//! Connections: where something outside is and how to sign in there, as far as the core may know of it.
//!
//! Promises: no value of a field is ever here. Of a sealed connection there are its name, its version, which blob holds it and the names of
//! the fields that are set. Knows nothing about what fields mean, how they are sealed, or who opens them.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{id::ConnectionId, limits};

/// The name of a field, and where its value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionField {
    /// For example `password`.
    pub name: String,
    /// The value is a reference that a worker looks up in a store of this kind, for example `vault`; empty = it is sealed itself.
    pub store: String,
}

/// How a test of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionHealth {
    /// A worker signed in.
    Succeeded,
    /// It could not.
    Failed,
}

impl ConnectionHealth {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Succeeded, Self::Failed];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

/// A request about connections; see [`crate::Command::Connection`].
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectionCommand {
    /// A version was sealed and is kept: it counts from now on.
    Save(Box<SaveConnection>),
    /// It goes.
    Remove {
        /// Its id or its name.
        named: String,
        /// Also while pipelines use it.
        force: bool,
    },
    /// A worker tried it.
    Test {
        /// Which.
        connection: ConnectionId,
        /// The version that was tried.
        version: u32,
        /// How it ended.
        health: ConnectionHealth,
        /// What the worker said, without any credential.
        message: String,
    },
    /// The keys of all of them were wrapped anew.
    Reseal {
        /// How many.
        connections: u32,
        /// The id of the master key that wraps them now.
        master_key: String,
    },
}

/// See [`ConnectionCommand::Save`].
#[derive(Clone, Debug, PartialEq)]
pub struct SaveConnection {
    /// Its id; of a new one drawn by chance, of one that there is that one's.
    pub connection: ConnectionId,
    /// For example `POSTGRES`.
    pub integration: String,
    /// What pipelines call it.
    pub name: String,
    /// One more than the version before; 1 = it is new.
    pub version: u32,
    /// Names the blob that holds the values of this version.
    pub seal: [u8; 16],
    /// The fields that are set, in the order of their names.
    pub fields: Vec<ConnectionField>,
    /// Sealed, bytes.
    pub bytes: usize,
    /// Whether it is what tasks of the integration use that name none; `None` = as before, and of a new one whether its name says so.
    pub is_default: Option<bool>,
}

/// A fact about a connection; see [`crate::Event::Connection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// There is a further connection, or a version of one.
    Saved(ConnectionSaved),
    /// It is gone.
    Removed {
        /// Which.
        connection: ConnectionId,
        /// What it was called.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// A worker tried it.
    Tested {
        /// Which.
        connection: ConnectionId,
        /// What it is called.
        name: String,
        /// The version that was tried.
        version: u32,
        /// How it ended.
        health: ConnectionHealth,
        /// What the worker said, without any credential.
        message: String,
        /// When.
        at: Timestamp,
    },
    /// The keys of all connections were wrapped anew.
    Resealed {
        /// How many.
        connections: u32,
        /// The id of the master key that wraps them now.
        master_key: String,
        /// When.
        at: Timestamp,
    },
}

/// See [`ConnectionEvent::Saved`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSaved {
    /// The connection.
    pub connection: ConnectionId,
    /// For example `POSTGRES`; the same in every version.
    pub integration: String,
    /// What pipelines call it; the same in every version.
    pub name: String,
    /// Counts from 1.
    pub version: u32,
    /// Names the blob that holds the values.
    pub seal: [u8; 16],
    /// The fields that are set.
    pub fields: Vec<ConnectionField>,
    /// Tasks of the integration use it that name none.
    pub is_default: bool,
    /// When.
    pub at: Timestamp,
}

impl ConnectionEvent {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Saved(saved) => saved.at,
            Self::Removed { at, .. } | Self::Tested { at, .. } | Self::Resealed { at, .. } => *at,
        }
    }
}

/// What the connection of an integration is called that is used where none is named.
pub fn default_name(integration: &str) -> String {
    format!("default_{}", integration.to_ascii_lowercase())
}

/// The further connections that parameters speak of, as integration and name (empty = the default one): jobs that look at two systems
/// have `<side>_integration` and `<side>_connection_id` of each.
pub fn of_sides(parameters: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().filter_map(|(key, integration)| {
        let side = key.strip_suffix("_integration")?;
        let named = parameters.get(&format!("{side}_connection_id")).and_then(Value::as_str);
        Some((integration.as_str()?, named.unwrap_or_default()))
    })
}

/// Why this cannot be the name of a connection; `None` = it can.
pub fn unfit_name(name: &str) -> Option<String> {
    let most = limits::SEALED_NAME_CHARS_MAX;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !plain || !(1..=most).contains(&name.len()) {
        return Some(format!("name: 1 to {most} letters, digits, _ and - are allowed"));
    }
    // It could not be told from the id of another one.
    name.parse::<ConnectionId>().is_ok().then(|| format!("name: `{name}` looks like an id"))
}

/// Why these cannot be the fields of a connection; `None` = they can.
pub fn unfit_fields<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Option<String> {
    let most = limits::CONNECTION_FIELDS_MAX;
    if names.len() > most {
        return Some(format!("{} fields; at most {most} are allowed", names.len()));
    }
    let most = limits::CONNECTION_FIELD_CHARS_MAX;
    let fits = |name: &str| {
        (1..=most).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    // What is no name may be a value that stands in the wrong place: it is not repeated.
    (!names.into_iter().all(fits)).then(|| format!("fields: a name takes 1 to {most} of A-Z a-z 0-9 _ - ."))
}

/// Is this the name of an integration?
pub(crate) fn is_integration(name: &str) -> bool {
    (1..=limits::INTEGRATION_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_no_ids() {
        for (name, fits) in [
            ("warehouse_12345", true),
            ("A-b_9", true),
            ("", false),
            ("a b", false),
            ("a/b", false),
            ("ä", false),
            ("..", false),
            ("3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90", false),
        ] {
            assert_eq!(unfit_name(name).is_none(), fits, "{name}");
        }
        assert!(unfit_name(&"n".repeat(limits::SEALED_NAME_CHARS_MAX)).is_none());
        assert!(unfit_name(&"n".repeat(limits::SEALED_NAME_CHARS_MAX + 1)).is_some());
    }

    #[test]
    fn what_is_no_name_of_a_field_is_not_repeated() {
        assert_eq!(unfit_fields(["host", "ssh.key-1", "password"].into_iter()), None);
        let why = unfit_fields(["hunter2 hunter2"].into_iter()).unwrap();
        assert!(!why.contains("hunter2"), "{why}");
        let many: Vec<String> = (0..=limits::CONNECTION_FIELDS_MAX).map(|place| format!("f{place}")).collect();
        assert!(unfit_fields(many.iter().map(String::as_str)).unwrap().contains("at most 64"));
        assert_eq!(default_name("AWS_S3"), "default_aws_s3");
    }

    #[test]
    fn jobs_that_look_at_two_systems_speak_of_both_connections() {
        let parameters = serde_json::json!({
            "source_integration": "POSTGRES", "source_connection_id": "shop", "target_integration": "SNOWFLAKE",
            "target_connection_id": 7, "odd_integration": {}, "connection_id": "x",
        });
        let sides: Vec<_> = of_sides(parameters.as_object().unwrap()).collect();
        assert_eq!(sides, [("POSTGRES", "shop"), ("SNOWFLAKE", "")]);
    }
}
