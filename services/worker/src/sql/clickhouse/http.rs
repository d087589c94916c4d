//! The way to a ClickHouse server: its HTTP interface, one statement per request.

use std::{fmt, time::Duration};

use reqwest::{Client, Response, Url, header::CONTENT_TYPE, redirect::Policy};

use crate::attempt::{Failure, beginning};
use crate::connections::{Connection, Secret};
use crate::limits::{ANSWER_SHOWN_BYTES, CHECK_CONNECT_WAIT};
use crate::sql::{Read, Visit, tls};

/// Bytes of an answer that says what is wrong.
const COMPLAINT_BYTES_MAX: u64 = 64 * 1024;
/// How long a question of our own may take.
pub(super) const QUESTION_WAIT: Duration = CHECK_CONNECT_WAIT;
/// Between two signs of life on a line on which a statement runs.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Why a statement came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nothing was sent.
    Unsent(String),
    /// It was sent, or a part of it, and no whole answer came.
    Line(String),
    /// The server said so.
    Said {
        code: u32,
        text: String,
    },
    /// Somebody answered, and not as the server does.
    Strange(String),
    /// Nobody who asks like this is let in.
    Unwelcome(String),
    /// Its result cannot be read: the statement asks for another format.
    Refused(String),
    TooMuch,
}

/// A server, a database and who asks. Shown without credentials.
#[derive(Clone)]
pub(super) struct Target {
    client: Client,
    url: Url,
    database: String,
    username: String,
    password: Option<Secret>,
}

impl Target {
    pub(super) fn read(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let host = connection.required("host")?;
        let tls = tls::wanted(connection)?;
        let (scheme, port) = if tls.is_some() { ("https", 8443) } else { ("http", 8123) };
        let port = connection.port(port)?;
        // An address of version 6 needs brackets; anything else than a host does not read as one.
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let url = Url::parse(&format!("{scheme}://{host}:{port}/")).ok();
        let plain = |url: &Url| url.path() == "/" && url.username().is_empty() && url.query().is_none();
        let url = url.filter(plain).ok_or_else(|| connection.wrong("host", "must be the name or address of a host"))?;
        let builder = crate::web::guarded(Client::builder(), &url)?
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(CHECK_CONNECT_WAIT)
            .tcp_keepalive(KEEPALIVE)
            .user_agent(visit.name());
        let builder = match tls {
            Some(config) => builder.tls_backend_preconfigured(config),
            None => builder,
        };
        let client = builder.build().map_err(|error| {
            Failure::transient(format!("cannot set up an HTTP client: {}", crate::web::chain(&error)))
        })?;
        let database = match visit.database {
            Some(named) => Some(named),
            None => connection.text("database")?,
        };
        Ok(Self {
            client,
            url,
            database: database.unwrap_or_default().to_owned(),
            username: connection.text("username")?.unwrap_or("default").to_owned(),
            password: connection.secret("password")?,
        })
    }

