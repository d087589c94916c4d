//! Follows the coordinator's table of keys.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use downbeat_proto::control::v1::{WatchAccessRequest, access_service_client::AccessServiceClient};
use tokio::sync::watch;
use tonic::transport::Channel;

use super::Table;
use crate::{http::Fault, limits};

/// The table, and when somebody confirmed it last.
#[derive(Clone, Debug)]
pub(crate) struct Doors(watch::Receiver<Option<Confirmed>>);

#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    table: Arc<Table>,
    /// Since when nobody has confirmed it any more; none = the coordinator is there.
    lost: Option<Instant>,
}

impl Confirmed {
    fn is_fresh(&self) -> bool {
        self.lost.is_none_or(|since| since.elapsed() < limits::ACCESS_STALE_MAX)
    }
}

impl Doors {
    /// The table by which is decided.
    ///
    /// # Errors
    /// 503: there is none, or it is too old.
    pub(crate) async fn table(&self) -> Result<Arc<Table>, Fault> {
        let mut receiver = self.0.clone();
        // A gateway that has just begun waits for its first table rather than refuse.
        let told = tokio::time::timeout(Duration::from_secs(5), receiver.wait_for(Option::is_some)).await;
        let confirmed = match told {
            Ok(Ok(confirmed)) => confirmed.clone(),
            _ => None,
        };
        confirmed.filter(Confirmed::is_fresh).map(|known| known.table).ok_or_else(|| {
            let said = "nobody can say who may do what at the moment: the coordinator is not there";
            Fault::Text(StatusCode::SERVICE_UNAVAILABLE, said.to_owned())
        })
    }

    /// Waits until this token opens something: whoever was just given one may use it at once. Not for long: the table may not come.
    pub(crate) async fn opened_by(&self, token: &str, now_micros: i64) {
        let knows = |known: &Option<Confirmed>| {
            known.as_ref().is_some_and(|known| known.table.principal(token, now_micros).is_ok())
        };
        let mut receiver = self.0.clone();
        let known = tokio::time::timeout(Duration::from_secs(5), receiver.wait_for(knows)).await;
        if known.is_err() {
            tracing::warn!("the coordinator has not told of a token that it made");
        }
    }

    /// Whether somebody could be let in now.
    pub(crate) fn are_known(&self) -> bool {
        self.0.borrow().as_ref().is_some_and(Confirmed::is_fresh)
    }
}

/// Follows the table for as long as anybody holds the doors.
pub(crate) fn follow(channel: Channel) -> Doors {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let ended = sender.clone();
        tokio::select! {
            () = ended.closed() => {}
            () = keep_following(channel, sender) => {}
        }
    });
    Doors(receiver)
}

async fn keep_following(channel: Channel, sender: watch::Sender<Option<Confirmed>>) {
    loop {
        let mut client = AccessServiceClient::new(channel.clone())
            .max_decoding_message_size(downbeat_proto::limits::MESSAGE_BYTES_MAX);
        match client.watch_access(WatchAccessRequest {}).await {
            Ok(stream) => {
                let mut stream = stream.into_inner();
                loop {
                    match stream.message().await {
                        Ok(Some(told)) => {
                            sender.send_replace(Some(Confirmed { table: Arc::new(Table::read(told)), lost: None }));
                        }
                        Ok(None) => break,
                        Err(status) => {
                            tracing::debug!(%status, "the table of keys is not told any more");
                            break;
                        }
                    }
                }
            }
            Err(status) => tracing::debug!(%status, "the coordinator does not tell its table of keys"),
        }
        sender.send_if_modified(|known| match known {
            Some(known) if known.lost.is_none() => {
                known.lost = Some(Instant::now());
                true
            }
            _ => false,
        });
        tokio::time::sleep(limits::ACCESS_RETRY).await;
    }
}
