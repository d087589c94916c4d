//! Lists with filters, held against a look at every row: of random worlds, by token and by number, with and without their total.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{collections::BTreeSet, fmt::Debug};

use downbeat_domain::{Event, RunId, RunStatus, TaskStatus};
use downbeat_metadata_projector::{
    limits,
    query::{Refusal, asset_list, operations, runs, sought::Listed, task_runs},
};
use downbeat_proto::metadata::v1 as wire;
use support::{
    rows::{folded, key_of, size_of},
    service::{Service, end, log},
    worlds::worlds,
    *,
};

fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

fn is_one(values: &[String], found: &str) -> bool {
    values.is_empty() || values.iter().any(|value| value == found)
}

fn within(from: i64, to: i64, at: i64) -> bool {
    (from == 0 || at >= from) && (to == 0 || at < to)
}

/// Asks for all pages in every way there is; they must be these entries. `ask` has size, token, number and whether to count.
fn same_in_pages<T>(
    what: &impl Debug,
    expected: &[String],
    size: u32,
    name: impl Fn(&T) -> String,
    ask: impl Fn(u32, &str, u32, bool) -> Result<Listed<T>, Refusal>,
) {
    let total = Some(expected.len() as u64);
    for count in [false, true] {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = ask(size, &token, 0, count).unwrap();
            assert_eq!(page.total, total.filter(|_| count), "{what:?}");
            assert!(page.rows.len() <= size as usize, "{what:?}");
            found.extend(page.rows.iter().map(&name));
            token = page.next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(found, expected, "by token: {what:?}");
        let mut found = Vec::new();
        let pages = u32::try_from(expected.len()).unwrap() / size + 2;
        for number in 1..=pages {
            let page = ask(size, "", number, count).unwrap();
            assert_eq!(page.total, total.filter(|_| count), "{what:?}");
            found.extend(page.rows.iter().map(&name));
        }
        assert_eq!(found, expected, "by number: {what:?}");
    }
}

#[test]
fn runs_are_those_that_a_look_at_every_row_finds() {
    worlds(|view, everything, dice| {
        let rows = &everything.runs;
        let instants: Vec<i64> = rows.iter().map(|run| run.created_at).collect();
        let all: Vec<String> = RunStatus::ALL.iter().map(|status| status.as_str().to_owned()).collect();
        let unknown = RunId([9; 16]).to_string();
        let ids: Vec<String> = rows.iter().map(|run| run.id.clone()).chain([unknown.clone()]).collect();
        let pipelines = texts(rows.iter().map(|run| run.pipeline_id.as_str()).chain([unknown.as_str()]));
        let (from, to) = dice.window(&instants);
        let asked = wire::ListRunsRequest {
            pipeline_ids: dice.some(&pipelines),
            run_ids: if dice.roll(3) == 0 { dice.some(&ids) } else { Vec::new() },
            statuses: dice.some(&all),
            environments: dice.some(&["dev".into(), "prod".into(), "production".into()]),
            from,
            to,
            ..Default::default()
        };
        let fits = |run: &&wire::Run| {
            is_one(&asked.pipeline_ids, &run.pipeline_id)
                && is_one(&asked.run_ids, &run.id)
                && is_one(&asked.statuses, &run.status)
                && is_one(&asked.environments, &run.environment)
                && within(from, to, run.created_at)
        };
        let expected: Vec<String> = rows.iter().filter(fits).map(|run| run.id.clone()).collect();
        let size = 1 + u32::try_from(dice.roll(7)).unwrap();
        same_in_pages(
            &asked,
            &expected,
            size,
            |run: &wire::Run| run.id.clone(),
            |page_size, token, page, count| {
                let page_token = token.to_owned();
                runs::list(view, &wire::ListRunsRequest { page_size, page_token, page, count, ..asked.clone() })
            },
        );
    });
}

