//! One program from start to end: its own process group, no input, both outputs into the log in the order they were written.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::PathBuf,
    process::{ExitStatus, Stdio},
};

use nix::sys::signal::Signal;
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::{
    book::Page,
    confine::amount::Memory,
    environment::Environment,
    group::{self, MARKER_VARIABLE},
    log::TaskLog,
};
use crate::limits::{DRAIN_WAIT, KILL_WAIT, LEAVE_WAIT, LOG_READ_BYTES, STOP_GRACE};
use crate::stop::{StopLevel, StopSignal};

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: PathBuf,
    /// All that the process sees, besides the attempt's marker.
    pub(crate) environment: Environment,
    /// Bytes of standard output that are handed back instead of going into the log; `None`: it goes into the log.
    pub(crate) keep_output: Option<usize>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that the worker did not send.
    Signal(i32),
    /// By the kernel: the attempt needed more memory than it may have.
    OutOfMemory(Memory),
    /// Because somebody asked for it.
    Stopped,
}

/// How it ended, and what it printed if that was to be kept.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) output: Vec<u8>,
}

/// Runs a program to its end. When this returns, its process group is gone.
///
/// # Errors
/// The program could not be started.
pub(crate) async fn run(program: Program, log: &TaskLog, page: &Page, stop: &StopSignal) -> io::Result<Ran> {
    let mut stop = stop.clone();
    if stop.asked() {
        return Ok(Ran { exit: Exit::Stopped, output: Vec::new() });
    }
    log.forget_tail().await;
    let kills_before = page.place().out_of_memory();
    let (reader, writer) = io::pipe()?;
    let (kept_reader, stdout): (_, Stdio) = match program.keep_output {
        None => (None, writer.try_clone()?.into()),
        Some(_) => {
            let (reader, writer) = io::pipe()?;
            (Some(reader), writer.into())
        }
    };
    let mut child = {
        // In a block of its own: the command holds the pipe's write ends, and while it lives the output never ends.
        page.place().find(&program)?;
        let mut command = Command::from(page.place().command(&program.path));
        command.args(&program.arguments).current_dir(&program.folder).env_clear().envs(&program.environment);
        command.env(MARKER_VARIABLE, page.marker());
        command.stdin(Stdio::null()).stdout(stdout).stderr(writer).process_group(0).spawn()?
    };
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = group
        && let Err(error) = page.note(pid)
    {
        tracing::warn!(%error, "cannot note a process: should the worker be killed now, it is found by its marker only");
    }
    let mut capture = tokio::spawn(capture(receiver(reader)?, log.clone()));
    let mut keep = match (kept_reader, program.keep_output) {
        (Some(reader), Some(limit)) => Some(tokio::spawn(collect(receiver(reader)?, limit))),
        _ => None,
    };

    let (status, stopped) = supervise(&mut child, group, &mut stop).await?;
    if !stopped {
        group::leave_by_themselves(group, page.marker(), LEAVE_WAIT).await;
    }
    let (left, gone) = group::kill_all(group, page.marker(), KILL_WAIT).await;
    let (hidden, all_gone) = page.place().end().await;
    let (left, gone) = (left + hidden, gone && all_gone);
    if left > 0 {
        log.line(&format!("{left} process(es) that the program left behind were killed")).await;
    }
    if !gone {
        log.line("some processes of this task do not die although they were killed").await;
    }
    if timeout(DRAIN_WAIT, &mut capture).await.is_err() {
        capture.abort();
    }
    let output = match &mut keep {
        Some(keep) => timeout(DRAIN_WAIT, keep).await.ok().and_then(Result::ok).unwrap_or_default(),
        None => Vec::new(),
    };
    let exit = match page.place().memory() {
        Some(memory) if !stopped && page.place().out_of_memory() > kills_before => {
            log.line(&format!("the kernel ended it: {}", out_of_memory(memory))).await;
            Exit::OutOfMemory(memory)
        }
        _ => exit(status, stopped),
    };
    Ok(Ran { exit, output })
}

/// What a failure says of it.
pub(crate) fn out_of_memory(memory: Memory) -> String {
    format!("it needed more memory than a task of this worker may have ({memory}, --task-memory)")
}

fn receiver(reader: io::PipeReader) -> io::Result<pipe::Receiver> {
    pipe::Receiver::from_owned_fd(OwnedFd::from(reader))
}

async fn supervise(child: &mut Child, group: Option<i32>, stop: &mut StopSignal) -> io::Result<(ExitStatus, bool)> {
    tokio::select! {
        // An end that is already there stands, whatever was asked at the same moment.
        biased;
        status = child.wait() => return Ok((status?, false)),
        () = stop.wait_for(StopLevel::Gentle) => {}
    }
    let Some(group) = group else { return Ok((child.wait().await?, true)) };
    if stop.level() == StopLevel::Gentle {
        group::signal_group(group, Signal::SIGTERM);
        tokio::select! {
            status = child.wait() => return Ok((status?, true)),
            () = sleep(STOP_GRACE) => {}
            () = stop.wait_for(StopLevel::Kill) => {}
        }
    }
    group::signal_group(group, Signal::SIGKILL);
    Ok((child.wait().await?, true))
}

fn exit(status: ExitStatus, stopped: bool) -> Exit {
    match (stopped, status.code()) {
        (true, _) => Exit::Stopped,
        (false, Some(code)) => Exit::Code(code),
        (false, None) => Exit::Signal(status.signal().unwrap_or_default()),
    }
}

/// Reads until every write end is closed. The pipe is small, so a slow log slows the process down and not the worker's memory up.
async fn capture(mut pipe: pipe::Receiver, log: TaskLog) {
    let mut buffer = vec![0; LOG_READ_BYTES];
    loop {
        match pipe.read(&mut buffer).await {
            Ok(0) | Err(_) => return log.output_ended().await,
            Ok(count) => log.output(&buffer[..count]).await,
        }
    }
}

async fn collect(pipe: pipe::Receiver, limit: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut limited = pipe.take(limit as u64);
    // What could not be read is missing at the end, which whoever parses it notices.
    limited.read_to_end(&mut kept).await.ok();
    // Beyond the limit it is read and dropped, so that the process is not stuck.
    tokio::io::copy(limited.get_mut(), &mut tokio::io::sink()).await.ok();
    kept
}
