//! A server of the shape of SQL Server's protocol (MS-TDS 7.4), as its documents describe it: sign-in, batches, transactions, locks of
//! applications, attentions, TLS. Its SQL is the few sentences that `answer` knows.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use super::tds_tls::{accept, acceptor};

/// Kinds of packets.
const BATCH: u8 = 0x01;
const ANSWER: u8 = 0x04;
const ATTENTION: u8 = 0x06;
const LOGIN: u8 = 0x10;
const PRELOGIN: u8 = 0x12;
/// Payload of one packet of an answer.
const PACKET_BYTES: usize = 4_000;

pub struct SqlServer {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What has been carried out for good.
    done: Mutex<Vec<String>>,
    /// Locks of applications, by the number of their session.
    locks: Mutex<BTreeMap<String, u64>>,
    /// What sessions were called and which database they asked for.
    sessions: Mutex<Vec<(String, String)>>,
    /// A statement waits for its end.
    waiting: Notify,
    /// Where the next sign-in is sent to instead.
    elsewhere: Mutex<Option<(String, u16)>>,
}

/// One line.
struct Session {
    number: u64,
    shared: Arc<Shared>,
    /// What a transaction would carry out; `None`: there is none.
    pending: Option<Vec<String>>,
    changed: u64,
}

trait Line: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Line for T {}

/// What a batch is answered with.
enum Said {
    /// Columns and rows; numbers and texts.
    Rows(Vec<(&'static str, Vec<Value>)>),
    Nothing,
    Error(i32, u8, &'static str),
    /// Until somebody ends it.
    Never,
    /// Texts without an end.
    Flood,
    /// These bytes, and then nothing more.
    Bytes(Vec<u8>),
}

impl SqlServer {
    pub const PASSWORD: &str = "tds-s3cret-password";

    /// Without TLS.
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// With the certificate that is in the folder.
    pub async fn over_tls(folder: &Path) -> Self {
        Self::with(Some(acceptor(folder))).await
    }

    async fn with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let all = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                let session = Session { number, shared: Arc::clone(&all), pending: None, changed: 0 };
                tokio::spawn(session.serve(stream, tls.clone()));
            }
        });
        Self { port, shared }
    }

    /// What has been carried out for good.
    pub fn done(&self) -> Vec<String> {
        self.shared.done.lock().unwrap().clone()
    }

    /// Waits until a statement runs that never ends by itself.
    pub async fn waiting(&self) {
        self.shared.waiting.notified().await;
    }

    pub fn sessions(&self) -> Vec<(String, String)> {
        self.shared.sessions.lock().unwrap().clone()
    }

    /// Sends the next sign-in elsewhere.
    pub fn send_elsewhere(&self, host: &str, port: u16) {
        *self.shared.elsewhere.lock().unwrap() = Some((host.to_owned(), port));
    }

    /// A lock that a session of nobody's has.
    pub fn hold(&self, lock: &str) {
        self.shared.locks.lock().unwrap().insert(lock.to_owned(), 0);
    }

    pub fn let_go(&self, lock: &str) {
        self.shared.locks.lock().unwrap().remove(lock);
    }

    /// The fields of a connection to it.
    pub fn fields(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "database": "shop", "username": "downbeat", "password": Self::PASSWORD,
            "sslmode": "disable",
        })
    }
}

impl Session {
    async fn serve(mut self, mut stream: TcpStream, tls: Option<TlsAcceptor>) {
        match (read(&mut stream).await, tls) {
            (Some((PRELOGIN, _)), None) => {
                write(&mut stream, &prelogin(false)).await;
                self.talk(&mut stream).await;
            }
            (Some((PRELOGIN, _)), Some(tls)) => {
                write(&mut stream, &prelogin(true)).await;
                if let Some(mut stream) = accept(&tls, stream).await {
                    self.talk(&mut stream).await;
                }
            }
            _ => {}
        }
        // Whoever goes takes back what was not committed.
        self.shared.locks.lock().unwrap().retain(|_, holder| *holder != self.number);
    }

    async fn talk(&mut self, stream: &mut impl Line) -> Option<()> {
        loop {
            let (kind, message) = read(stream).await?;
            match kind {
                LOGIN => {
                    let (answer, good) = self.sign_in(&message);
                    write(stream, &answer).await?;
                    good.then_some(())?;
                }
                BATCH => self.batch(stream, &message).await?,
                ATTENTION => write(stream, &done(0x20, 0)).await?,
                _ => return None,
            }
        }
    }

