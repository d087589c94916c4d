//! Messages of JSON-RPC, as far as whoever hands them on must know them: what asks for an answer, and what an answer is to.

use serde::Deserialize;
use serde_json::{Value, json};

/// What a line is that is no JSON.
const PARSE_ERROR: i32 = -32_700;
/// What a line is that is JSON and no message.
const INVALID_REQUEST: i32 = -32_600;
/// The gateway could not be asked, or gave no answer.
pub(super) const UNREACHABLE: i32 = -32_000;
/// The gateway refused.
pub(super) const REFUSED: i32 = -32_001;

/// Something that came in.
#[derive(Debug)]
pub(super) struct Message {
    /// As it came.
    pub(super) text: Vec<u8>,
    /// Ids of the requests in it: each of them wants an answer.
    pub(super) requests: Vec<Value>,
    /// It opens the conversation.
    pub(super) begins: bool,
}

/// What is looked at of a message.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    method: Option<String>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    #[serde(default)]
    result: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

/// `null` is an id, too, though a bad one: whoever gives it waits for an answer.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Heads {
    One(Head),
    Several(Vec<Head>),
}

impl Heads {
    fn into_vec(self) -> Vec<Head> {
        match self {
            Self::One(head) => vec![head],
            Self::Several(heads) => heads,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Failure {
    /// Of JSON-RPC.
    pub(super) code: i32,
    /// For whoever reads it.
    pub(super) text: String,
    /// Of the gateway's answer, if there was one.
    pub(super) status: Option<u16>,
}

impl Message {
    /// Reads a line.
    ///
    /// # Errors
    /// It is none; what is answered then.
    pub(super) fn read(text: Vec<u8>) -> Result<Self, Vec<u8>> {
        let heads = match serde_json::from_slice::<Heads>(&text) {
            Ok(heads) => heads.into_vec(),
            Err(_) if serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok() => {
                return Err(told(&Value::Null, INVALID_REQUEST, "this is no message of JSON-RPC", None));
            }
            Err(error) => {
                return Err(told(&Value::Null, PARSE_ERROR, &format!("this is no JSON: {error}"), None));
            }
        };
        let begins = heads.iter().any(|head| head.method.as_deref() == Some("initialize"));
        let requests = heads.into_iter().filter(|head| head.method.is_some()).filter_map(|head| head.id).collect();
        Ok(Self { text, requests, begins })
    }
}

/// The ids to which a text of the gateway is the answer. `None`: it is no message.
pub(super) fn answered(text: &[u8]) -> Option<Vec<Value>> {
    let heads = serde_json::from_slice::<Heads>(text).ok()?.into_vec();
    let is_message = |head: &Head| head.method.is_some() || head.result.is_some() || head.error.is_some();
    if heads.is_empty() || !heads.iter().all(is_message) {
        return None;
    }
    Some(heads.into_iter().filter(|head| head.method.is_none()).filter_map(|head| head.id).collect())
}

/// On one line: ends of lines stand only between the parts of JSON, never inside of a text.
pub(super) fn on_one_line(mut text: Vec<u8>) -> Vec<u8> {
    for byte in &mut text {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    text
}

/// The answer to a request that failed.
pub(super) fn error(id: &Value, failure: &Failure) -> Vec<u8> {
    told(id, failure.code, &failure.text, failure.status)
}

/// The answer to a line that is too long to be read.
pub(super) fn refused_line() -> Vec<u8> {
    let most = super::lines::LINE_BYTES_MAX / (1024 * 1024);
    told(&Value::Null, INVALID_REQUEST, &format!("a message has at most {most} MiB"), None)
}

fn told(id: &Value, code: i32, text: &str, status: Option<u16>) -> Vec<u8> {
    let mut error = json!({"code": code, "message": text});
    if let Some(status) = status {
        error["data"] = json!({"status": status});
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_which_answers_it_wants() {
        for (text, requests, begins) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#, json!([1]), true),
            (r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{}}"#, json!(["a"]), false),
            (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, json!([]), false),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, json!([null]), false),
            // An answer to what the server asked.
            (r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, json!([]), false),
            (r#"[{"id":1,"method":"a"},{"method":"b"},{"id":2,"method":"c"}]"#, json!([1, 2]), false),
        ] {
            let message = Message::read(text.into()).unwrap();
            assert_eq!((json!(message.requests), message.begins), (requests, begins), "{text}");
            assert_eq!(message.text, text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_message_is_answered_at_once() {
        for (text, code) in
            [("{", PARSE_ERROR), ("hello", PARSE_ERROR), ("7", INVALID_REQUEST), ("\"x\"", INVALID_REQUEST)]
        {
            let answer: Value = serde_json::from_slice(&Message::read(text.into()).unwrap_err()).unwrap();
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(code)), "{text}");
        }
    }

    #[test]
    fn an_answer_says_what_it_is_to() {
        for (text, expected) in [
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Some(json!([1]))),
            (r#"{"jsonrpc":"2.0","id":"x","error":{"code":1}}"#, Some(json!(["x"]))),
            (r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#, Some(json!([]))),
            (r#"[{"id":1,"result":1},{"id":2,"result":2}]"#, Some(json!([1, 2]))),
            (r#"{"detail":"not found"}"#, None),
            ("[]", None),
            ("<html>", None),
        ] {
            assert_eq!(answered(text.as_bytes()).map(|ids| json!(ids)), expected, "{text}");
        }
        assert_eq!(on_one_line(b"{\n  \"a\": \"b\\n\"\r\n}".to_vec()), b"{   \"a\": \"b\\n\"  }");
    }
}
