//! What is made of answers that the real server of the tests does not give: those of newer versions, of proxies, and of lines that break.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::connections::Connections;
use crate::sql::{Read, rows::Rows};

/// Hears nothing.
struct Deaf;

#[async_trait]
impl Witness for Deaf {
    async fn begun(&self, handle: &str) {
        assert!(is_id(handle.strip_prefix(HANDLE).unwrap()), "{handle}");
    }
}

/// Answers the statement that it knows with bytes, and any other with an empty success. Every line is for one request.
async fn server(statement: &'static str, answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let asked = request(&mut stream).await;
            let known = asked.ends_with(statement);
            let answer = if known { answer } else { b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" };
            stream.write_all(answer).await.ok();
        }
    });
    port
}

async fn request(stream: &mut TcpStream) -> String {
    let mut asked = String::new();
    let mut bytes = [0; 4096];
    loop {
        let read = stream.read(&mut bytes).await.unwrap();
        asked.push_str(&String::from_utf8_lossy(&bytes[..read]));
        let Some((head, body)) = asked.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) || read == 0 {
            return asked;
        }
    }
}

async fn run(statement: &'static str, answer: &'static [u8]) -> (Result<Option<u64>, RunError>, Rows) {
    let folder = tempfile::tempdir().unwrap();
    let port = server(statement, answer).await;
    let fields = format!(
        r#"{{"integration": "CLICKHOUSE", "fields": {{"host": "127.0.0.1", "port": {port}, "sslmode": "disable"}}}}"#
    );
    std::fs::write(folder.path().join("c.json"), fields).unwrap();
    let connections = Connections::new(Some(folder.path().to_owned()));
    let connection = connections.open("c", "CLICKHOUSE", ClickHouse.fields()).await.unwrap().unwrap();
    let visit = Visit { database: None, token: "t-1-1", who: "query", time: None, answer_bytes: 1024 };
    let mut session = ClickHouse.connect(&connection, &visit).await.unwrap();
    let mut rows = Rows::for_outputs();
    (session.run(statement, &mut rows, &Deaf).await, rows)
}

#[tokio::test]
async fn newer_servers_tell_what_was_written_and_read() {
    let answer = b"HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {\"read_rows\":\"7\",\"read_bytes\":\"56\",\"written_rows\":\"5\"}\r\nContent-Length: 0\r\n\r\n";
    let (ran, rows) = run("INSERT INTO a SELECT 1", answer).await;
    assert_eq!(ran.unwrap(), Some(5));
    assert_eq!(rows.read, Some(Read { rows: 7, bytes: 56 }));
}

#[tokio::test]
async fn only_the_server_itself_says_that_nothing_was_done() {
    // Whether it failed, what is said of it, and whether a handle is left to ask with.
    let cases: [(&'static [u8], bool, &str, bool); 6] = [
        (
            b"HTTP/1.1 500 E\r\nX-ClickHouse-Exception-Code: 241\r\nContent-Length: 6\r\n\r\nMemory",
            true,
            "Memory",
            false,
        ),
        (b"HTTP/1.1 404 E\r\nContent-Length: 28\r\n\r\nCode: 60. DB::Exception: none", true, "Code: 60", false),
        (b"HTTP/1.1 403 E\r\nContent-Length: 4\r\n\r\nStop", true, "403", false),
        (b"HTTP/1.1 502 E\r\nContent-Length: 11\r\n\r\nBad gateway", false, "502", true),
        (b"", false, "the line was lost", true),
        (b"HTTP/1.1 500 E\r\nContent-Length: 24\r\n\r\nCode: 319. Unknown status", false, "Code: 319", false),
    ];
    for (answer, failed, expected, known) in cases {
        let shown = String::from_utf8_lossy(answer);
        match run("INSERT INTO a SELECT 1", answer).await.0 {
            Err(RunError::Failed(failure)) => {
                assert!(failed && failure.message.contains(expected), "{shown}: {}", failure.message);
            }
            Err(RunError::InDoubt { handle, whole, reason }) => {
                assert!(!failed && !whole && reason.message.contains(expected), "{shown}: {}", reason.message);
                assert_eq!(handle.is_some(), known, "{shown}");
            }
            Ok(_) => panic!("{shown}"),
        }
    }
}

#[tokio::test]
async fn rows_that_break_off_are_not_taken_for_all_of_them() {
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/tab-separated-values\r\nContent-Length: 60\r\n\r\na\nUInt8\n1\n2\n";
    let (ran, rows) = run("SELECT a FROM b", head).await;
    assert!(matches!(ran, Err(RunError::InDoubt { handle: Some(_), whole: false, .. })), "{ran:?}");
    assert_eq!(rows.seen, 2);
    let crooked =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/tab-separated-values\r\nContent-Length: 12\r\n\r\na\nUInt8\n1\t2\n";
    let (ran, _) = run("SELECT a FROM b", crooked).await;
    assert!(matches!(ran, Err(RunError::InDoubt { .. })), "{ran:?}");
}
