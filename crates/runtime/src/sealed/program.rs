//! Master keys that a program prints: a key management service keeps them, and its own client asks for them.
//!
//! Promises: no shell reads the command; what is printed is bounded, waited for no longer than [`WAIT`], and shown nowhere. Standard error
//! is the program's own: people see there why it refuses. Knows nothing of any service.

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

/// What a program may print, bytes.
const PRINTED_BYTES_MAX: u64 = 4 * 1024;
/// Until it has ended.
const WAIT: Duration = Duration::from_secs(30);
/// Words of a command.
const WORDS_MAX: usize = 64;
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What the program prints. The command is words with blanks between them: no quotes, no variables, no shell.
///
/// # Errors
/// In words that name the program and hold nothing of what it printed.
pub(super) fn printed(command: &str, wait: Option<Duration>) -> Result<Zeroizing<String>, String> {
    let wait = wait.unwrap_or(WAIT);
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("the command that prints the master key is empty")?;
    let arguments: Vec<&str> = words.collect();
    if arguments.len() >= WORDS_MAX {
        return Err(format!("the command that prints the master key has more than {WORDS_MAX} words"));
    }
    let said = |what: &str| format!("`{program}`, which is to print the master key, {what}");
    let started = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| said(&format!("cannot be started: {error}")))?;
    let Some(stdout) = child.stdout.take() else { return Err(said("has no standard output")) };
    // Read beside the waiting: a program that prints without end, or never, is not waited for.
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::new());
        let read = stdout.take(PRINTED_BYTES_MAX + 1).read_to_string(&mut text);
        // Nobody waits any more: then it is of no use.
        let _ = tell.send(read.map(|_| text));
    });
    let until = Instant::now() + wait;
    let read = told.recv_timeout(wait);
    let ended = ended(&mut child, until);
    let text = match (read, ended) {
        (Ok(Ok(text)), _) if text.len() as u64 > PRINTED_BYTES_MAX => {
            return Err(said(&format!("printed more than {PRINTED_BYTES_MAX} bytes")));
        }
        (Ok(Ok(text)), Some(status)) if status.success() => text,
        (_, Some(status)) if !status.success() => {
            return Err(said(&format!("ended with {status}; standard error says why")));
        }
        (Ok(Err(_)), _) => return Err(said("printed no text")),
        _ => return Err(said(&format!("has not ended within {} s", wait.as_secs()))),
    };
    Ok(text)
}

/// How it ended; `None` = it had not, and does not go on.
fn ended(child: &mut Child, until: Instant) -> Option<std::process::ExitStatus> {
    while Instant::now() < until {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(LOOK),
            Err(_) => break,
        }
    }
    // It may have ended by itself just now.
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_prints_is_taken_and_nothing_of_it_is_told() {
        assert_eq!(printed("echo  one two", None).unwrap().as_str(), "one two\n");
        // No shell: a semicolon, a quote and a variable are what they are.
        assert_eq!(printed("echo a;b 'c $HOME", None).unwrap().as_str(), "a;b 'c $HOME\n");
        for (command, wait, expected) in [
            ("", 5, "is empty"),
            ("no-such-program-anywhere x", 5, "cannot be started"),
            ("false", 5, "ended with exit status: 1"),
            ("sleep 30", 1, "has not ended within 1 s"),
            ("yes hunter2", 5, "printed more than 4096 bytes"),
        ] {
            let why = printed(command, Some(Duration::from_secs(wait))).unwrap_err();
            assert!(why.contains(expected) && !why.contains("hunter2"), "{command}: {why}");
        }
    }
}
