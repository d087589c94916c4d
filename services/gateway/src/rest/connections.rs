//! Connections: their names and whether they work; values go in, and no answer holds one, the refusals among them.

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::control::v1 as wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::{Call, Fault, Json, Need, Route, Routes, Violation, instant, json, no_content};

/// A connection as a list shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Listed {
    /// For example POSTGRES.
    integration: String,
    /// INITIATED (nobody tried it yet), SUCCEEDED or FAILED.
    auth_status: String,
    connection_id: String,
    /// As pipelines name it.
    connection_name: String,
    /// What stands for no name.
    is_default: bool,
    updated_at: Option<String>,
    created_at: Option<String>,
}

/// A connection with the names of its fields.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whole {
    #[serde(flatten)]
    listed: Listed,
    /// Counts from 1.
    version: u32,
    fields: Vec<Field>,
    /// What the worker said at the last test.
    message: Option<String>,
    tested_at: Option<String>,
    used_by: Vec<User>,
    /// How many more use it.
    more_users: u32,
}

/// A field that is set.
#[derive(Debug, Serialize, JsonSchema)]
struct Field {
    name: String,
    /// The store that its value refers to; null where the value itself is sealed.
    store: Option<String>,
}

/// Something that uses a connection.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct User {
    pipeline_id: String,
    pipeline: String,
    /// For example `task load`.
    what: String,
}

/// A new connection.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Create {
    /// As pipelines name it: letters, digits, _ and -.
    name: String,
    /// For example POSTGRES.
    integration: String,
    /// Values by the names of fields. They are sealed, and shown nowhere.
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    is_default: Option<bool>,
}

/// What changes of a connection.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    /// Fields that are not named stay, null takes one away.
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    is_default: Option<bool>,
}

/// What became of a test.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Tested {
    message: String,
    /// SUCCEEDED or FAILED.
    status: String,
    /// What was said where it leads.
    external_message: Option<String>,
}

pub(super) fn routes(routes: &mut Routes) {
    let (viewer, editor, admin) =
        (Need::Account(Role::Viewer), Need::Account(Role::Editor), Need::Account(Role::Admin));
    let list_all = Route::new(Method::GET, "/integrations/connections", viewer, "Sealed connections, by name", list);
    let filters = [("integration", "Only of this one"), ("authStatus", "Only with this status")];
    routes.add(list_all.query(&filters).gives::<Vec<Listed>>(200));
    let says = "Makes a connection; its values are sealed";
    let create_one = Route::new(Method::POST, "/integrations/connections", admin, says, create);
    routes.add(create_one.takes::<Create>().gives::<Whole>(201));
    let says = "A connection: the names of its fields, and who uses it";
    let get_one = Route::new(Method::GET, "/integrations/connections/{connection_id}", viewer, says, get);
    routes.add(get_one.gives::<Whole>(200));
    let says = "Changes some fields of a connection";
    let change_one = Route::new(Method::PATCH, "/integrations/connections/{connection_id}", admin, says, change);
    routes.add(change_one.takes::<Change>().gives::<Whole>(200));
    let says = "Removes a connection that no pipeline uses";
    let remove_one = Route::new(Method::DELETE, "/integrations/connections/{connection_id}", admin, says, remove);
    routes.add(remove_one.query(&[("force", "Also while pipelines use it")]).gives_nothing());
    let path = "/integrations/{integration}/validate/{connection_id}";
    let says = "Has a worker try a connection";
    routes.add(Route::new(Method::POST, path, editor, says, validate).gives::<Tested>(200));
}

async fn list(call: Call) -> Result<Response, Fault> {
    let integration = call.query.text("integration").unwrap_or_default().to_owned();
    let status = call.query.text("authStatus").map(str::to_owned);
    let asked = call.ask(wire::ListConnectionsRequest { integration });
    let listed = call.edge.upstream.connections().list_connections(asked).await?.into_inner().connections;
    let wanted = listed.iter().filter(|it| status.as_ref().is_none_or(|status| it.auth_status == *status));
    json(200, &wanted.map(shown).collect::<Vec<_>>())
}

async fn create(call: Call) -> Result<Response, Fault> {
    let body: Create = read(&call.body)?;
    let request = wire::SaveConnectionRequest {
        connection: body.name,
        integration: body.integration,
        fields: Value::Object(body.fields).to_string(),
        is_default: body.is_default,
        create: true,
        ..Default::default()
    };
    save(&call, request, 201).await
}

async fn change(call: Call) -> Result<Response, Fault> {
    let body: Change = read(&call.body)?;
    let before = one(&call).await?;
    let request = wire::SaveConnectionRequest {
        connection: before.connection.unwrap_or_default().id,
        fields: Value::Object(body.fields).to_string(),
        is_default: body.is_default,
        ..Default::default()
    };
    save(&call, request, 200).await
}

