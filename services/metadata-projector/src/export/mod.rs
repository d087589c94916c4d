//! The audit as a file: lines of JSON, each chained to the one before by its hash.
//!
//! The first line is the header, the last one the trailer, between them stands one entry per line. Every line ends in
//! `"n":…,"previous":"…","hash":"…"}`: its number from 0, the hash of the line before, and its own, which is
//! `BLAKE3(previous ‖ line without its hash)` (`previous` as 32 bytes, the line as its text without `,"hash":"…"`). The header's `previous`
//! is derived from the log's id.
//!
//! Promises: the same entries give the same bytes; a file of which a line was changed, removed, inserted or moved, or which has lost its end, is
//! told from one as it was written (`verify`); whoever has the log can tell whether a file says what the log says (`against_log`).
//! Knows nothing about where files are kept.

pub mod against_log;
pub mod verify;

use downbeat_event_log::{Hash, LogId};
use downbeat_proto::{
    convert,
    metadata::v1::{AuditEntry, AuditFilter},
};
use serde_json::{Map, Value, json};

/// Version of this form.
pub const FORMAT: u64 = 1;
/// Context of the hash that a file begins with; changing it changes every file.
const GENESIS_CONTEXT: &str = "downbeat audit export v1";

/// What a file is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The log.
    pub log_id: String,
    /// The last record of it that is looked at.
    pub up_to: u64,
    /// Which entries.
    pub filter: AuditFilter,
}

/// Writes the lines of a file, one after the other.
#[derive(Debug)]
pub struct Lines {
    previous: Hash,
    n: u64,
    up_to: u64,
}

impl Lines {
    /// The beginning of a file, and its first line.
    pub fn begin(header: &Header) -> (Self, String) {
        let previous = begin_of(&header.log_id);
        let mut lines = Self { previous, n: 0, up_to: header.up_to };
        let first = lines.line(header.fields());
        (lines, first)
    }

    /// The line of an entry.
    pub fn entry(&mut self, entry: &AuditEntry) -> String {
        self.line(fields(entry))
    }

    /// The last line.
    pub fn end(mut self) -> String {
        let fields = json!({"kind": "trailer", "entries": self.n - 1, "up_to": self.up_to});
        self.line(fields)
    }

    fn line(&mut self, fields: Value) -> String {
        let mut fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.insert("n".to_owned(), self.n.into());
        fields.insert("previous".to_owned(), self.previous.to_string().into());
        let text = Value::Object(fields).to_string();
        self.previous = chained(self.previous, &text);
        self.n += 1;
        let open = text.strip_suffix('}').unwrap_or(&text);
        format!("{open},\"hash\":\"{}\"}}\n", self.previous)
    }
}

/// The hash of a line: what it follows, and its text without the hash.
fn chained(previous: Hash, text: &str) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&previous.0);
    hasher.update(text.as_bytes());
    Hash(*hasher.finalize().as_bytes())
}

/// What the first line follows.
fn begin_of(log_id: &str) -> Hash {
    Hash(blake3::derive_key(GENESIS_CONTEXT, log_id.as_bytes()))
}

impl Header {
    /// Of everything that this log holds up to here.
    pub fn new(log: &LogId, up_to: u64, filter: AuditFilter) -> Self {
        Self { log_id: log.to_string(), up_to, filter }
    }

    fn fields(&self) -> Value {
        let AuditFilter { actor, actor_kind, target, command, outcome, from, to } = &self.filter;
        let texts = [
            ("actor", actor),
            ("actor_kind", actor_kind),
            ("target", target),
            ("command", command),
            ("outcome", outcome),
        ];
        let mut filter: Map<String, Value> = texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), text.clone().into()))
            .collect();
        let bounds = [("from", from), ("to", to)].into_iter().filter(|(_, micros)| **micros != 0);
        filter.extend(bounds.map(|(name, micros)| (name.to_owned(), (*micros).into())));
        json!({
            "kind": "header", "what": "downbeat audit", "format": FORMAT, "rows": crate::engine::audit::VERSION,
            "log_id": self.log_id, "up_to": self.up_to, "filter": filter,
        })
    }

    /// From the fields of a first line.
    fn read(fields: &Map<String, Value>) -> Result<Self, String> {
        let number = |name: &str| fields.get(name).and_then(Value::as_u64);
        if fields.get("what").and_then(Value::as_str) != Some("downbeat audit") {
            return Err("the first line is no header of an export of the audit".to_owned());
        }
        let ours = u64::from(crate::engine::audit::VERSION);
        match (number("format"), number("rows")) {
            (Some(FORMAT), Some(rows)) if rows == ours => {}
            (format, rows) => {
                let shown = |number: Option<u64>| number.map_or("?".to_owned(), |number| number.to_string());
                return Err(format!(
                    "the file has format {}.{}, this version reads {FORMAT}.{ours}: take the version that wrote it",
                    shown(format),
                    shown(rows)
                ));
            }
        }
        let filter = fields.get("filter").and_then(Value::as_object).ok_or("the header has no filter")?;
        let text = |name: &str| filter.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let micros = |name: &str| filter.get(name).and_then(Value::as_i64).unwrap_or_default();
        Ok(Self {
            log_id: fields.get("log_id").and_then(Value::as_str).ok_or("the header names no log")?.to_owned(),
            up_to: number("up_to").ok_or("the header does not say up to which record it reaches")?,
            filter: AuditFilter {
                actor: text("actor"),
                actor_kind: text("actor_kind"),
                target: text("target"),
                command: text("command"),
                outcome: text("outcome"),
                from: micros("from"),
                to: micros("to"),
            },
        })
    }
}

/// What a line says of an entry; what is empty is left out.
pub fn fields(entry: &AuditEntry) -> Value {
    let at = |micros: i64| convert::instant(micros).map_or_else(|| json!(micros), |at| json!(at.to_string()));
    let mut fields = json!({
        "kind": "entry", "sequence": entry.sequence, "ordinal": entry.ordinal,
        "record_hash": entry.record_hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "at": at(entry.at), "actor": entry.actor, "actor_kind": entry.actor_kind, "command": entry.command,
        "outcome": entry.outcome, "summary": entry.summary,
    });
    let texts = [
        ("origin_address", &entry.origin_address),
        ("origin_client", &entry.origin_client),
        ("reason", &entry.reason),
        ("command_id", &entry.command_id),
        ("code", &entry.code),
        ("message", &entry.message),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        fields[name] = json!(text);
    }
    for (name, text) in [("before", &entry.before), ("after", &entry.after)] {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            fields[name] = value;
        }
    }
    let target = |kind: &str, id: &str, name: &str| match name {
        "" => json!({"kind": kind, "id": id}),
        name => json!({"kind": kind, "id": id, "name": name}),
    };
    fields["targets"] = entry.targets.iter().map(|it| target(&it.kind, &it.id, &it.name)).collect();
    if entry.more > 0 {
        fields["more"] = json!(entry.more);
        fields["since"] = at(entry.since);
    }
    fields
}
