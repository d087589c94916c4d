//! Where a dataset is: its namespace and its name, with what the client left out of them.
//!
//! Promises: a name that is whole stays as it was told. Great Expectations names a table by its schema alone and its server without the
//! port, and tells the rest in the facet `dataSource`. Knows nothing about other datasets.

use serde_json::Value;

use super::{facets, read::text};
use crate::naming::{self, System};

/// Parts of a name that says the database, the schema and the table.
pub(super) const WHOLE_NAME_PARTS: usize = 3;

/// Namespace and name. `None`: it has no name.
pub(super) fn of(dataset: &Value) -> Option<(String, String)> {
    let (namespace, name) = (text(dataset, "namespace").unwrap_or_default(), text(dataset, "name")?);
    Some(completed(dataset, &namespace, &name).unwrap_or((namespace, name)))
}

/// `None`: nothing is missing, or nobody tells it.
fn completed(dataset: &Value, namespace: &str, name: &str) -> Option<(String, String)> {
    let (scheme, _) = namespace.split_once("://")?;
    let system = System::of_scheme(scheme)?;
    let schema = default_schema(system)?;
    let parts = naming::parts(name);
    let (schema, table) = match parts.as_slice() {
        [table] => (schema, table.as_str()),
        [schema, table] => (schema.as_str(), table.as_str()),
        _ => return None,
    };
    let uri = text(facets::of(dataset, "dataSource")?, "uri")?;
    let (told, rest) = uri.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let database = path.split(['?', '#', '/']).next().filter(|database| !database.is_empty())?;
    // Of another system, or of another server: it speaks of something else.
    let beside = |namespace: &str| {
        let namespace = naming::namespace(namespace);
        namespace.rsplit_once(':').map(|(host, _)| host.to_owned())
    };
    let server = format!("{told}://{authority}");
    let is_same = System::of_scheme(told) == Some(system) && beside(&server) == beside(namespace);
    let quoted = [database, schema, table].map(|part| format!("\"{}\"", part.replace('"', "\"\"")));
    is_same.then(|| (server, quoted.join(".")))
}

/// Where tables lie of which nobody says the schema. `None`: names are not completed there, as an address does not say the database.
fn default_schema(system: System) -> Option<&'static str> {
    match system {
        System::Postgres | System::Redshift => Some("public"),
        System::SqlServer => Some("dbo"),
        _ => None,
    }
}
