//! `downbeat backfill`: asked for, looked at before, listed, shown, cancelled.

use std::process::ExitCode;

use downbeat_domain::BackfillId;
use downbeat_proto::{
    control::v1::{BackfillSpan, CancelBackfillRequest, CreateBackfillRequest, PreviewBackfillRequest},
    event::decode_schedule,
    metadata::v1::{Backfill, GetBackfillRequest, ListBackfillsRequest, Position},
};

use crate::{
    cli::{BackfillCancel, BackfillCommand, BackfillList, BackfillShow, BackfillSub, Servers},
    client,
    error::Error,
    render::{backfill_header, backfill_table, columns, instant_table, preview_table, print},
};

/// Instants of one page.
const PAGE_SIZE: u32 = 1_000;

pub(super) async fn run(command: &BackfillCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        None if command.dry_run => preview(command).await,
        None => create(command).await,
        Some(BackfillSub::List(list)) => self::list(list).await,
        Some(BackfillSub::Show(show)) => self::show(show).await,
        Some(BackfillSub::Cancel(cancel)) => self::cancel(cancel).await,
    }
}

fn span(command: &BackfillCommand) -> Option<BackfillSpan> {
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    Some(BackfillSpan {
        pipeline: text(&command.pipeline),
        schedule: text(&command.schedule),
        from: text(&command.from),
        to: text(&command.to),
        force: command.force,
    })
}

async fn preview(command: &BackfillCommand) -> Result<ExitCode, Error> {
    let request = PreviewBackfillRequest { span: span(command) };
    let mut control = client::control(&command.servers).await?;
    let answer = control.preview_backfill(request).await.map_err(client::refused)?.into_inner();
    let schedule = answer.schedule.clone().and_then(decode_schedule);
    let unreadable = || Error::Refused("the server's answer cannot be read: it is of a newer version".to_owned());
    let table = preview_table(&schedule.ok_or_else(unreadable)?, &answer).ok_or_else(unreadable)?;
    print(&format!("{table}\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn create(command: &BackfillCommand) -> Result<ExitCode, Error> {
    let request = CreateBackfillRequest {
        span: span(command),
        max_active: command.max_active,
        idempotency_key: command.key.clone().unwrap_or_default(),
        actor: command.by.actor.clone().unwrap_or_default(),
    };
    let mut control = client::control(&command.servers).await?;
    let answer =
        control.create_backfill(client::asked(request, &command.by)).await.map_err(client::refused)?.into_inner();
    if answer.existed {
        eprintln!("backfill {} was asked for before with this key", answer.backfill_id);
    }
    let (row, _) = page(&answer.backfill_id, String::new(), 1, answer.position, &command.servers).await?;
    print(&format!("{}\n", backfill_header(&row)))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(list: &BackfillList) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&list.servers).await?;
    let mut request = ListBackfillsRequest {
        pipeline: list.pipeline.clone().unwrap_or_default(),
        page_size: list.limit.clamp(1, PAGE_SIZE),
        ..ListBackfillsRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < list.limit {
        let page = metadata.list_backfills(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.backfills);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(list.limit as usize);
    if found.is_empty() {
        eprintln!("no backfills");
    } else {
        print(&format!("{}\n", backfill_table(&found, columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(show: &BackfillShow) -> Result<ExitCode, Error> {
    let (mut instants, mut token) = (Vec::new(), String::new());
    let row = loop {
        let (row, page) = page(&show.backfill, token, PAGE_SIZE, None, &show.servers).await?;
        instants.extend(page.instants);
        if page.next_page_token.is_empty() {
            break row;
        }
        token = page.next_page_token;
    };
    print(&format!("{}\n\n{}\n", backfill_header(&row), instant_table(&instants)))?;
    Ok(ExitCode::SUCCESS)
}

async fn cancel(cancel: &BackfillCancel) -> Result<ExitCode, Error> {
    // A whole id is taken as it is, so that what was begun a moment ago is found, too.
    let backfill_id = match cancel.backfill.parse::<BackfillId>() {
        Ok(id) => id.to_string(),
        Err(_) => page(&cancel.backfill, String::new(), 1, None, &cancel.servers).await?.0.id,
    };
    let request = CancelBackfillRequest {
        backfill_id: backfill_id.clone(),
        reason: cancel.reason.clone(),
        idempotency_key: cancel.key.key.clone().unwrap_or_default(),
        actor: cancel.by.actor.clone().unwrap_or_default(),
    };
    let mut control = client::control(&cancel.servers).await?;
    let answer =
        control.cancel_backfill(client::asked(request, &cancel.by)).await.map_err(client::refused)?.into_inner();
    let (row, _) = page(&backfill_id, String::new(), 1, answer.position, &cancel.servers).await?;
    print(&format!("{}\n", backfill_header(&row)))?;
    Ok(ExitCode::SUCCESS)
}

/// A backfill and a page of its instants.
async fn page(
    backfill: &str,
    page_token: String,
    page_size: u32,
    at_least: Option<Position>,
    servers: &Servers,
) -> Result<(Backfill, downbeat_proto::metadata::v1::GetBackfillResponse), Error> {
    let request = GetBackfillRequest { backfill_id: backfill.to_owned(), at_least, page_size, page_token };
    let mut metadata = client::metadata(servers).await?;
    let mut answer = metadata.get_backfill(request).await.map_err(client::refused)?.into_inner();
    let row = answer.backfill.take();
    Ok((row.ok_or_else(|| Error::Refused(format!("there is no backfill `{backfill}`")))?, answer))
}
