//! A client of HTTP/1.1 that sends exactly what it is told to: paths are not tidied up, headers may be wrong, bodies may stop in the middle.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Of the first line.
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header of it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Somebody who asks one server.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
    /// Sent with each request, as it stands.
    pub headers: Vec<(String, String)>,
}

impl Client {
    /// Of a server at `http://HOST:PORT`, without a key.
    pub fn new(url: &str) -> Self {
        Self { address: url.trim_start_matches("http://").trim_end_matches('/').to_owned(), headers: Vec::new() }
    }

    /// The same with a key.
    pub fn with_key(url: &str, key: &str) -> Self {
        let mut client = Self::new(url);
        client.headers.push(("Authorization".to_owned(), format!("Bearer {key}")));
        client
    }

    /// `GET`.
    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, None)
    }

    /// A request with a JSON body, if there is one; panics where nobody answers.
    pub fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Answer {
        let body = body.map(ToString::to_string);
        let kind = body.as_ref().map(|_| ("Content-Type", "application/json"));
        let answer = self.send(method, target, kind.as_slice(), body.as_deref().unwrap_or_default().as_bytes());
        answer.unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// A request with these headers more.
    ///
    /// # Errors
    /// The connection ended without an answer.
    pub fn send(&self, method: &str, target: &str, more: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(more.iter().copied()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// These bytes, and what comes back until the server closes.
    ///
    /// # Errors
    /// The connection ended without an answer.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(ANSWER_WAIT))?;
        stream.set_nodelay(true)?;
        // A server that has seen enough may close before it has read everything.
        let written = stream.write_all(bytes);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(_) if !answer.is_empty() => {}
            Err(error) => return Err(written.err().unwrap_or(error)),
        }
        read(&answer)
            .ok_or_else(|| io::Error::other(format!("no answer of HTTP: {:?}", String::from_utf8_lossy(&answer))))
    }
}

fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { joined(rest) } else { rest.to_vec() };
    Some(Answer { status, headers, body })
}

fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else { break };
        let Some(part) = rest.get(end + 2..end + 2 + size) else { break };
        body.extend_from_slice(part);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
