//! What the text of a pipeline says that clients want to know of it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// See the module. Triggers stand in it as texts that hold JSON: that is how clients read them.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Described {
    /// By name: type, default, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Map<String, Value>>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_events: Option<String>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    sensors: Option<String>,
}

impl Described {
    pub(super) fn of(source: &str) -> Self {
        let Some(Value::Object(mut fields)) = downbeat_dialect::to_json(source) else { return Self::default() };
        let mut text = |name: &str| fields.remove(name).filter(|value| !value.is_null()).map(|value| value.to_string());
        let (trigger_events, webhook, schedule, sensors) =
            (text("trigger_events"), text("webhook"), text("schedule"), text("sensors"));
        let inputs = match fields.remove("inputs") {
            Some(Value::Object(inputs)) => Some(inputs),
            _ => None,
        };
        Self { inputs, trigger_events, webhook, schedule, sensors }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_texts_and_inputs_are_an_object() {
        let source = "version: v1\nname: n\nschedule:\n- cron: '0 0 * * ? *'\ninputs:\n  day: {type: string, optional: true}\nwebhook: null\npipeline: {}\n";
        let described = serde_json::to_value(Described::of(source)).unwrap();
        let expected = serde_json::json!({
            "inputs": {"day": {"type": "string", "optional": true}}, "schedule": r#"[{"cron":"0 0 * * ? *"}]"#,
        });
        assert_eq!(described, expected);
        assert_eq!(serde_json::to_value(Described::of(": [")).unwrap(), serde_json::json!({}));
    }
}