#[test]
fn task_runs_are_those_that_a_look_at_every_row_finds() {
    worlds(|view, everything, dice| {
        let rows = &everything.tasks;
        let instants: Vec<i64> = rows.iter().map(|(run, _)| run.created_at).collect();
        let all: Vec<String> = TaskStatus::ALL.iter().map(|status| status.as_str().to_owned()).collect();
        let unknown = RunId([9; 16]).to_string();
        let pipelines = texts(rows.iter().map(|(run, _)| run.pipeline_id.as_str()).chain([unknown.as_str()]));
        let ids: Vec<String> = rows.iter().map(|(_, task)| task.id.clone()).chain([unknown.clone()]).collect();
        let integrations = texts(rows.iter().map(|(_, task)| task.integration.as_str()).chain(["NONE"]));
        let integrations: Vec<String> = integrations.into_iter().filter(|name| !name.is_empty()).collect();
        let runs: Vec<String> = everything.runs.iter().map(|run| run.id.clone()).collect();
        let (from, to) = dice.window(&instants);
        let asked = wire::ListTaskRunsRequest {
            run_id: if dice.roll(4) == 0 { dice.some(&runs).pop().unwrap_or_default() } else { String::new() },
            pipeline_ids: dice.some(&pipelines),
            task_run_ids: if dice.roll(3) == 0 { dice.some(&ids) } else { Vec::new() },
            statuses: dice.some(&all),
            integrations: dice.some(&integrations),
            from,
            to,
            ..Default::default()
        };
        let fits = |(run, task): &&(wire::Run, wire::TaskRun)| {
            (asked.run_id.is_empty() || asked.run_id == run.id)
                && is_one(&asked.pipeline_ids, &run.pipeline_id)
                && is_one(&asked.task_run_ids, &task.id)
                && is_one(&asked.statuses, &task.status)
                && is_one(&asked.integrations, &task.integration)
                && within(from, to, task.created_at)
        };
        let expected: Vec<String> = rows.iter().filter(fits).map(|(_, task)| task.id.clone()).collect();
        let size = 1 + u32::try_from(dice.roll(20)).unwrap();
        same_in_pages(
            &asked,
            &expected,
            size,
            |task: &wire::TaskRun| task.id.clone(),
            |page_size, token, page, count| {
                let page_token = token.to_owned();
                task_runs::list(
                    view,
                    &wire::ListTaskRunsRequest { page_size, page_token, page, count, ..asked.clone() },
                )
            },
        );
        // A row of the list is the row of the run.
        let listed = task_runs::list(view, &wire::ListTaskRunsRequest { page_size: 1_000, ..asked.clone() }).unwrap();
        let whole: Vec<&wire::TaskRun> = rows.iter().filter(fits).map(|(_, task)| task).take(1_000).collect();
        assert_eq!(listed.rows.iter().collect::<Vec<_>>(), whole, "{asked:?}");
    });
}

