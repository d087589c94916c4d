//! A line to a server that can be cut at a chosen word: what a lost network looks like to a client that is in the middle of something.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// When the line is cut, once.
#[derive(Clone, Copy)]
pub enum Cut {
    /// The server never gets the word.
    Before(&'static str),
    /// The server gets the word, and answers to nobody.
    After(&'static str),
}

pub struct Wire {
    pub port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
}

impl Wire {
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(Mutex::new(None));
        let plan = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&plan)));
            }
        });
        Self { port, cut }
    }

    /// The next time that the word goes to the server.
    pub fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap() = Some(cut);
    }
}

async fn carry(mut client: TcpStream, server: u16, plan: Arc<Mutex<Option<Cut>>>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(bytes @ 1..) = read else { return };
                let heard = planned(&plan, &up[..bytes]);
                if matches!(heard, Some(Cut::Before(_))) {
                    return;
                }
                if server.write_all(&up[..bytes]).await.is_err() {
                    return;
                }
                if heard.is_some() {
                    // The server answers, and so has done it, before the line is gone.
                    _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(bytes @ 1..) = read else { return };
                if client.write_all(&down[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The cut that these bytes are, which is then over: a query as PostgreSQL, MySQL or SQL Server is sent it.
fn planned(plan: &Mutex<Option<Cut>>, bytes: &[u8]) -> Option<Cut> {
    let mut plan = plan.lock().unwrap();
    let (Cut::Before(word) | Cut::After(word)) = (*plan)?;
    let length = u32::try_from(word.len()).unwrap();
    let postgres = [b"Q".as_slice(), &(length + 5).to_be_bytes(), word.as_bytes(), b"\0"].concat();
    let mysql = [&(length + 1).to_le_bytes()[..3], b"\0\x03", word.as_bytes()].concat();
    let tds: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let holds = |query: &[u8]| bytes.windows(query.len()).any(|part| part == query);
    if holds(&postgres) || holds(&mysql) || holds(&tds) { plan.take() } else { None }
}
