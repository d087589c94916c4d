//! Servers that know every credential they are told, and repeat them wherever there is room.
//!
//! They promise to leak: in bodies, headers, reasons, addresses of redirects, errors and notices, in every dress. They know nothing of
//! what those who ask want.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use downbeat_worker::testing::canary::dresses;
use serde_json::{Value, json};

/// What the servers know.
#[derive(Debug)]
pub struct Knows {
    /// Repeated wherever there is room for all.
    pub all: Vec<String>,
    /// What is no credential of anybody, and comes out.
    pub control: String,
}

impl Knows {
    /// The control in every dress, and then credentials, at most so many: what is shown of an answer is its beginning.
    fn repeats(&self, at_most: usize) -> String {
        let named = std::iter::once(&self.control).chain(self.all.iter().rev().take(at_most));
        named.flat_map(|secret| dresses(secret)).collect::<Vec<_>>().join(" ~ ")
    }
}

/// Serves each connection in a thread of its own, on a free port.
fn listen(serve: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            // Whoever asked may be gone.
            std::thread::spawn(move || serve(stream).ok());
        }
    });
    port
}

/// HTTP. What is asked for says how it answers: `refuse` in a path: 400; `moved`: a redirect; `much`: 200 with all; `cut-N`: 400 with N letters before the first
/// credential; all else 200, unless `refuses`.
pub fn http(knows: Arc<Knows>, refuses: bool) -> u16 {
    listen(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone()?);
        // Whoever speaks something else is told all the same.
        if !reader.fill_buf()?.first().is_some_and(u8::is_ascii_uppercase) {
            return stream.write_all(&answer(&knows, "", refuses));
        }
        loop {
            let (mut head, mut length) = (Vec::new(), 0);
            while !head.ends_with(b"\r\n\r\n") {
                let from = head.len();
                if reader.read_until(b'\n', &mut head)? == 0 {
                    return Ok(());
                }
                let line = String::from_utf8_lossy(&head[from..]).to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            stream.write_all(&answer(&knows, &String::from_utf8_lossy(&head), refuses))?;
        }
    })
}

fn answer(knows: &Knows, head: &str, refuses: bool) -> Vec<u8> {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let first = &knows.all[0];
    let [_, _, percent, ..] = dresses(first);
    let cut = path.split("cut-").nth(1).and_then(|rest| rest.split(['/', '?']).next()?.parse().ok());
    let (status, body) = match cut {
        Some(letters) => (400, ".".repeat(letters) + &dresses(first).join(" ~ ")),
        None if path.contains("moved") => (307, String::new()),
        None if refuses || path.contains("refuse") => (400, shaped(knows, head, 20).to_string()),
        None if path.contains("much") => (200, shaped(knows, head, usize::MAX).to_string()),
        None => (200, shaped(knows, "", 5).to_string()),
    };
    let head = format!(
        "HTTP/1.1 {status} {first}\r\nx-said: {first}\r\nlocation: /ok/{percent}?token={percent}\r\nretry-after: 1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head, body].concat().into_bytes()
}

/// JSON with what many APIs answer with, all of it credentials.
fn shaped(knows: &Knows, head: &str, at_most: usize) -> Value {
    let (repeats, first) = (knows.repeats(at_most), dresses(&knows.all[0]));
    let items: Vec<Value> = knows.all.iter().take(3).chain([&knows.control]).flat_map(|secret| dresses(secret)).map(|dress| {
        json!({ "id": dress, "name": dress, "state": "done", "note": dress, "rows": 3, "credits": 1, "size": dress, "schema": dress })
    }).collect();
    json!({
        "error": repeats, "ok": false, "message": repeats, "id": first[1], "run": first[5], "link": first[2], "state": "done", "head": head,
        "items": items,
    })
}

/// PostgreSQL: asks for the password, and says it in an error: at once, or (`signs_in`) of each statement, after notices that say it, too.
pub fn postgres(control: String, signs_in: bool) -> u16 {
    listen(move |mut stream| {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut greeting = vec![0; u32::from_be_bytes(length) as usize - 4];
        stream.read_exact(&mut greeting)?;
        send(&mut stream, b'R', &3u32.to_be_bytes())?;
        let (_, password) = receive(&mut stream)?;
        let password = String::from_utf8_lossy(password.strip_suffix(b"\0").unwrap_or(&password)).into_owned();
        let said = [&control, &password].map(|secret| dresses(secret).join(" ~ ")).join(" ~ ");
        let fields = |severity: &str, code: &str| {
            format!("S{severity}\0V{severity}\0C{code}\0M{said}\0D{said}\0H{said}\0W{said}\0\0").into_bytes()
        };
        if !signs_in {
            return send(&mut stream, b'E', &fields("FATAL", "28P01"));
        }
        send(&mut stream, b'R', &0u32.to_be_bytes())?;
        send(&mut stream, b'N', &fields("WARNING", "01000"))?;
        send(&mut stream, b'S', format!("server_version\0{said}\0").as_bytes())?;
        send(&mut stream, b'Z', b"I")?;
        loop {
            match receive(&mut stream)?.0 {
                b'Q' => {
                    send(&mut stream, b'N', &fields("WARNING", "01000"))?;
                    send(&mut stream, b'E', &fields("ERROR", "42601"))?;
                    send(&mut stream, b'Z', b"I")?;
                }
                b'P' => send(&mut stream, b'E', &fields("ERROR", "42601"))?,
                b'S' => send(&mut stream, b'Z', b"I")?,
                b'X' => return Ok(()),
                _ => {}
            }
        }
    })
}

fn send(stream: &mut TcpStream, kind: u8, body: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(body.len() + 4).expect("short messages").to_be_bytes();
    stream.write_all(&[&[kind], &length[..], body].concat())
}

fn receive(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body)?;
    Ok((head[0], body))
}
