//! `dbt-orchestra`: its state is kept by us, so that a second run builds nothing again.

use std::{path::Path, process::Command};

use downbeat_integration_tests::{http::Client, repository};

use super::{
    House,
    conversation::{Said, Table, run},
    program,
};

const DBT: &str = "dbt-orchestra 1.5.0";
const STATE: &str = "/api/engine/public/state/DBT_CORE";

fn project(folder: &Path) {
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("in the project")).expect("the folder is ours");
        std::fs::write(file, text).expect("the folder is ours");
    };
    write(
        "dbt_project.yml",
        "name: shop\nversion: '1.0'\nconfig-version: 2\nprofile: shop\nmodel-paths: [models]\nseed-paths: [seeds]\nmodels:\n  shop:\n    +materialized: table\n",
    );
    write(
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: shop.duckdb\n      threads: 1\n",
    );
    write("models/orders.sql", "select 1 as id, 10 as amount");
    write("models/totals.sql", "select sum(amount) as total from {{ ref('orders') }}");
}

fn orc(house: &House, folder: &Path, arguments: &[&str]) -> Said {
    let shim = repository().join("integration-tests/tests/official/shim");
    let path = format!(
        "{}:{}",
        program("dbt").parent().expect("in a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    run(Command::new(program("orc"))
        .args(arguments)
        .current_dir(folder)
        .env("PATH", path)
        .env("PYTHONPATH", shim)
        .env("DOWNBEAT_API", &house.api)
        .env("DBT_PROFILES_DIR", folder)
        .env("ORCHESTRA_API_KEY", &house.key)
        .env("ORCHESTRA_USE_STATEFUL", "true")
        .env("NO_COLOR", "1"))
}

pub fn talk(house: &House, table: &mut Table) {
    let folder = house.folder.path().join("shop");
    project(&folder);
    let client = Client::with_key(&house.api, &house.key);
    table.brings(
        DBT,
        "GET /state/DBT_CORE before the first run",
        r#"{"state":{}}"#,
        &client.get(STATE).json().to_string(),
    );
    let said = orc(house, &folder, &["dbt", "build"]);
    table.says(DBT, "orc dbt build", &said, 0, &["Completed successfully"]);
    let kept = client.get(STATE).json();
    let models = kept["state"].as_object().map_or(0, serde_json::Map::len);
    table.brings(DBT, "... the state that it has left", "2 models", &format!("{models} models"));
    let said = orc(house, &folder, &["dbt", "build"]);
    table.says(DBT, "orc dbt build, once more", &said, 0, &["Retrieved 2 items", "2/2 nodes reused"]);
}
