//! `downbeat cost record`.

use std::process::ExitCode;

use downbeat_dialect::sheet::{Column, Fault, Row};
use downbeat_domain::{
    CostId,
    cost::{Currency, read_amount},
    limits::BILLS_PER_COMMAND_MAX,
    metadata::Quantity,
};
use downbeat_proto::control::v1::{Bill, RecordCostsRequest};

use super::file;
use crate::{cli::CostRecord, client, error::Error};

const fn column(name: &'static str, required: bool) -> Column {
    Column { name, required, map: false }
}

const COLUMNS: [Column; 13] = [
    column("source", true),
    column("id", true),
    column("amount", true),
    column("currency", true),
    column("quantity", false),
    column("unit", false),
    column("pipeline", false),
    column("task", false),
    column("owner", false),
    column("integration", false),
    column("asset", false),
    column("used_at", false),
    column("corrects", false),
];

/// Portions of a file are commands of their own: what was recorded before one is refused stays, and the file can be given again.
pub(super) async fn record(record: &CostRecord) -> Result<ExitCode, Error> {
    let bills = file::rows(&record.file, "bills", &COLUMNS, bill)?;
    let mut control = client::control(&record.servers).await?;
    let (mut changed, mut done) = (false, 0);
    for portion in bills.chunks(BILLS_PER_COMMAND_MAX) {
        let request =
            RecordCostsRequest { bills: portion.to_vec(), actor: record.by.actor.clone().unwrap_or_default() };
        let answer = control.record_costs(request).await.map_err(|status| match client::refused(status) {
            Error::Refused(words) if done > 0 => Error::Refused(format!("{words} (the first {done} are recorded)")),
            other => other,
        })?;
        changed |= answer.into_inner().changed;
        done += portion.len();
    }
    println!("{}: {done} bills", if changed { "recorded" } else { "all known before" });
    Ok(ExitCode::SUCCESS)
}

fn bill(row: &Row) -> Result<Bill, Fault> {
    let text = |name: &str| row.text(name).to_owned();
    let currency = file::read(row, "currency", |text| text.parse::<Currency>())?;
    file::read_or(row, "corrects", (), |text| text.parse::<CostId>().map(|_| ()).map_err(|error| error.to_string()))?;
    file::read_or(row, "quantity", (), |text| {
        Quantity::read(text).map(|_| ()).ok_or_else(|| format!("`{text}` is no decimal number such as 12.5"))
    })?;
    Ok(Bill {
        source: text("source"),
        external_id: text("id"),
        micros: file::read(row, "amount", read_amount)?,
        currency: currency.to_string(),
        quantity: text("quantity"),
        unit: text("unit"),
        pipeline: text("pipeline"),
        task: text("task"),
        owner: text("owner"),
        integration: text("integration"),
        asset: text("asset"),
        incurred_at: file::read_or(row, "used_at", 0, |text| {
            super::instant(text).ok_or_else(|| format!("`{text}` is no day such as 2026-11-01 and no instant"))
        })?,
        corrects: text("corrects"),
    })
}
