//! Environments: named, typed variables that runs read as `ENV.NAME`.
//!
//! Promises: a variable always holds a value of its kind, and a set of variables that was checked fits into a run. Knows nothing about
//! which run reads which environment: [`crate::state::Environments`] does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::{id::EnvironmentId, limits};

/// What kind of value a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariableKind {
    /// A text.
    String,
    /// A whole number of 64 bits.
    Int,
    /// True or false.
    Bool,
    /// The name of a connection: what a `connection` that reads the variable is given.
    Credential,
}

impl VariableKind {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::String, Self::Int, Self::Bool, Self::Credential];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Credential => "integration_credential",
        }
    }

    /// From the word of the API.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a value must be like, in words, unless it is like that.
    fn unfit(self, value: &Value) -> Option<&'static str> {
        let fits = match (self, value) {
            (Self::String, Value::String(_)) | (Self::Bool, Value::Bool(_)) => true,
            (Self::Int, Value::Number(number)) => number.as_i64().is_some(),
            (Self::Credential, Value::String(name)) => {
                (1..=limits::CONNECTION_NAME_CHARS_MAX).contains(&name.chars().count())
                    && !name.chars().any(char::is_control)
            }
            _ => false,
        };
        (!fits).then_some(match self {
            Self::String => "a text",
            Self::Int => "a whole number of 64 bits",
            Self::Bool => "true or false",
            Self::Credential => "the name of a connection, of 1 to 255 characters",
        })
    }
}

/// A variable of an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its kind.
    pub kind: VariableKind,
    /// A value of that kind.
    pub value: Value,
}

/// Variables by their names.
pub type Variables = BTreeMap<String, Variable>;

/// Why these are no variables of an environment; `None` = they are.
pub fn unfit(variables: &Variables) -> Option<String> {
    let most = limits::VARIABLES_PER_ENVIRONMENT_MAX;
    if variables.len() > most {
        return Some(format!("{} variables; at most {most} are allowed", variables.len()));
    }
    for (name, variable) in variables {
        if !is_name(name) {
            let most = limits::VARIABLE_NAME_CHARS_MAX;
            let shown: String = name.chars().take(64).collect();
            return Some(format!(
                "variable `{shown}`: a name takes 1 to {most} characters of A-Z a-z 0-9 _ and begins with no digit"
            ));
        }
        if let Some(wanted) = variable.kind.unfit(&variable.value) {
            return Some(format!("variable `{name}`: a value of type {} is {wanted}", variable.kind.as_str()));
        }
    }
    let (bytes, most) = (bytes_of(variables), limits::ENVIRONMENT_BYTES_MAX);
    (bytes > most).then(|| format!("its variables take {bytes} bytes; at most {most} are allowed"))
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=limits::VARIABLE_NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(fits)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// What variables take as JSON, bytes.
pub fn bytes_of(variables: &Variables) -> usize {
    // Per variable quotes, a colon and a comma beside its name and its value.
    variables.iter().map(|(name, variable)| name.len() + variable.value.to_string().len() + 4).sum()
}

/// A request to make an environment, or to change one.
#[derive(Clone, Debug, PartialEq)]
pub struct SetEnvironment {
    /// Id of a new one. The same id again is answered from state.
    pub new: EnvironmentId,
    /// Id or name of the one that changes; empty = a new one.
    pub named: String,
    /// What it is called from now on.
    pub name: String,
    /// All its variables.
    pub variables: Variables,
    /// Whether it is the default; `None` = as it was.
    pub is_default: Option<bool>,
}

/// A fact about environments.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvironmentEvent {
    /// An environment is from now on like this.
    Set(Box<EnvironmentSet>),
    /// It is gone.
    Removed {
        /// Which.
        environment: EnvironmentId,
        /// What it was called.
        name: String,
        /// When.
        at: Timestamp,
    },
}

/// See [`EnvironmentEvent::Set`].
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSet {
    /// Which.
    pub environment: EnvironmentId,
    /// What it is called.
    pub name: String,
    /// All its variables.
    pub variables: Variables,
    /// It is what runs read that name none; the one that was it before is it no more.
    pub is_default: bool,
    /// When.
    pub at: Timestamp,
}

impl EnvironmentEvent {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Set(set) => set.at,
            Self::Removed { at, .. } => *at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(name: &str, kind: VariableKind, value: Value) -> Variables {
        Variables::from([(name.to_owned(), Variable { kind, value })])
    }

    #[test]
    fn values_are_of_their_kind() {
        use VariableKind::{Bool, Credential, Int, String as Text};
        let cases = [
            (Text, json!("eu"), true),
            (Text, json!(""), true),
            (Text, json!(7), false),
            (Int, json!(-7), true),
            (Int, json!(i64::MAX), true),
            (Int, json!(u64::MAX), false),
            (Int, json!(7.5), false),
            (Int, json!("7"), false),
            (Bool, json!(false), true),
            (Bool, json!("false"), false),
            (Credential, json!("warehouse_12345"), true),
            (Credential, json!(""), false),
            (Credential, json!("two\nlines"), false),
            (Credential, json!("x".repeat(256)), false),
            (Text, Value::Null, false),
        ];
        for (kind, value, fits) in cases {
            assert_eq!(unfit(&one("A", kind, value.clone())).is_none(), fits, "{kind:?} {value}");
        }
    }

    #[test]
    fn names_are_those_of_variables() {
        for (name, fits) in [("A", true), ("_a1", true), ("1a", false), ("", false), ("a-b", false), ("ä", false)] {
            assert_eq!(unfit(&one(name, VariableKind::Bool, json!(true))).is_none(), fits, "{name}");
        }
        let most = limits::VARIABLE_NAME_CHARS_MAX;
        assert!(unfit(&one(&"n".repeat(most), VariableKind::Bool, json!(true))).is_none());
        assert!(unfit(&one(&"n".repeat(most + 1), VariableKind::Bool, json!(true))).is_some());
    }

    #[test]
    fn there_are_only_so_many_and_so_large_ones() {
        let many = |count: usize| -> Variables {
            let flag = Variable { kind: VariableKind::Bool, value: json!(true) };
            (0..count).map(|place| (format!("V{place}"), flag.clone())).collect()
        };
        assert_eq!(unfit(&many(limits::VARIABLES_PER_ENVIRONMENT_MAX)), None);
        assert!(unfit(&many(limits::VARIABLES_PER_ENVIRONMENT_MAX + 1)).unwrap().contains("at most 500"));
        let large = "x".repeat(limits::ENVIRONMENT_BYTES_MAX);
        assert!(unfit(&one("A", VariableKind::String, json!(large))).unwrap().contains("bytes"));
    }

    #[test]
    fn kinds_read_back() {
        for kind in VariableKind::ALL {
            assert_eq!(VariableKind::from_word(kind.as_str()), Some(kind));
        }
        assert_eq!(VariableKind::from_word("STRING"), None);
    }
}
