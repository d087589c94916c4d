//! A message as an event: CloudEvents 1.0 in binary mode (`ce-` headers) and structured mode (JSON), or plain JSON.
//!
//! Pure: bytes and headers in, an event or the reason why it is none out. What comes in is hostile.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

use std::collections::BTreeMap;

use downbeat_domain::{IncomingEvent, limits};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Carries the source and the id of an event whose message does not say them itself, when it is published again.
pub const SOURCE_HEADER: &str = "downbeat-event-source";
/// See [`SOURCE_HEADER`].
pub const ID_HEADER: &str = "downbeat-event-id";
/// CloudEvents attribute, or header after `downbeat-`: how many runs led to the event.
const DEPTH: &str = "downbeatdepth";

/// A message that was published for triggers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its subject, below `downbeat.trigger.`.
    pub address: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// What was sent.
    pub payload: Vec<u8>,
    /// Its place in the stream; 0 = it does not come from one.
    pub sequence: u64,
    /// Which stream: a stream that is made anew counts from 1 again.
    pub stream: String,
}

impl Message {
    /// The event, or why it is none.
    pub fn event(&self) -> Result<IncomingEvent, String> {
        if self.payload.len() > limits::EVENT_BYTES_MAX {
            let (bytes, most) = (self.payload.len(), limits::EVENT_BYTES_MAX);
            return Err(format!("its payload has {bytes} bytes; at most {most} are allowed"));
        }
        let content_type = self.headers.get("content-type").map(|kind| media_type(kind)).unwrap_or_default();
        let event = if self.headers.contains_key("ce-specversion") {
            self.binary(&content_type)
        } else if content_type.starts_with("application/cloudevents") {
            match content_type.as_str() {
                "application/cloudevents" | "application/cloudevents+json" => self.structured(&self.object()?),
                other => {
                    Err(format!("CloudEvents as `{}` are not read; send application/cloudevents+json", brief(other)))
                }
            }
        } else {
            match self.json()? {
                // The structured mode needs no header where the message says by itself what it is.
                Value::Object(fields) if fields.get("specversion").is_some_and(Value::is_string) => {
                    self.structured(&fields)
                }
                data => self.plain(data),
            }
        }?;
        match event.fault() {
            Some(fault) => Err(fault),
            None => Ok(event),
        }
    }

    fn binary(&self, content_type: &str) -> Result<IncomingEvent, String> {
        let attribute = |name: &str| match self.headers.get(&format!("ce-{name}")) {
            None => Ok(None),
            Some(text) => {
                decoded(text).map(Some).ok_or_else(|| format!("its header ce-{name} is no percent-encoded UTF-8"))
            }
        };
        let of_data = attribute("datacontenttype")?.map(|kind| media_type(&kind));
        let of_data = of_data.as_deref().unwrap_or(content_type);
        let data = match (self.payload.is_empty(), is_json(of_data)) {
            (true, _) => Value::Null,
            (false, true) => self.json()?,
            (false, false) => Value::String(self.text()?.to_owned()),
        };
        self.cloud_event(&attribute, data)
    }

    fn structured(&self, fields: &Map<String, Value>) -> Result<IncomingEvent, String> {
        let attribute = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            // Extensions may be whole numbers.
            Some(Value::Number(number)) if name == DEPTH => Ok(Some(number.to_string())),
            Some(_) => Err(format!("its attribute `{name}` is no text")),
        };
        // Bytes that are no JSON come as the text of their base64 form.
        let data = fields.get("data").or_else(|| fields.get("data_base64")).cloned().unwrap_or_default();
        self.cloud_event(&attribute, data)
    }

    fn cloud_event(
        &self,
        attribute: &dyn Fn(&str) -> Result<Option<String>, String>,
        data: Value,
    ) -> Result<IncomingEvent, String> {
        let required = |name: &str| match attribute(name)?.filter(|text| !text.is_empty()) {
            Some(text) => Ok(text),
            None => Err(format!("it is a CloudEvent without `{name}`")),
        };
        let version = required("specversion")?;
        if version != "1.0" && !version.starts_with("1.0.") {
            return Err(format!("it is a CloudEvent of version `{}`; 1.0 is read", brief(&version)));
        }
        let time = match attribute("time")? {
            None => None,
            Some(text) => Some(instant(&text)?),
        };
        Ok(IncomingEvent {
            address: self.address.clone(),
            id: required("id")?,
            source: required("source")?,
            kind: required("type")?,
            subject: attribute("subject")?.unwrap_or_default(),
            time,
            data,
            depth: depth(attribute(DEPTH)?.as_deref())?,
        })
    }

    /// JSON that is no CloudEvent: its id is what the publisher gave to NATS, else its place in the stream.
    fn plain(&self, data: Value) -> Result<IncomingEvent, String> {
        let header = |name: &str| self.headers.get(name).filter(|text| !text.is_empty()).cloned();
        let (source, id) = match (header(ID_HEADER), header("nats-msg-id")) {
            (Some(id), _) => (header(SOURCE_HEADER).unwrap_or_default(), id),
            (None, Some(id)) => ("nats-msg-id".to_owned(), id),
            (None, None) if self.sequence > 0 => (self.stream.clone(), self.sequence.to_string()),
            (None, None) => return Err("it has no id: give it a Nats-Msg-Id, or make it a CloudEvent".to_owned()),
        };
        Ok(IncomingEvent {
            address: self.address.clone(),
            id,
            source,
            kind: String::new(),
            subject: String::new(),
            time: None,
            data,
            depth: depth(header("downbeat-depth").as_deref())?,
        })
    }

    fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.payload)
            .map_err(|error| format!("its payload is no UTF-8 from byte {} on", error.valid_up_to()))
    }

    fn json(&self) -> Result<Value, String> {
        serde_json::from_str(self.text()?).map_err(|error| format!("its payload is no JSON: {error}"))
    }

    fn object(&self) -> Result<Map<String, Value>, String> {
        match self.json()? {
            Value::Object(fields) => Ok(fields),
            _ => Err("it is no JSON object, as a CloudEvent is".to_owned()),
        }
    }
}

/// Without parameters, in lower case.
fn media_type(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// JSON is what CloudEvents without a content type hold.
fn is_json(media_type: &str) -> bool {
    media_type.is_empty() || media_type.ends_with("/json") || media_type.ends_with("+json")
}

/// The value of a header: perhaps in quotes, percent-encoded.
fn decoded(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let instant: Option<Timestamp> = text.parse().ok();
    // To the precision of what is recorded.
    let instant = instant.and_then(|instant| Timestamp::from_microsecond(instant.as_microsecond()).ok());
    instant.ok_or_else(|| format!("its time `{}` is no instant such as 2026-11-26T08:00:00Z", brief(text)))
}

fn depth(text: Option<&str>) -> Result<u32, String> {
    match text {
        None => Ok(0),
        Some(text) => text.parse().map_err(|_| format!("its depth `{}` is no whole number", brief(text))),
    }
}

/// Of a text from outside, as much as a message shows.
fn brief(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
