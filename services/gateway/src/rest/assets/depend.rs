//! Which assets are made of which, as people declare.

use std::collections::BTreeMap;

use axum::{http::Method, response::Response};
use downbeat_domain::{access::Role, limits as domain_limits};
use downbeat_proto::{control::v1 as wire, events::v1::AssetDependency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    found,
    write::{find_one, idempotency_key, key_of, refused},
};
use crate::http::{Call, Fault, Json, Need, Place, Route, Routes, Violation, json};

/// Ids and keys that are looked up at once.
const LOOKED_UP_AT_ONCE: usize = 100;

/// What is made of what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Dependencies {
    /// 1 to 100. One that cannot be is the end of all of them.
    dependencies: Vec<Dependency>,
}

/// One of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    /// Id or key of what it is made of.
    #[serde(alias = "from_id")]
    from_id: String,
    /// Id or key of what is made of it.
    #[serde(alias = "to_id")]
    to_id: String,
    /// Anything; lineage shows it as it was given.
    #[serde(default, alias = "lineage_detail")]
    lineage_detail: Value,
    /// Who says so; ORCHESTRA where nobody is named.
    #[serde(default)]
    integration: Option<String>,
}

/// How many there are now that were not there before.
#[derive(Debug, Serialize, JsonSchema)]
struct Created {
    created: u32,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "Declares which assets are made of which";
    let route = Route::new(Method::POST, "/assets/dependencies", Need::Account(Role::Editor), says, depend);
    routes.add(route.takes_much().takes::<Dependencies>().gives::<Created>(201));
}

async fn depend(call: Call) -> Result<Response, Fault> {
    let body: Dependencies = Json::read(&call.body)?;
    let most = domain_limits::DEPENDENCIES_PER_CALL_MAX;
    if !(1..=most).contains(&body.dependencies.len()) {
        let said = format!("{} dependencies; 1 to {most} are allowed at once", body.dependencies.len());
        return Err(Fault::invalid("body", "dependencies", "value_error", said));
    }
    let keys = keys(&call, &body.dependencies).await?;
    let mut dependencies = Vec::with_capacity(body.dependencies.len());
    for (place, one) in body.dependencies.into_iter().enumerate() {
        let end = |field: &str, named: &str| {
            let said = format!("there is no asset with the id or the external id `{}`", shown(named));
            keys.get(named).cloned().ok_or_else(|| at(place, Some(field), said))
        };
        let (from, to) = (end("fromId", &one.from_id)?, end("toId", &one.to_id)?);
        if from == to {
            return Err(at(place, None, "fromId and toId are the same asset: nothing is made of itself".to_owned()));
        }
        let detail = Some(one.lineage_detail).filter(|detail| !detail.is_null());
        let lineage_detail = detail.map(|detail| detail.to_string()).unwrap_or_default();
        dependencies.push(AssetDependency {
            from,
            to,
            lineage_detail,
            integration: one.integration.unwrap_or_default(),
        });
    }
    let request = wire::DeclareDependenciesRequest {
        dependencies,
        idempotency_key: idempotency_key(&call),
        ..Default::default()
    };
    let answer = call.edge.upstream.inventory().declare_dependencies(call.ask(request)).await.map_err(refused)?;
    let answer = answer.into_inner();
    call.edge.upstream.wrote(answer.position);
    json(201, &Created { created: answer.created })
}

/// Keys of the assets that are named. Those that are named by an alias or by another spelling are looked up one by one, until one is not there.
async fn keys(call: &Call, dependencies: &[Dependency]) -> Result<BTreeMap<String, String>, Fault> {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let fits = |named: &&String| !named.is_empty() && named.chars().count() <= super::NAME_CHARS_MAX;
    let mut named: Vec<String> =
        dependencies.iter().flat_map(|one| [&one.from_id, &one.to_id]).filter(fits).cloned().collect();
    named.sort_unstable();
    named.dedup();
    for some in named.chunks(LOOKED_UP_AT_ONCE) {
        for asset in found(call, some.to_vec()).await? {
            let id = asset.id.clone();
            let key = key_of(asset);
            keys.insert(id, key.clone());
            keys.insert(key.clone(), key);
        }
    }
    for named in named {
        if keys.contains_key(&named) {
            continue;
        }
        match find_one(call, &named).await? {
            Some(asset) => keys.insert(named, key_of(asset)),
            None => break,
        };
    }
    Ok(keys)
}

fn at(place: usize, field: Option<&str>, said: String) -> Fault {
    let mut loc = vec![Place::from("body"), Place::from("dependencies"), Place::Index(place)];
    loc.extend(field.map(Place::from));
    Fault::Violations(vec![Violation::new(loc, "value_error", said)])
}

fn shown(named: &str) -> String {
    named.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_also_of_each_dependency() {
        for body in [
            r#"{"dependencies": [{"fromId": "a", "toId": "b", "lineageDetail": {"x": 1}}]}"#,
            r#"{"dependencies": [{"from_id": "a", "to_id": "b", "lineage_detail": {"x": 1}}]}"#,
        ] {
            let read: Dependencies = Json::read(body.as_bytes()).unwrap();
            let one = &read.dependencies[0];
            assert_eq!((one.from_id.as_str(), one.to_id.as_str()), ("a", "b"));
            assert_eq!(one.lineage_detail, serde_json::json!({"x": 1}));
        }
        let twice = br#"{"dependencies": [{"fromId": "a", "from_id": "c", "toId": "b"}]}"#;
        assert_eq!(Json::read::<Dependencies>(twice).unwrap_err().status().as_u16(), 422);
    }
}