    /// Sends a statement. `settings`: what goes along in the address.
    pub(super) async fn send(
        &self,
        statement: &str,
        settings: &[(&str, &str)],
        wait: Option<Duration>,
    ) -> Result<Response, Fault> {
        let mut url = self.url.clone();
        {
            let mut pairs = url.query_pairs_mut();
            // Nothing is answered before it is certain how the statement ends.
            pairs.append_pair("wait_end_of_query", "1").append_pair("default_format", "TabSeparatedWithNamesAndTypes");
            if !self.database.is_empty() {
                pairs.append_pair("database", &self.database);
            }
            pairs.extend_pairs(settings);
        }
        let mut request = self.client.post(url).body(statement.to_owned()).header("x-clickhouse-user", &self.username);
        if let Some(password) = &self.password {
            request = request.header("x-clickhouse-key", password.reveal());
        }
        if let Some(wait) = wait {
            request = request.timeout(wait);
        }
        let response = request.send().await.map_err(|error| lost(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.complaint(response).await)
    }

    async fn complaint(&self, response: Response) -> Fault {
        let status = response.status();
        let code = response.headers().get("x-clickhouse-exception-code");
        let code = code.and_then(|code| code.to_str().ok()).and_then(|code| code.parse().ok());
        let mut body = Body::new(response, COMPLAINT_BYTES_MAX);
        let mut text = Vec::new();
        while let Ok(Some(line)) = body.line().await {
            text.extend_from_slice(&line);
            text.push(b' ');
        }
        let text = String::from_utf8_lossy(&text).trim().trim_end_matches(", e.what() = DB::Exception").to_owned();
        let text = beginning(&text, ANSWER_SHOWN_BYTES);
        let named =
            text.strip_prefix("Code: ").and_then(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next());
        match code.or_else(|| named.and_then(|code| code.parse().ok())) {
            Some(code) => Fault::Said { code, text },
            None if matches!(status.as_u16(), 401 | 403) => Fault::Unwelcome(format!("it answers {status}: {text}")),
            None => Fault::Strange(format!("it answers {status}: {text}")),
        }
    }
}

fn lost(error: &reqwest::Error) -> Fault {
    let text = crate::web::chain(error);
    if crate::egress::is_refusal(error) {
        Fault::Unwelcome(text)
    } else if error.is_connect() || error.is_builder() {
        Fault::Unsent(text)
    } else {
        Fault::Line(text)
    }
}

/// The body of an answer, line by line.
pub(super) struct Body {
    response: Response,
    left: u64,
    held: Vec<u8>,
    /// Of what is held, so much was given out.
    begin: usize,
}

impl Body {
    pub(super) fn new(response: Response, limit: u64) -> Self {
        Self { response, left: limit, held: Vec::new(), begin: 0 }
    }

    /// Whether it is in the format that was asked for, and not in one that the statement names.
    pub(super) fn is_as_asked(&self) -> bool {
        let content = self.response.headers().get(CONTENT_TYPE).and_then(|content| content.to_str().ok());
        content.is_none_or(|content| content.starts_with("text/tab-separated-values"))
    }

    /// What was written, by the server's own account. Old servers give none.
    pub(super) fn written(&self) -> Option<u64> {
        self.counted("written_rows")
    }

    /// What was read, by the server's own account.
    pub(super) fn read(&self) -> Option<Read> {
        Some(Read { rows: self.counted("read_rows")?, bytes: self.counted("read_bytes")? })
    }

    /// A number of the summary, which is whole: the server was asked to answer at the end only.
    fn counted(&self, name: &str) -> Option<u64> {
        let summary = self.response.headers().get("x-clickhouse-summary")?.to_str().ok()?;
        let summary: serde_json::Value = serde_json::from_str(summary).ok()?;
        summary.get(name)?.as_str()?.parse().ok()
    }

    /// The next line, without its end.
    pub(super) async fn line(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut seen = self.begin;
        loop {
            if let Some(place) = self.held[seen..].iter().position(|byte| *byte == b'\n') {
                let line = self.held[self.begin..seen + place].to_vec();
                self.begin = seen + place + 1;
                return Ok(Some(line));
            }
            self.held.drain(..self.begin);
            self.begin = 0;
            seen = self.held.len();
            let chunk = self.response.chunk().await.map_err(|error| lost(&error))?;
            let Some(chunk) = chunk else {
                let rest = std::mem::take(&mut self.held);
                return Ok((!rest.is_empty()).then_some(rest));
            };
            self.left = self.left.checked_sub(chunk.len() as u64).ok_or(Fault::TooMuch)?;
            self.held.extend_from_slice(&chunk);
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = (self.url.host_str().unwrap_or_default(), self.url.port_or_known_default().unwrap_or(0));
        match self.database.as_str() {
            "" => write!(formatter, "the server at {host}:{port}"),
            database => write!(formatter, "the database {database:?} at {host}:{port}"),
        }
    }
}
