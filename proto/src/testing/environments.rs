//! Random changes of environments, and what tools remember.

use std::collections::BTreeMap;

use downbeat_domain::{
    Command, EnvironmentId,
    environment::{SetEnvironment, Variable, VariableKind, Variables},
    tool_state::KeepToolState,
};
use serde_json::json;

const NAMES: [&str; 3] = ["production", "staging", "development"];

pub(super) fn command(which: u8, detail: u8) -> Command {
    let name = NAMES[usize::from(detail % 3)];
    match which % 8 {
        0 | 1 => removal(detail),
        2 => Command::KeepToolState(Box::new(KeepToolState {
            integration: "DBT_CORE".to_owned(),
            entries: BTreeMap::from([(format!("model.{}", detail % 5), format!("{{\"checksum\": {detail}}}"))]),
        })),
        _ => Command::SetEnvironment(Box::new(SetEnvironment {
            new: EnvironmentId([detail; 16]),
            named: if which & 0x10 == 0 { String::new() } else { NAMES[usize::from(which / 32 % 3)].to_owned() },
            name: name.to_owned(),
            variables: variables(detail),
            is_default: (which & 0x08 == 0x08).then_some(!detail.is_multiple_of(4)),
        })),
    }
}

pub(super) fn removal(detail: u8) -> Command {
    Command::RemoveEnvironment { named: NAMES[usize::from(detail % 3)].to_owned() }
}

fn variables(detail: u8) -> Variables {
    let variable = |kind, value| Variable { kind, value };
    Variables::from([
        ("REGION".to_owned(), variable(VariableKind::String, json!(format!("eu-{}", detail % 2)))),
        ("LIMIT".to_owned(), variable(VariableKind::Int, json!(detail))),
        ("DRY".to_owned(), variable(VariableKind::Bool, json!(detail.is_multiple_of(2)))),
        ("WAREHOUSE".to_owned(), variable(VariableKind::Credential, json!("warehouse_12345"))),
    ])
}
