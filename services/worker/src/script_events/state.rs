//! What a script said so far. Repeating an event changes nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::limits::{SCRIPT_LOGS_BYTES_MAX, SCRIPT_LOGS_MAX, TASK_OUTPUTS_BYTES_MAX};

/// A status as scripts report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ScriptStatus {
    Cancelled,
    Failed,
    Running,
    Succeeded,
    Warning,
}

/// What a script said so far.
#[derive(Debug, Default)]
pub(crate) struct ScriptState {
    pub(crate) status: Option<(ScriptStatus, Option<String>)>,
    /// In the order in which they were first set; names differ in more than case.
    pub(crate) outputs: Map<String, Value>,
    /// Log files by name; a repeated one replaces.
    pub(crate) logs: BTreeMap<String, String>,
    /// Names of outputs that were not kept because the task does not ask for outputs.
    pub(crate) ignored_outputs: Vec<String>,
    output_bytes: usize,
    log_bytes: usize,
}

/// An event would exceed what an attempt may leave; the text says which limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMuch(pub(crate) String);

impl ScriptState {
    pub(crate) fn set_output(&mut self, name: &str, value: Value) -> Result<(), TooMuch> {
        // Names are case-insensitive: the latest spelling wins.
        let before = self.outputs.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        let freed = before.as_ref().map_or(0, |before| size(before, &self.outputs[before]));
        let bytes = self.output_bytes - freed + size(name, &value);
        if bytes > TASK_OUTPUTS_BYTES_MAX {
            return Err(TooMuch(format!(
                "the outputs of one task may take {TASK_OUTPUTS_BYTES_MAX} bytes, {name:?} makes it {bytes}"
            )));
        }
        if let Some(before) = before.filter(|before| before != name) {
            self.outputs.shift_remove(&before);
        }
        self.outputs.insert(name.to_owned(), value);
        self.output_bytes = bytes;
        Ok(())
    }

    pub(crate) fn ignore_output(&mut self, name: &str) {
        if self.ignored_outputs.len() < SCRIPT_LOGS_MAX && !self.ignored_outputs.iter().any(|known| known == name) {
            self.ignored_outputs.push(name.to_owned());
        }
    }

    pub(crate) fn set_log(&mut self, name: &str, data: String) -> Result<(), TooMuch> {
        let freed = self.logs.get(name).map_or(0, String::len);
        let bytes = self.log_bytes - freed + data.len();
        if bytes > SCRIPT_LOGS_BYTES_MAX {
            return Err(TooMuch(format!("the log files of one task may take {SCRIPT_LOGS_BYTES_MAX} bytes")));
        }
        if !self.logs.contains_key(name) && self.logs.len() >= SCRIPT_LOGS_MAX {
            return Err(TooMuch(format!("a task may send {SCRIPT_LOGS_MAX} log files")));
        }
        self.logs.insert(name.to_owned(), data);
        self.log_bytes = bytes;
        Ok(())
    }

    /// The outputs as the text of a JSON object; empty when there are none.
    pub(crate) fn outputs_text(&self) -> String {
        if self.outputs.is_empty() { String::new() } else { Value::Object(self.outputs.clone()).to_string() }
    }
}

fn size(name: &str, value: &Value) -> usize {
    name.len() + value.to_string().len() + 4
}
