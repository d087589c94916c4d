//! Environments come, change and go while runs read them, and a tool remembers something; a run keeps what it was given.

use std::collections::BTreeMap;

use downbeat_domain::{
    Command, EnvironmentId,
    environment::{SetEnvironment, Variable, VariableKind},
    tool_state::KeepToolState,
};
use serde_json::json;

use crate::recorder::Recorder;

const BODY: &str =
    "pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}\n";

fn set(id: u8, named: &str, name: &str, region: &str, is_default: Option<bool>) -> Command {
    let region = Variable { kind: VariableKind::String, value: json!(region) };
    Command::SetEnvironment(Box::new(SetEnvironment {
        new: EnvironmentId([id; 16]),
        named: named.to_owned(),
        name: name.to_owned(),
        variables: BTreeMap::from([("REGION".to_owned(), region)]),
        is_default,
    }))
}

pub(crate) fn environments() -> Vec<Vec<u8>> {
    let kept = Command::KeepToolState(Box::new(KeepToolState {
        integration: "DBT_CORE".to_owned(),
        entries: BTreeMap::from([("model.a".to_owned(), "{}".to_owned())]),
    }));
    Recorder::new(BODY)
        .run(set(1, "", "Production", "eu", None))
        .start(1)
        .run(set(2, "", "Staging", "us", Some(true)))
        .start(2)
        .run(set(0, "Production", "Live", "eu-west", None))
        .run(set(3, "", "Gone", "nowhere", None))
        .run(Command::RemoveEnvironment { named: "Gone".to_owned() })
        .run(kept)
        .into_records()
}
