//! `downbeat cost prices`.

use std::process::ExitCode;

use downbeat_dialect::sheet::{Column, Fault, Row};
use downbeat_domain::cost::{Currency, read_amount};
use downbeat_proto::{control::v1::SetPricesRequest, events::v1::Price, metadata::v1::GetPricesRequest};

use super::file;
use crate::{
    cli::{CostPrices, PricesApply, PricesShow, PricesSub},
    client,
    error::Error,
    render,
};

const fn column(name: &'static str, required: bool, map: bool) -> Column {
    Column { name, required, map }
}

const COLUMNS: [Column; 8] = [
    column("name", false, false),
    column("unit", true, false),
    column("amount", true, false),
    column("currency", true, false),
    column("per", false, false),
    column("attributes", false, true),
    column("integration", false, false),
    column("connection", false, false),
];

pub(super) async fn run(command: &CostPrices) -> Result<ExitCode, Error> {
    match &command.sub {
        PricesSub::Show(show) => self::show(show).await,
        PricesSub::Apply(apply) => self::apply(apply).await,
    }
}

async fn show(show: &PricesShow) -> Result<ExitCode, Error> {
    let mut service = client::costs(&show.servers).await?;
    let answer = service.get_prices(GetPricesRequest::default()).await.map_err(client::refused)?.into_inner();
    let set = answer.prices.unwrap_or_default();
    if set.prices.is_empty() {
        eprintln!("no prices; `downbeat cost prices apply FILE` sets them");
    } else {
        eprintln!("version {}", set.version);
        render::print(&format!("{}\n", render::price_table(&set.prices, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn apply(apply: &PricesApply) -> Result<ExitCode, Error> {
    let prices = file::rows(&apply.file, "prices", &COLUMNS, price)?;
    let count = prices.len();
    let request = SetPricesRequest {
        prices,
        idempotency_key: apply.key.key.clone().unwrap_or_default(),
        actor: apply.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&apply.servers).await?.set_prices(request).await.map_err(client::refused)?;
    let what = if answer.into_inner().changed { "set" } else { "unchanged" };
    println!("{what}: {count} prices; they count for what is reported from now on");
    Ok(ExitCode::SUCCESS)
}

fn price(row: &Row) -> Result<Price, Fault> {
    let micros = file::read(row, "amount", |text| {
        read_amount(text).and_then(|micros| match micros {
            negative if negative < 0 => Err("a price is not negative".to_owned()),
            micros => Ok(micros),
        })
    })?;
    let currency = file::read(row, "currency", |text| text.parse::<Currency>())?;
    let per = file::read_or(row, "per", 1, |text| {
        text.replace('_', "")
            .parse::<u64>()
            .ok()
            .filter(|per| *per > 0)
            .ok_or_else(|| format!("`{text}` is no whole number of units, 1 or more, that the amount is for"))
    })?;
    let attributes = row.cell("attributes").map(|cell| cell.entries.iter().cloned().collect()).unwrap_or_default();
    Ok(Price {
        name: row.text("name").to_owned(),
        unit: row.text("unit").to_owned(),
        attributes,
        integration: row.text("integration").to_owned(),
        connection: row.text("connection").to_owned(),
        micros,
        currency: currency.to_string(),
        per,
    })
}