    fn sign_in(&self, message: &[u8]) -> (Vec<u8>, bool) {
        let field = |number: usize| {
            let place = 36 + number * 4;
            let word = |place: usize| usize::from(u16::from_le_bytes([message[place], message[place + 1]]));
            let (offset, length) = (word(place), word(place + 2));
            message[offset..offset + length * 2].to_vec()
        };
        let password: Vec<u8> = field(2).iter().map(|byte| (byte ^ 0xA5).rotate_left(4)).collect();
        let (name, database) = (text(&field(3)), text(&field(8)));
        self.shared.sessions.lock().unwrap().push((name, database.clone()));
        if text(&field(1)) != "downbeat" || text(&password) != SqlServer::PASSWORD {
            return ([error(18_456, 14, "Login failed for user."), done(2, 0)].concat(), false);
        }
        if database == "absent" {
            return ([error(4_060, 11, "Cannot open database."), done(2, 0)].concat(), false);
        }
        let mut answer = token(0xAD, &[&[1, 0x74, 0, 0, 4][..], &counted("Test"), &[16, 0, 0, 0]].concat());
        if let Some((host, port)) = self.shared.elsewhere.lock().unwrap().take() {
            let place = [&[0][..], &port.to_le_bytes(), &(host.len() as u16).to_le_bytes(), &utf16(&host)].concat();
            let place = [&[20][..], &(place.len() as u16).to_le_bytes(), &place, &[0, 0]].concat();
            answer.extend(token(0xE3, &place));
        }
        ([answer, done(0, 0)].concat(), true)
    }

    async fn batch(&mut self, stream: &mut impl Line, message: &[u8]) -> Option<()> {
        let headers = u32::from_le_bytes(message[..4].try_into().unwrap()) as usize;
        match self.answer(&text(&message[headers..])) {
            Said::Rows(results) => write(stream, &rows(&results)).await,
            Said::Nothing => write(stream, &done(0x10, self.changed)).await,
            Said::Error(number, class, said) => {
                write(stream, &[error(number, class, said), done(2, 0)].concat()).await?;
                (class < 20).then_some(())
            }
            Said::Never => {
                self.shared.waiting.notify_one();
                Some(())
            }
            Said::Flood => {
                let one = rows(&[("text", vec![json!("x".repeat(1_000)); 1_000])]);
                stream.write_all(&packets(&one[..one.len() - 13], false)).await.ok()?;
                let more: Vec<u8> = one[one.windows(1).position(|byte| byte[0] == 0xD1)?..one.len() - 13].to_vec();
                loop {
                    stream.write_all(&packets(&more, false)).await.ok()?;
                }
            }
            Said::Bytes(bytes) => {
                write(stream, &bytes).await?;
                None
            }
        }
    }

    fn answer(&mut self, batch: &str) -> Said {
        let shared = Arc::clone(&self.shared);
        if let Some((_, rest)) = batch.split_once("sp_getapplock @Resource = N'") {
            let name = rest.split('\'').next().unwrap().to_owned();
            let mut locks = shared.locks.lock().unwrap();
            let holder = *locks.entry(name).or_insert(self.number);
            return single(json!(if holder == self.number { 0 } else { -1 }));
        }
        match batch {
            "SET XACT_ABORT ON; BEGIN TRANSACTION" | "BEGIN TRANSACTION" => self.pending = Some(Vec::new()),
            "COMMIT TRANSACTION" => shared.done.lock().unwrap().extend(self.pending.take().unwrap_or_default()),
            "ROLLBACK TRANSACTION" | "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION" => self.pending = None,
            "SELECT @@TRANCOUNT" => return single(json!(u8::from(self.pending.is_some()))),
            "BEGIN TRAN; DELETE FROM a" => self.pending = Some(vec![batch.to_owned()]),
            "SELECT ROWCOUNT_BIG()" => return single(json!(self.changed)),
            "SELECT 1 AS one" => return Said::Rows(vec![("one", vec![json!(1)])]),
            "SELECT name FROM people" => return Said::Rows(vec![("name", vec![json!("Zoë"), Value::Null])]),
            "SELECT 1 AS a; SELECT 2 AS b" => {
                return Said::Rows(vec![("a", vec![json!(1)]), ("b", vec![json!(2), json!(3)])]);
            }
            "SELECT id FROM nothing" => return Said::Rows(vec![("id", Vec::new())]),
            "SELECT n FROM numbers" => return Said::Rows(vec![("n", (0..20_000).map(|n| json!(n)).collect())]),
            "SELECT flood" => return Said::Flood,
            "SELECT nonsense" => return Said::Bytes(vec![0x81, 0xFF, 0x7F, 0x01]),
            "SELECT strange" => return Said::Bytes(vec![0x00; 64]),
            "SELECT wait" | "UPDATE wait" | "EXEC wait" => return Said::Never,
            "SELECT lost" => return Said::Error(208, 16, "Invalid object name 'lost'."),
            "SELEC 1" => return Said::Error(102, 15, "Incorrect syntax near '1'."),
            "UPDATE locked" => return Said::Error(1_205, 13, "Transaction was deadlocked."),
            "INSERT INTO orders VALUES (1)" => return Said::Error(2_627, 14, "Violation of PRIMARY KEY constraint."),
            "SELECT broken" => return Said::Error(823, 24, "The disk is broken."),
            statement => {
                self.changed = statement.matches("VALUES").count() as u64;
                match &mut self.pending {
                    Some(pending) => pending.push(statement.to_owned()),
                    None => shared.done.lock().unwrap().push(statement.to_owned()),
                }
            }
        }
        Said::Nothing
    }
}

