//! Just enough HTTP/1.1 for a server that may close a connection in the middle: one request each, nothing kept alive.

use std::collections::BTreeMap;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of a request.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With the query.
    pub(crate) target: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Only the first half of it is JSON.
    pub(crate) halved: bool,
}

pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(Some(0), |text| text.parse().ok())?;
    while bytes.len() < head + 4 + length {
        more(stream, &mut bytes).await?;
    }
    let body = String::from_utf8(bytes[head + 4..head + 4 + length].to_vec()).ok()?;
    Some(Asked { method, target, headers, body })
}

async fn more(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 8192];
    let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&buffer[..count]);
    (bytes.len() <= REQUEST_BYTES_MAX).then_some(())
}

pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), answer: &Answer) {
    let body = if answer.halved {
        &answer.body[..answer.body.floor_char_boundary(answer.body.len() / 2)]
    } else {
        &answer.body
    };
    let body = if answer.halved && body.is_empty() { "{" } else { body };
    let mut text = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\nconnection: close\r\n", answer.status, body.len());
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    // Whoever has gone meanwhile wants no answer.
    stream.write_all(text.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}
