//! What a job's handle holds: the values by which any worker finds the job again, and how it ended if that was known at once.
//!
//! The first byte is the version of what follows; a handle of a later version is refused by name.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::format::StateWord;
use crate::attempt::Failure;
use crate::limits::HANDLE_BYTES_MAX;

const VERSION: u8 = 1;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Handle {
    /// What answers were asked for.
    #[serde(rename = "c")]
    pub(super) captured: Map<String, Value>,
    /// Of a job that ended with the answer to its start.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<Outcome>,
}

/// How a job ended that was over with its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    #[serde(rename = "s")]
    pub(super) state: StateWord,
    #[serde(rename = "w")]
    pub(super) word: String,
    #[serde(rename = "m")]
    pub(super) message: String,
    /// The answer itself, for outputs and metadata, `null` where it was empty; `None`: it did not fit.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub(super) answer: Option<Value>,
}

/// What is there, `null` included.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Handle {
    /// The bytes; an answer that does not fit is left out.
    pub(super) fn encode(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = self.bytes();
        if bytes.len() > HANDLE_BYTES_MAX
            && let Some(outcome) = &self.outcome
        {
            let message = outcome.message[..outcome.message.floor_char_boundary(500)].to_owned();
            let outcome = Outcome { answer: None, message, ..outcome.clone() };
            bytes = Self { outcome: Some(outcome), ..self.clone() }.bytes();
        }
        if bytes.len() > HANDLE_BYTES_MAX {
            let (size, most) = (bytes.len(), HANDLE_BYTES_MAX);
            return Err(Failure::job(format!(
                "the job was started, but what is needed to find it again takes {size} bytes; at most {most} are kept"
            )));
        }
        Ok(bytes)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Failure> {
        let wrong = |what: String| Failure::misconfigured(format!("the job's handle {what}"));
        match bytes.split_first() {
            Some((&VERSION, rest)) => {
                serde_json::from_slice(rest).map_err(|error| wrong(format!("cannot be read: {error}")))
            }
            Some((version, _)) => {
                Err(wrong(format!("has version {version}, this worker reads {VERSION}: run a newer worker")))
            }
            None => Err(wrong("is empty".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn handle(answer: usize) -> Handle {
        let outcome = Outcome {
            state: StateWord::Succeeded,
            word: "ok".to_owned(),
            message: "m".to_owned(),
            answer: Some(json!("x".repeat(answer))),
        };
        Handle { captured: json!({ "id": "j-1" }).as_object().unwrap().clone(), outcome: Some(outcome) }
    }

    #[test]
    fn a_handle_comes_back_as_it_was() {
        let small = handle(10);
        assert_eq!(Handle::decode(&small.encode().unwrap()).unwrap(), small);
        let mut blank = handle(10);
        blank.outcome.as_mut().unwrap().answer = Some(Value::Null);
        assert_eq!(Handle::decode(&blank.encode().unwrap()).unwrap(), blank);
        let large = Handle::decode(&handle(HANDLE_BYTES_MAX).encode().unwrap()).unwrap();
        assert_eq!(large.outcome.unwrap().answer, None);
        assert_eq!(large.captured["id"], "j-1");
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        for (bytes, says) in [(b"".as_slice(), "empty"), (b"\x02{}", "newer worker"), (b"\x01{", "cannot be read")] {
            assert!(Handle::decode(bytes).unwrap_err().message.contains(says));
        }
        let mut captured = Map::new();
        captured.insert("id".to_owned(), json!("x".repeat(HANDLE_BYTES_MAX)));
        assert!(Handle { captured, outcome: None }.encode().is_err());
    }
}