#[test]
fn operations_are_those_that_a_look_at_every_row_finds() {
    let mut over_all = 0;
    worlds(|view, everything, dice| {
        let rows = &everything.operations;
        let done = |row: &wire::Operation| row.operation.clone().unwrap();
        let instants: Vec<i64> = rows.iter().map(|row| row.reported_at).collect();
        let external = texts(rows.iter().map(|row| row.operation.as_ref().unwrap().external_id.as_str()));
        let external: Vec<String> = external.into_iter().filter(|id| !id.is_empty()).collect();
        let runs: Vec<String> = everything.runs.iter().map(|run| run.id.clone()).collect();
        let tasks: Vec<String> = everything.tasks.iter().map(|(_, task)| task.id.clone()).collect();
        let word = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (from, to) = dice.window(&instants);
        let asked = wire::ListOperationsRequest {
            run_id: if dice.roll(4) == 0 { dice.some(&runs).pop().unwrap_or_default() } else { String::new() },
            task_run_id: if dice.roll(5) == 0 { dice.some(&tasks).pop().unwrap_or_default() } else { String::new() },
            types: dice.some(&word(&["MATERIALISATION", "TEST", "QUERY", "UNKNOWN"])),
            statuses: dice.some(&word(&["SUCCEEDED", "FAILED", "RUNNING", "REUSED"])),
            integrations: dice.some(&word(&["PYTHON", "DBT_CORE", "HTTP"])),
            external_ids: if dice.roll(2) == 0 { dice.some(&external) } else { Vec::new() },
            from,
            to,
            ..Default::default()
        };
        let fits = |row: &&wire::Operation| {
            (asked.run_id.is_empty() || asked.run_id == row.run_id)
                && (asked.task_run_id.is_empty() || asked.task_run_id == row.task_run_id)
                && is_one(&asked.types, &done(row).r#type)
                && is_one(&asked.statuses, &done(row).status)
                && is_one(&asked.integrations, &row.integration)
                && is_one(&asked.external_ids, &done(row).external_id)
                && within(from, to, row.reported_at)
        };
        let mut expected: Vec<&wire::Operation> = rows.iter().filter(fits).collect();
        if asked.run_id.is_empty() && asked.task_run_id.is_empty() {
            // The sort keeps the order of what was told of at the same time.
            expected.sort_by_key(|row| -row.reported_at);
            over_all += expected.len();
        }
        let expected: Vec<String> = expected.iter().map(|row| format!("{row:?}")).collect();
        let size = 1 + u32::try_from(dice.roll(7)).unwrap();
        same_in_pages(
            &asked,
            &expected,
            size,
            |row: &wire::Operation| format!("{row:?}"),
            |page_size, token, page, count| {
                let page_token = token.to_owned();
                operations::list(
                    view,
                    &wire::ListOperationsRequest { page_size, page_token, page, count, ..asked.clone() },
                )
            },
        );
    });
    assert!(over_all > 100, "these worlds have operations: {over_all}");
}

#[test]
fn assets_are_those_that_a_look_at_every_row_finds() {
    worlds(|view, everything, dice| {
        let rows = &everything.assets;
        let detail = |row: &wire::Asset| row.asset.clone().unwrap();
        let word = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let ids: Vec<String> = rows.iter().flat_map(|row| [row.id.clone(), key_of(row)]).chain(["x".into()]).collect();
        let sorts = [
            wire::AssetSort::Key,
            wire::AssetSort::FirstSeen,
            wire::AssetSort::Updated,
            wire::AssetSort::Name,
            wire::AssetSort::Type,
            wire::AssetSort::Status,
            wire::AssetSort::Integration,
        ];
        let sort = sorts[usize::try_from(dice.roll(7)).unwrap()];
        let asked = wire::ListAssetsRequest {
            types: dice.some(&word(&["TABLE", "VIEW", "UNKNOWN"])),
            integrations: dice.some(&word(&["POSTGRES", "DBT_CORE"])),
            statuses: dice.some(&word(&["HEALTHY", "UNHEALTHY", "UNKNOWN"])),
            asset_ids: if dice.roll(3) == 0 { dice.some(&ids) } else { Vec::new() },
            databases: dice.some(&word(&["SHOP", "main"])),
            schemas: dice.some(&word(&["public", "mart", "RAW", "main"])),
            integration_account_ids: if dice.roll(3) == 0 { word(&["account-1"]) } else { Vec::new() },
            workspace_ids: if dice.roll(4) == 0 { word(&["w0"]) } else { Vec::new() },
            sort: sort.into(),
            descending: dice.roll(2) == 0,
            ..Default::default()
        };
        let said = |row: &wire::Asset| row.declared.clone().unwrap_or_default();
        let in_place = |row: &wire::Asset| {
            let key = key_of(row).to_lowercase();
            let names = key.rsplit('/').next().unwrap();
            let parts: Vec<&str> = names.split('.').collect();
            let (database, schema) = match parts.as_slice() {
                [one, _] => (*one, *one),
                [database, schema, _] => (*database, *schema),
                _ => ("", ""),
            };
            // What people declare goes before what the key says.
            let said = said(row);
            let database = said.database_name.unwrap_or_else(|| database.to_owned()).to_lowercase();
            let schema = said.schema_name.unwrap_or_else(|| schema.to_owned()).to_lowercase();
            let is_one = |wanted: &[String], part: &str| {
                wanted.is_empty() || wanted.iter().any(|wanted| wanted.to_lowercase() == part)
            };
            is_one(&asked.databases, &database) && is_one(&asked.schemas, &schema)
        };
        let kind = |row: &wire::Asset| match detail(row).r#type {
            kind if kind.is_empty() => "UNKNOWN".to_owned(),
            kind => kind,
        };
        let fits = |row: &&wire::Asset| {
            is_one(&asked.types, &kind(row))
                && is_one(&asked.integrations, &detail(row).integration)
                && is_one(&asked.statuses, &row.status)
                && is_one(&asked.integration_account_ids, &said(row).integration_account_id.unwrap_or_default())
                && is_one(&asked.workspace_ids, &said(row).workspace_id.unwrap_or_default())
                && (asked.asset_ids.is_empty()
                    || asked.asset_ids.contains(&row.id)
                    || asked.asset_ids.contains(&key_of(row)))
                && in_place(row)
        };
        let by = |row: &wire::Asset| match sort {
            wire::AssetSort::Key => key_of(row),
            wire::AssetSort::FirstSeen => {
                format!("{:020}", said(row).created_in_integration_at.unwrap_or(row.first_seen_at))
            }
            wire::AssetSort::Updated => {
                format!("{:020}", said(row).updated_in_integration_at.unwrap_or(row.updated_at))
            }
            wire::AssetSort::Name => detail(row).name,
            wire::AssetSort::Type => kind(row),
            wire::AssetSort::Status => row.status.clone(),
            wire::AssetSort::Integration => detail(row).integration,
        };
        let mut expected: Vec<&wire::Asset> = rows.iter().filter(fits).collect();
        let node = |row: &wire::Asset| downbeat_metadata_projector::engine::keys::graph::node(&key_of(row));
        expected.sort_by_key(|row| (by(row), row.first_seen_at, node(row)));
        if asked.descending {
            expected.reverse();
        }
        let expected: Vec<String> = expected.iter().map(|row| format!("{row:?}")).collect();
        let size = 1 + u32::try_from(dice.roll(7)).unwrap();
        same_in_pages(
            &asked,
            &expected,
            size,
            |row: &wire::Asset| format!("{row:?}"),
            |page_size, token, page, count| {
                let page_token = token.to_owned();
                asset_list::list(view, &wire::ListAssetsRequest { page_size, page_token, page, count, ..asked.clone() })
            },
        );
    });
}

