//! What tools remember from one run to the next: of dbt, when each model was built from what.

use std::collections::BTreeMap;

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::{control::v1::KeepToolStateRequest, metadata::v1::ListToolStateRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::{Call, Fault, Json, Need, Route, Routes, json};

/// The integrations that have a state.
const INTEGRATIONS: [&str; 2] = ["DBT_CORE", "DBT"];

/// What is remembered.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
struct State {
    state: BTreeMap<String, Entry>,
}

/// Of one model.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Entry {
    last_updated: String,
    checksum: String,
    /// When each source was last updated.
    sources: BTreeMap<String, String>,
}

pub(super) fn routes(routes: &mut Routes) {
    let path = "/state/{integration}";
    let get = Route::new(Method::GET, path, Need::Account(Role::Viewer), "What a tool remembers", get);
    routes.add(get.gives::<State>(200));
    let keep = Route::new(Method::PATCH, path, Need::Account(Role::Operator), "Sets entries; all others stay", keep);
    routes.add(keep.takes::<State>().takes_much().gives::<State>(200));
}

fn integration(call: &Call) -> Result<String, Fault> {
    let named = call.param("integration");
    let known = INTEGRATIONS.contains(&named).then(|| named.to_owned());
    known.ok_or_else(|| {
        Fault::unknown(format!("no tool of that name keeps a state; known: {}", INTEGRATIONS.join(", ")))
    })
}

async fn get(call: Call) -> Result<Response, Fault> {
    let integration = integration(&call)?;
    let mut client = call.edge.upstream.kept_tool_state();
    let (mut kept, mut token) = (State::default(), String::new());
    loop {
        let request = ListToolStateRequest {
            integration: integration.clone(),
            at_least: call.edge.upstream.at_least(),
            page_size: 1000,
            page_token: token,
        };
        let page = client.list_tool_state(call.ask(request)).await?.into_inner();
        for entry in page.entries {
            match serde_json::from_str(&entry.value) {
                Ok(value) => {
                    kept.state.insert(entry.key, value);
                }
                // Without it the model is built again, which is right; without the rest everything would be.
                Err(error) => tracing::warn!(%error, key = entry.key, "an entry of a tool's state is left out"),
            }
        }
        token = page.next_page_token;
        if token.is_empty() {
            return json(200, &kept);
        }
    }
}

async fn keep(call: Call) -> Result<Response, Fault> {
    let integration = integration(&call)?;
    let given: State = Json::read(&call.body)?;
    let written = given.state.iter().filter_map(|(key, entry)| Some((key.clone(), serde_json::to_string(entry).ok()?)));
    let entries: BTreeMap<String, String> = written.collect();
    if !entries.is_empty() {
        let request = KeepToolStateRequest { integration, entries, ..Default::default() };
        let answer = call.edge.upstream.tool_state().keep_tool_state(call.ask(request)).await?.into_inner();
        call.edge.upstream.wrote(answer.position);
    }
    json(200, &given)
}