async fn save(call: &Call, request: wire::SaveConnectionRequest, status: u16) -> Result<Response, Fault> {
    let answer = call.edge.upstream.connections().save_connection(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    let saved = answer.connection.unwrap_or_default();
    json(status, &whole(asked_for(call, saved.id).await?))
}

async fn get(call: Call) -> Result<Response, Fault> {
    json(200, &whole(one(&call).await?))
}

async fn remove(call: Call) -> Result<Response, Fault> {
    let connection = one(&call).await?.connection.unwrap_or_default().id;
    let force = call.query.flag("force")?;
    let request = wire::RemoveConnectionRequest { connection, force, ..Default::default() };
    let answer = call.edge.upstream.connections().remove_connection(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    Ok(no_content())
}

async fn validate(call: Call) -> Result<Response, Fault> {
    let found = one(&call).await?.connection.unwrap_or_default();
    if found.integration != call.param("integration") {
        return Err(Fault::unknown("Connection not found"));
    }
    let request = wire::TestConnectionRequest { connection: found.id, ..Default::default() };
    let answer = call.edge.upstream.connections().test_connection(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    let tested = answer.connection.unwrap_or_default();
    let message = match tested.auth_status.as_str() {
        "SUCCEEDED" => "The connection works",
        _ => "The connection does not work",
    };
    let external_message = Some(tested.message).filter(|said| !said.is_empty());
    json(200, &Tested { message: message.to_owned(), status: tested.auth_status, external_message })
}

/// The connection of the path: by its id, or by its name.
async fn one(call: &Call) -> Result<wire::GetConnectionResponse, Fault> {
    asked_for(call, call.param("connection_id").to_owned()).await
}

async fn asked_for(call: &Call, connection: String) -> Result<wire::GetConnectionResponse, Fault> {
    let asked = call.ask(wire::GetConnectionRequest { connection });
    match call.edge.upstream.connections().get_connection(asked).await {
        Ok(found) => Ok(found.into_inner()),
        Err(status) if status.code() == tonic::Code::NotFound => Err(Fault::unknown("Connection not found")),
        Err(status) => Err(status.into()),
    }
}

/// A body that may hold values: what is wrong with it is said without anything of it.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    Json::read(body).map_err(|fault| match fault {
        Fault::Violations(violations) => {
            let without = |violation: Violation| match violation.kind.as_str() {
                "missing" | "json_invalid" | "model_attributes_type" => violation,
                kind => Violation::new(vec!["body".into()], kind, "a value of another type was expected"),
            };
            Fault::Violations(violations.into_iter().map(without).collect())
        }
        other => other,
    })
}

fn shown(connection: &wire::Connection) -> Listed {
    Listed {
        integration: connection.integration.clone(),
        auth_status: connection.auth_status.clone(),
        connection_id: connection.id.clone(),
        connection_name: connection.name.clone(),
        is_default: connection.is_default,
        updated_at: instant(connection.updated_at),
        created_at: instant(connection.created_at),
    }
}

fn whole(found: wire::GetConnectionResponse) -> Whole {
    let connection = found.connection.unwrap_or_default();
    let field = |field: wire::ConnectionFieldName| Field {
        name: field.name,
        store: Some(field.store).filter(|store| !store.is_empty()),
    };
    let user =
        |user: wire::ConnectionUser| User { pipeline_id: user.pipeline_id, pipeline: user.pipeline, what: user.what };
    Whole {
        listed: shown(&connection),
        version: connection.version,
        message: Some(connection.message).filter(|said| !said.is_empty()),
        tested_at: instant(connection.tested_at),
        fields: connection.fields.into_iter().map(field).collect(),
        used_by: found.users.into_iter().map(user).collect(),
        more_users: found.more_users,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_body_is_said_without_its_values() {
        for body in [
            r#"{"name": "shop", "integration": "POSTGRES", "fields": "hunter2"}"#,
            r#"{"name": "shop", "integration": "POSTGRES", "fields": ["hunter2"]}"#,
            r#"{"name": "shop", "integration": "POSTGRES", "isDefault": "hunter2"}"#,
            r#"{"name": {"x": "hunter2"}, "integration": "POSTGRES"}"#,
            r#"{"name": "hunter2", "fields": {}}"#,
            r#"["hunter2"]"#,
            r#"{"password": "hunter2"#,
        ] {
            let fault = read::<Create>(body.as_bytes()).err().unwrap();
            assert!(!format!("{fault:?}").contains("hunter2"), "{body}: {fault:?}");
        }
        let change: Change = read(br#"{"is_default": true, "fields": {"my_password": "x", "port": null}}"#).unwrap();
        assert_eq!((change.is_default, change.fields.len()), (Some(true), 2));
        assert!(change.fields.contains_key("my_password"), "names of fields stay as they are");
    }
}