#[test]
fn a_page_by_token_goes_on_where_too_many_do_not_fit_and_a_total_is_refused_where_it_takes_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let oldest = run_id(0);
    let many = u32::try_from(limits::LOOKED_AT_PER_PAGE_MAX).unwrap() + 5;
    let mut history = vec![pipeline(1, 0)];
    history.extend((0..many).map(|number| created(run_id(number), i64::from(number))));
    history.push(Event::RunFinished { run: oldest, status: RunStatus::Failed, message: String::new(), at: at(1) });
    let published = folded(folder.path(), history);
    published.view(|view| {
        assert_eq!(size_of(view, oldest), 1);
        let asked = wire::ListRunsRequest { statuses: vec!["FAILED".into()], ..Default::default() };
        let first = runs::list(view, &asked).unwrap();
        assert!(first.rows.is_empty() && !first.next.is_empty());
        let second = runs::list(view, &wire::ListRunsRequest { page_token: first.next, ..asked.clone() }).unwrap();
        let found: Vec<_> = second.rows.iter().map(|run| run.id.as_str()).collect();
        assert_eq!((found, second.next.as_str()), (vec![oldest.to_string().as_str()], ""));
        let counted = runs::list(view, &wire::ListRunsRequest { count: true, ..asked }).unwrap();
        assert_eq!((counted.rows.len(), counted.total), (1, Some(1)));
    });
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_in_words() {
    let (log, folder) = (log("refused lists"), tempfile::tempdir().unwrap());
    for events in support::runs(3) {
        append(&log, events).await;
    }
    let mut service = Service::over(&log, folder.path()).await;
    service.get(run_id(1), end(&log).await).await.unwrap();
    let client = &mut service.client;
    let many = vec!["x".to_owned(); limits::FILTER_VALUES_MAX + 1];
    let text = |text: &str| vec![text.to_owned()];
    macro_rules! refused {
        ($call:ident, $request:ident { $($field:ident: $value:expr),* }, $code:ident, $said:expr) => {
            let request = wire::$request { $($field: $value,)* ..Default::default() };
            let status = client.$call(request).await.unwrap_err();
            assert_eq!(status.code(), tonic::Code::$code, "{status}");
            assert!(status.message().contains($said), "{status}");
        };
    }
    refused!(
        list_runs,
        ListRunsRequest { statuses: text("DONE") },
        InvalidArgument,
        "none of CREATED, QUEUED, RUNNING"
    );
    refused!(list_runs, ListRunsRequest { run_ids: text("last") }, InvalidArgument, "run_ids: `last` is no id");
    refused!(list_runs, ListRunsRequest { pipeline_ids: text("weather") }, InvalidArgument, "pipeline_ids: `weather`");
    refused!(list_runs, ListRunsRequest { environments: many.clone() }, InvalidArgument, "environments: 101 values");
    refused!(list_runs, ListRunsRequest { from: 5, to: 5 }, InvalidArgument, "from, to");
    refused!(list_runs, ListRunsRequest { page: 1, page_token: "52".into() }, InvalidArgument, "give one of the two");
    refused!(list_runs, ListRunsRequest { page: u32::MAX }, InvalidArgument, "page: ");
    refused!(list_runs, ListRunsRequest { page_size: 1_001, page: 1 }, InvalidArgument, "page_size");
    refused!(
        list_task_runs,
        ListTaskRunsRequest { statuses: text("READY") },
        InvalidArgument,
        "none of CREATED, QUEUED"
    );
    refused!(list_task_runs, ListTaskRunsRequest { task_run_ids: text("t0") }, InvalidArgument, "task_run_ids: `t0`");
    refused!(list_task_runs, ListTaskRunsRequest { run_id: "ffffffff".into() }, NotFound, "there is no run");
    refused!(list_task_runs, ListTaskRunsRequest { integrations: text("") }, InvalidArgument, "1 to 1024 bytes");
    refused!(list_task_runs, ListTaskRunsRequest { page_token: "5200".into() }, InvalidArgument, "page_token");
    refused!(list_operations, ListOperationsRequest { types: text("MODEL") }, InvalidArgument, "none of AGGREGATION");
    refused!(
        list_operations,
        ListOperationsRequest { statuses: text("OK") },
        InvalidArgument,
        "none of CANCELLED, FAILED"
    );
    refused!(list_operations, ListOperationsRequest { task_run_id: "t0".into() }, InvalidArgument, "task_run_id: `t0`");
    refused!(list_assets, ListAssetsRequest { statuses: text("FAILED") }, InvalidArgument, "none of HEALTHY");
    refused!(list_assets, ListAssetsRequest { sort: 99 }, InvalidArgument, "sort: there is no order 99");
    refused!(list_assets, ListAssetsRequest { asset_ids: many }, InvalidArgument, "asset_ids: 101 values");
    // A token of one order is none of another.
    let by_name = wire::ListAssetsRequest { sort: wire::AssetSort::Name.into(), page_size: 1, ..Default::default() };
    let page_token = client.list_assets(by_name).await.unwrap().into_inner().next_page_token;
    refused!(
        list_assets,
        ListAssetsRequest { page_token: page_token.clone(), descending: true },
        InvalidArgument,
        "page_token"
    );

    let all = wire::ListTaskRunsRequest { count: true, page: 2, page_size: 5, ..Default::default() };
    let answer = client.list_task_runs(all).await.unwrap().into_inner();
    assert_eq!((answer.task_runs.len(), answer.total), (5, Some(12)));
    let places: Vec<u32> = answer.task_runs.iter().map(|task| task.index).collect();
    assert_eq!(places, [1, 2, 3, 0, 1], "runs newest first, in each by place");
    service.stop().await;
}
