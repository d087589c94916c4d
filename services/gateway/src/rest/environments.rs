//! Environments: named, typed variables.

use std::collections::BTreeMap;

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::control::v1 as wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::{Call, Fault, Json, Need, Route, Routes, instant, json, no_content};

/// A variable.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Variable {
    /// string, int, bool or integration_credential.
    #[serde(rename = "type")]
    kind: String,
    value: Value,
}

/// An environment as a list shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named {
    account_id: String,
    environment_id: String,
    name: String,
    default_env: bool,
}

/// An environment with its variables.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whole {
    #[serde(flatten)]
    named: Named,
    values: BTreeMap<String, Variable>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// A new environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Create {
    name: String,
    #[serde(default)]
    values: BTreeMap<String, Variable>,
}

/// What an environment is from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    name: String,
    values: BTreeMap<String, Variable>,
    default_env: bool,
}

pub(super) fn routes(routes: &mut Routes) {
    let (viewer, editor) = (Need::Account(Role::Viewer), Need::Account(Role::Editor));
    routes.add(Route::new(Method::GET, "/environments", viewer, "All environments", list).gives::<Vec<Named>>(200));
    let create_one =
        Route::new(Method::POST, "/environments", editor, "Makes an environment; the first one is the default", create);
    routes.add(create_one.takes::<Create>().gives::<Whole>(201));
    let get_one = Route::new(Method::GET, "/environments/{id}", viewer, "An environment with its variables", get);
    routes.add(get_one.gives::<Whole>(200));
    let change_one =
        Route::new(Method::PATCH, "/environments/{id}", editor, "Gives it another name and other variables", change);
    routes.add(change_one.takes::<Change>().gives::<Whole>(200));
    let says = "Removes it; the default one can only be removed last";
    routes.add(Route::new(Method::DELETE, "/environments/{id}", editor, says, remove).gives_nothing());
}

async fn all(call: &Call) -> Result<Vec<wire::Environment>, Fault> {
    let asked = call.ask(wire::ListEnvironmentsRequest {});
    Ok(call.edge.upstream.environments().list_environments(asked).await?.into_inner().environments)
}

async fn list(call: Call) -> Result<Response, Fault> {
    let listed = all(&call).await?;
    json(200, &listed.iter().map(|environment| named(&call, environment)).collect::<Vec<_>>())
}

async fn one(call: &Call) -> Result<wire::Environment, Fault> {
    let id = call.param("id");
    let found = all(call).await?.into_iter().find(|environment| environment.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| Fault::unknown("Environment not found"))
}

async fn get(call: Call) -> Result<Response, Fault> {
    json(200, &whole(&call, one(&call).await?))
}

async fn create(call: Call) -> Result<Response, Fault> {
    let body: Create = Json::read(&call.body)?;
    let request = wire::SetEnvironmentRequest { name: body.name, values: values(body.values), ..Default::default() };
    set(&call, request, 201).await
}

async fn change(call: Call) -> Result<Response, Fault> {
    let body: Change = Json::read(&call.body)?;
    let before = one(&call).await?;
    // What is not the default stays so where nobody makes it that; the core refuses to leave none.
    let is_default = (body.default_env != before.is_default).then_some(body.default_env);
    let request = wire::SetEnvironmentRequest {
        environment: before.id,
        name: body.name,
        values: values(body.values),
        is_default,
        ..Default::default()
    };
    set(&call, request, 200).await
}

async fn set(call: &Call, request: wire::SetEnvironmentRequest, status: u16) -> Result<Response, Fault> {
    let answer = call.edge.upstream.environments().set_environment(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    json(status, &whole(call, answer.environment.unwrap_or_default()))
}

async fn remove(call: Call) -> Result<Response, Fault> {
    let environment = one(&call).await?.id;
    let request = wire::RemoveEnvironmentRequest { environment, ..Default::default() };
    let answer = call.edge.upstream.environments().remove_environment(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    Ok(no_content())
}

fn values(given: BTreeMap<String, Variable>) -> BTreeMap<String, wire::EnvironmentValue> {
    let written =
        |variable: Variable| wire::EnvironmentValue { r#type: variable.kind, value: variable.value.to_string() };
    given.into_iter().map(|(name, variable)| (name, written(variable))).collect()
}

fn named(call: &Call, environment: &wire::Environment) -> Named {
    Named {
        account_id: call.table.account_id.clone(),
        environment_id: environment.id.clone(),
        name: environment.name.clone(),
        default_env: environment.is_default,
    }
}

fn whole(call: &Call, environment: wire::Environment) -> Whole {
    let read = |value: wire::EnvironmentValue| Variable {
        kind: value.r#type,
        value: serde_json::from_str(&value.value).unwrap_or_default(),
    };
    Whole {
        named: named(call, &environment),
        created_at: instant(environment.created_at),
        updated_at: instant(environment.updated_at),
        values: environment.values.into_iter().map(|(name, value)| (name, read(value))).collect(),
    }
}
