//! `downbeat cost savings`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{GetSavingsRequest, GetSavingsResponse, Saving};
use serde_json::json;

use crate::{cli::CostSavings, client, error::Error, render};

pub(super) async fn run(command: &CostSavings) -> Result<ExitCode, Error> {
    let at = match &command.at {
        None => 0,
        Some(written) => render::moment(written)
            .ok_or_else(|| Error::Usage(format!("--at: `{written}` is no time such as 2026-03-01T06:00:00Z")))?,
    };
    let request = GetSavingsRequest {
        pipeline: command.pipeline.clone().unwrap_or_default(),
        rules: command.rules.iter().map(|rule| rule.to_uppercase()).collect(),
        at,
        at_least: None,
    };
    let mut service = client::costs(&command.servers).await?;
    let answer = service.get_savings(request).await.map_err(client::refused)?.into_inner();
    if command.json {
        render::print(&format!("{:#}\n", as_json(&answer)))?;
        return Ok(ExitCode::SUCCESS);
    }
    if answer.savings.is_empty() {
        eprintln!("nothing found that could be saved; docs/savings.md says what is looked for");
    } else {
        render::print(&format!("{}\n", render::savings_lines(&answer.savings, render::columns()).join("\n")))?;
    }
    for incomplete in &answer.incomplete {
        eprintln!("not all was looked at: {}", render::clean(incomplete));
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(answer: &GetSavingsResponse) -> serde_json::Value {
    let saving = |saving: &Saving| {
        let figures = saving.figures.iter().map(|it| json!({"name": it.name, "value": it.value, "unit": it.unit}));
        let evidence = saving
            .evidence
            .iter()
            .map(|it| json!({"kind": it.kind, "id": it.id, "sequence": it.sequence, "note": it.note}));
        json!({
            "rule": saving.rule, "subject": saving.subject, "what": saving.what, "advice": saving.advice,
            "currency": saving.currency,
            "saved": if saving.saved.is_empty() { String::new() } else { render::money(&saving.saved) },
            "saved_seconds": saving.saved_seconds, "estimate": saving.estimate,
            "figures": figures.collect::<Vec<_>>(), "evidence": evidence.collect::<Vec<_>>(),
        })
    };
    json!({
        "from": answer.from, "to": answer.to, "incomplete": answer.incomplete,
        "savings": answer.savings.iter().map(saving).collect::<Vec<_>>(),
    })
}
