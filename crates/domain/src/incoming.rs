//! An event from outside, as whoever received it read it: what triggers look at. Knows nothing about how it was sent.

use downbeat_dialect::expression::Names;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{event::EventOrigin, id::EventKey, limits};

/// An event that somebody published.
#[derive(Clone, Debug, PartialEq)]
pub struct IncomingEvent {
    /// NATS subject that it was published to, below `downbeat.trigger.`.
    pub address: String,
    /// Unique in its source.
    pub id: String,
    /// Who made it.
    pub source: String,
    /// What kind it is; empty = it does not say.
    pub kind: String,
    /// What of the source it is about; empty = it does not say.
    pub subject: String,
    /// When it says that it happened.
    pub time: Option<Timestamp>,
    /// What was sent.
    pub data: Value,
    /// Runs in the chain of causes that led to it.
    pub depth: u32,
}

impl IncomingEvent {
    /// What tells it from all others.
    pub fn key(&self) -> EventKey {
        EventKey::of(&self.source, &self.id)
    }

    /// What is kept of it.
    pub fn origin(&self) -> EventOrigin {
        EventOrigin {
            id: self.id.clone(),
            source: self.source.clone(),
            address: self.address.clone(),
            // To the precision of what is recorded.
            time: self.time.and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok()),
        }
    }

    /// Why no trigger may take it, if there is a reason. The size of the data is for whoever has its text to look at.
    pub fn fault(&self) -> Option<String> {
        let texts = [
            ("id", &self.id, limits::EVENT_TEXT_BYTES_MAX),
            ("source", &self.source, limits::EVENT_TEXT_BYTES_MAX),
            ("type", &self.kind, limits::EVENT_TEXT_BYTES_MAX),
            ("subject", &self.subject, limits::EVENT_TEXT_BYTES_MAX),
            ("NATS subject", &self.address, limits::EVENT_ADDRESS_BYTES_MAX),
        ];
        if let Some((name, text, most)) = texts.iter().find(|(_, text, most)| text.len() > *most) {
            return Some(format!("its {name} has {} bytes; at most {most} are allowed", text.len()));
        }
        if self.id.is_empty() {
            return Some("it has no id".to_owned());
        }
        if self.address.is_empty() {
            return Some("its NATS subject is empty".to_owned());
        }
        if self.depth > limits::EVENT_CAUSES_MAX {
            let most = limits::EVENT_CAUSES_MAX;
            return Some(format!(
                "{} runs led to it, and at most {most} may: do pipelines start each other?",
                self.depth
            ));
        }
        is_deep(&self.data, limits::EVENT_DEPTH_MAX)
            .then(|| format!("its data is nested deeper than {} levels", limits::EVENT_DEPTH_MAX))
    }
}

/// Do lists and maps stand in each other more than `levels` deep?
pub fn is_deep(value: &Value, levels: usize) -> bool {
    let inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => return false,
    };
    let Some(left) = levels.checked_sub(1) else { return true };
    inner.into_iter().any(|value| is_deep(value, left))
}

/// The names that an expression over an event sees: `event`, and nothing else.
pub(crate) struct EventNames(Value);

impl EventNames {
    pub(crate) fn of(event: &IncomingEvent) -> Self {
        let text = |text: &str| Some(text).filter(|text| !text.is_empty()).map_or(Value::Null, Value::from);
        let fields = [
            ("id", text(&event.id)),
            ("type", text(&event.kind)),
            ("source", text(&event.source)),
            ("subject", text(&event.subject)),
            ("time", event.time.map_or(Value::Null, |time| Value::String(time.to_string()))),
            ("data", event.data.clone()),
            ("nats", text(&event.address)),
        ];
        Self(Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()))
    }
}

impl EventNames {
    /// Assets were materialised: nobody sent that, so there is no id and no source.
    pub(crate) fn of_assets(data: &Value, time: Timestamp) -> Self {
        let kind = "downbeat.assets.materialised";
        Self(serde_json::json!({
            "id": null, "type": kind, "source": null, "subject": null, "time": time.to_string(), "data": data, "nats": null,
        }))
    }
}

impl Names for EventNames {
    fn event(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> IncomingEvent {
        IncomingEvent {
            address: "orders.landed".to_owned(),
            id: "7".to_owned(),
            source: "shop".to_owned(),
            kind: String::new(),
            subject: String::new(),
            time: None,
            data: json!({}),
            depth: 0,
        }
    }

    #[test]
    fn what_is_too_long_too_deep_or_unnamed_is_refused() {
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        let long = "x".repeat(limits::EVENT_TEXT_BYTES_MAX + 1);
        assert_eq!(event().fault(), None);
        assert_eq!(IncomingEvent { data: nested(limits::EVENT_DEPTH_MAX), ..event() }.fault(), None);
        for (event, reason) in [
            (IncomingEvent { id: long.clone(), ..event() }, "its id has 1025 bytes; at most 1024 are allowed"),
            (IncomingEvent { subject: long, ..event() }, "its subject has 1025 bytes"),
            (IncomingEvent { id: String::new(), ..event() }, "it has no id"),
            (IncomingEvent { address: String::new(), ..event() }, "its NATS subject is empty"),
            (IncomingEvent { address: "x".repeat(256), ..event() }, "its NATS subject has 256 bytes"),
            (IncomingEvent { depth: 21, ..event() }, "21 runs led to it"),
            (IncomingEvent { data: nested(65), ..event() }, "its data is nested deeper than 64 levels"),
        ] {
            let found = event.fault().unwrap_or_default();
            assert!(found.starts_with(reason), "{found}");
        }
    }
}
