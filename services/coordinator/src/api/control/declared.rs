//! Assets that tasks say they read and write get the names under which everybody else speaks of them, when a pipeline is applied: the
//! log then holds them once and for all.
//!
//! Knows nothing about when that is reported.

use std::collections::BTreeSet;

use downbeat_domain::plan::{Plan, PlanAsset};
use downbeat_lineage::naming;

/// Keys of which the answer says that they are called otherwise; of more, it says how many.
const NAMED_MAX: usize = 10;

/// Names the assets in a plan, and says which are called otherwise than they are written.
pub(super) fn name(plan: &mut Plan) -> Vec<String> {
    let mut renamed = Vec::new();
    for task in &mut plan.tasks {
        let Some(declared) = task.declared.as_deref_mut() else { continue };
        for asset in declared.assets_mut() {
            let written = std::mem::take(&mut asset.key);
            *asset = named(&written);
            if asset.key != written {
                renamed.push(format!("task `{}`: `{written}` is the asset `{}`", task.id, asset.key));
            }
        }
        for list in [&mut declared.reads, &mut declared.writes] {
            let mut seen = BTreeSet::new();
            list.retain(|asset| seen.insert(asset.key.clone()));
        }
    }
    let more = renamed.len().saturating_sub(NAMED_MAX);
    renamed.truncate(NAMED_MAX);
    if more > 0 {
        renamed.push(format!("{more} more asset(s) are called otherwise than they are written"));
    }
    renamed
}

/// A key as everybody spells it.
pub(super) fn key(written: &str) -> String {
    let (namespace, name) = naming::split(written);
    // A key of which nothing is left stays what it is: no other asset has it.
    naming::key(namespace, name).unwrap_or_else(|| written.to_owned())
}

fn named(written: &str) -> PlanAsset {
    let key = key(written);
    let (namespace, name) = naming::split(&key);
    PlanAsset { namespace: namespace.to_owned(), name: naming::short(name).to_owned(), key: key.clone() }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::plan::{PlanDeclared, PlanTask};

    use super::*;

    fn plan(reads: &[&str], writes: &[&str]) -> Plan {
        let assets =
            |keys: &[&str]| keys.iter().map(|key| PlanAsset { key: (*key).to_owned(), ..Default::default() }).collect();
        let declared = PlanDeclared { reads: assets(reads), writes: assets(writes) };
        let task = PlanTask { id: "load".to_owned(), declared: Some(Box::new(declared)), ..PlanTask::default() };
        Plan { tasks: vec![task, PlanTask::default()], ..Plan::default() }
    }

    #[test]
    fn an_asset_is_called_as_others_call_it() {
        for (written, key, namespace, short) in [
            ("warehouse/shop.orders", "warehouse/shop.orders", "warehouse", "orders"),
            (
                "Postgres://DB.example/Shop.public.Orders",
                "postgres://db.example:5432/shop.public.orders",
                "postgres://db.example:5432",
                "orders",
            ),
            ("s3a://landing//orders/2026.csv", "s3://landing/orders/2026.csv", "s3://landing", "csv"),
            (
                "duckdb:///data/shop.duckdb/Shop.main.orders",
                "duckdb:///data/shop.duckdb/shop.main.orders",
                "duckdb:///data/shop.duckdb",
                "orders",
            ),
            ("bigquery/shop.sales.orders", "bigquery/shop.sales.orders", "bigquery", "orders"),
        ] {
            let mut plan = plan(&[written], &[]);
            let said = name(&mut plan);
            let expected = PlanAsset { key: key.to_owned(), namespace: namespace.to_owned(), name: short.to_owned() };
            assert_eq!(plan.tasks[0].declared.as_deref().unwrap().reads, [expected]);
            assert_eq!(said.is_empty(), written == key, "{said:?}");
        }
    }

    #[test]
    fn two_spellings_of_one_asset_are_one_and_much_is_said_shortly() {
        let mut plan_of_two = plan(&[], &["postgres://db/a.b.c", "postgres://db:5432/A.B.C"]);
        let said = name(&mut plan_of_two);
        assert_eq!(plan_of_two.tasks[0].declared.as_deref().unwrap().writes.len(), 1);
        assert_eq!(said.len(), 2, "{said:?}");
        let many: Vec<String> = (0..30).map(|at| format!("MYSQL://db/a.t{at}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = name(&mut plan(&many, &[]));
        assert_eq!(
            (said.len(), said[10].as_str()),
            (11, "20 more asset(s) are called otherwise than they are written")
        );
    }
}