fn single(value: Value) -> Said {
    Said::Rows(vec![("", vec![value])])
}

/// One message of the client; `None`: the line is over.
async fn read(stream: &mut impl Line) -> Option<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).await.ok()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])) - 8;
        let begin = message.len();
        message.resize(begin + length, 0);
        stream.read_exact(&mut message[begin..]).await.ok()?;
        if head[1] & 1 == 1 {
            return Some((head[0], message));
        }
    }
}

async fn write(stream: &mut impl Line, message: &[u8]) -> Option<()> {
    stream.write_all(&packets(message, true)).await.ok()?;
    stream.flush().await.ok()
}

/// A message in packets; `last`: it ends with them.
fn packets(message: &[u8], last: bool) -> Vec<u8> {
    let mut all = Vec::new();
    let number = message.chunks(PACKET_BYTES).count();
    for (place, part) in message.chunks(PACKET_BYTES).enumerate() {
        let length = (part.len() as u16 + 8).to_be_bytes();
        all.extend([ANSWER, u8::from(last && place + 1 == number), length[0], length[1], 0, 0, 1, 0]);
        all.extend_from_slice(part);
    }
    all
}

/// Its version, and whether it has TLS.
fn prelogin(tls: bool) -> Vec<u8> {
    vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 16, 0, 0, 0, 0, 0, if tls { 1 } else { 2 }]
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// A text after the number of its letters.
fn counted(text: &str) -> Vec<u8> {
    [&[text.encode_utf16().count() as u8][..], &utf16(text)].concat()
}

fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u16).to_le_bytes(), body].concat()
}

fn error(number: i32, class: u8, said: &str) -> Vec<u8> {
    let said = [&(said.encode_utf16().count() as u16).to_le_bytes()[..], &utf16(said)].concat();
    token(
        0xAA,
        &[&number.to_le_bytes()[..], &[1, class], &said, &counted("test"), &counted(""), &1_u32.to_le_bytes()].concat(),
    )
}

fn done(status: u16, rows: u64) -> Vec<u8> {
    [&[0xFD][..], &status.to_le_bytes(), &[0, 0], &rows.to_le_bytes()].concat()
}

/// Results of one column each: of numbers if the first value is one, else of texts.
fn rows(results: &[(&str, Vec<Value>)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (place, (name, values)) in results.iter().enumerate() {
        let numbers = values.first().is_none_or(Value::is_number);
        let kind = if numbers { vec![0x26, 8] } else { vec![0xE7, 0xA0, 0x0F, 9, 4, 0xD0, 0, 0x34] };
        all.extend([&[0x81, 1, 0, 0, 0, 0, 0, 1, 0][..], &kind, &counted(name)].concat());
        for value in values {
            all.push(0xD1);
            match value {
                Value::Number(number) => all.extend([&[8][..], &number.as_i64().unwrap().to_le_bytes()].concat()),
                Value::String(text) => {
                    all.extend([&(utf16(text).len() as u16).to_le_bytes()[..], &utf16(text)].concat())
                }
                _ if numbers => all.push(0),
                _ => all.extend([0xFF, 0xFF]),
            }
        }
        let more = u16::from(place + 1 < results.len());
        all.extend(done(0x10 | more, values.len() as u64));
    }
    all
}
