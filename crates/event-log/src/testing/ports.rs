//! Ports for programs that a test starts and that are told where to listen.
//!
//! Promises that a port was free a moment ago, that nobody in this process was given it before, and that it is none of those which systems
//! hand out for connections: between looking and listening one of those is soon somebody else's, and whoever tries to connect to one that
//! nobody listens on can come about with a line to itself, which keeps the port from its program.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

/// Below the ports of connections: Linux begins them at 32768, others later.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;
/// Programs of tests that began one after the other look for theirs so many ports apart.
const APART: u32 = 197;

/// A port of 127.0.0.1.
///
/// # Errors
/// When none is free.
pub fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(APART);
    for _ in 0..COUNT {
        let at = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let Ok(port) = u16::try_from(FIRST + at % COUNT) else { continue };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "127.0.0.1 has no free port"))
}
