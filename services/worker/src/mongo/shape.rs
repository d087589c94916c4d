//! A server of the shape of MongoDB's protocol, for tests: whatever a test wants it to say.

use std::sync::Arc;

use bson::{Document, RawDocumentBuf, raw::RawDocument, rawdoc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What a server does with a command.
pub(crate) enum Answer {
    Say(RawDocumentBuf),
    /// A message that claims to be so long, with this in it.
    Claim(u32, Vec<u8>),
    HangUp,
    /// Nothing until somebody ends a session, and then that it was ended.
    UntilKilled,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    heard: Arc<watch::Sender<Vec<Document>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&str, &Document) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, answer) = (Arc::new(watch::Sender::new(Vec::new())), Arc::new(answer));
        let all = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                tokio::spawn(async move {
                    while let Some((number, command)) = read(&mut stream).await {
                        let name = command.keys().next().cloned().unwrap_or_default();
                        let said = answer(&name, &command);
                        all.send_modify(|heard| heard.push(command));
                        let (length, body) = match said {
                            Answer::Say(document) => (document.as_bytes().len() as u32 + 21, document.into_bytes()),
                            Answer::Claim(length, body) => (length, body),
                            Answer::HangUp => return,
                            Answer::UntilKilled => {
                                wait_for(&all, "killSessions").await;
                                let said =
                                    rawdoc! { "ok": 0, "code": 11_601, "codeName": "Interrupted", "errmsg": "ended" };
                                (said.as_bytes().len() as u32 + 21, said.into_bytes())
                            }
                        };
                        let head = [length, 1, number, 2013, 0].map(u32::to_le_bytes).concat();
                        if stream.write_all(&[&head[..], &[0], &body].concat()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, heard }
    }

    /// The commands of that name that were heard.
    pub(crate) fn heard(&self, name: &str) -> Vec<Document> {
        self.heard.borrow().iter().filter(|command| command.contains_key(name)).cloned().collect()
    }

    /// Waits until a command of that name is heard.
    pub(crate) async fn hears(&self, name: &str) {
        wait_for(&self.heard, name).await;
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

async fn wait_for(heard: &watch::Sender<Vec<Document>>, name: &str) {
    heard.subscribe().wait_for(|all| all.iter().any(|command| command.contains_key(name))).await.unwrap();
}

async fn read(stream: &mut TcpStream) -> Option<(u32, Document)> {
    let mut head = [0; 21];
    stream.read_exact(&mut head).await.ok()?;
    let word = |place: usize| u32::from_le_bytes(head[place..place + 4].try_into().unwrap());
    let mut body = vec![0; word(0) as usize - 21];
    stream.read_exact(&mut body).await.ok()?;
    Some((word(4), Document::try_from(RawDocument::from_bytes(&body).unwrap()).unwrap()))
}

/// A primary that gives this answer to everything but hello.
pub(crate) async fn server(answer: impl Fn(&str, &Document) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |name, command| match name {
        "hello" => Answer::Say(rawdoc! { "ok": 1.0, "isWritablePrimary": true, "logicalSessionTimeoutMinutes": 30 }),
        _ => answer(name, command),
    })
    .await
}
