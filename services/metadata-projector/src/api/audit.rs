//! `ListAudit` and `ExportAudit`.

use downbeat_proto::metadata::v1 as wire;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Metadata, refused};
use crate::{
    engine,
    export::{Header, Lines},
    limits,
    query::{
        audit::{self, Filter},
        page::Page,
    },
};

type Answer = Result<wire::ExportAuditResponse, Status>;

pub(super) async fn list(
    metadata: &Metadata,
    request: wire::ListAuditRequest,
) -> Result<wire::ListAuditResponse, Status> {
    let wire::ListAuditRequest { filter, at_least, page_size: size, page_token } = request;
    let filter = Filter::of(filter.unwrap_or_default()).map_err(refused)?;
    let asked = metadata.ask(at_least, move |view| audit::list(view.store, &filter, Page { size, token: &page_token }));
    let (paged, position) = asked.await?;
    Ok(wire::ListAuditResponse { entries: paged.rows, next_page_token: paged.next, position })
}

/// Entries never change, so an export that is read in parts is the audit as it was when it began.
pub(super) async fn export(
    metadata: Metadata,
    request: wire::ExportAuditRequest,
) -> Result<BoxStream<'static, Answer>, Status> {
    let filter = Filter::of(request.filter.unwrap_or_default()).map_err(refused)?;
    let (up_to, _) = metadata.ask(request.at_least, |view| Ok(engine::sequence_of(view.head))).await?;
    let header = Header::new(metadata.published.log(), up_to, filter.asked().clone());
    let (lines, first) = Lines::begin(&header);
    let (sender, receiver) = mpsc::channel(limits::STREAM_QUEUE);
    tokio::spawn(async move {
        if let Err(status) = send(&metadata, filter, up_to, (lines, first), &sender).await {
            // The caller may have gone away.
            let _ = sender.send(Err(status)).await;
        }
    });
    Ok(Box::pin(ReceiverStream::new(receiver)))
}

async fn send(
    metadata: &Metadata,
    filter: Filter,
    up_to: u64,
    (mut lines, mut part): (Lines, String),
    sender: &mpsc::Sender<Answer>,
) -> Result<(), Status> {
    let mut after = None::<Vec<u8>>;
    loop {
        let (filter, key) = (filter.clone(), after.take());
        let asked = metadata.ask(None, move |view| audit::in_order(view.store, &filter, key.as_deref(), up_to));
        let ((entries, next), _) = asked.await?;
        entries.iter().for_each(|entry| part.push_str(&lines.entry(entry)));
        let is_last = next.is_none();
        if is_last {
            part.push_str(&lines.end());
            // An error means that nobody listens any more.
            let _ = sender.send(Ok(wire::ExportAuditResponse { lines: part.into() })).await;
            return Ok(());
        }
        if sender.send(Ok(wire::ExportAuditResponse { lines: std::mem::take(&mut part).into() })).await.is_err() {
            return Ok(());
        }
        after = next;
    }
}
