//! Somebody logs in, or out.

use std::{io::BufRead as _, time::Duration};

use tokio::sync::mpsc;

use super::{
    kept::Kept,
    landing::{self, Landing, Outcome},
    oauth,
};
use crate::error::Error;

/// How long somebody may take to sign in; the gateway gives them as much.
const SIGN_IN: Duration = Duration::from_secs(600);

/// Logs somebody in at this gateway; returns its origin.
///
/// # Errors
/// They do not sign in, or may not.
pub async fn begin(url: &str, read_only: bool) -> Result<String, Error> {
    let origin = oauth::origin(url)?;
    let landing = Landing::open().await?;
    let begun = oauth::begin(&origin, &landing.redirect, read_only).await?;
    eprintln!("Open this address in a browser and sign in:\n\n  {}\n", begun.page);
    eprintln!(
        "Where the browser is on another machine, it ends at an address that does not open: paste that one here."
    );
    let outcome = tokio::select! {
        outcome = landing.wait(begun.state.clone()) => outcome,
        outcome = typed(&begun.state) => outcome,
        () = tokio::time::sleep(SIGN_IN) => Err(format!("nobody signed in within {} minutes", SIGN_IN.as_secs() / 60)),
    };
    let code = outcome.map_err(|why| Error::Refused(format!("not logged in: {why}")))?;
    let login = oauth::complete(&origin, &begun, &code).await?;
    let kept = Kept::of_person()?;
    let locked = kept.lock().await?;
    let mut logins = kept.read()?;
    let before = logins.insert(origin.clone(), login);
    locked.write(&logins)?;
    // One login of a person at a gateway is enough; if it cannot be given back, it ends by itself.
    if let Some(before) = before {
        let _ = oauth::give_back(&origin, &before).await;
    }
    Ok(origin)
}

/// Ends the login at this gateway; whether there was one.
///
/// # Errors
/// The gateway cannot be told; the login is forgotten here all the same.
pub async fn end(url: &str) -> Result<bool, Error> {
    let origin = oauth::origin(url)?;
    let kept = Kept::of_person()?;
    let locked = kept.lock().await?;
    let mut logins = kept.read()?;
    let Some(login) = logins.remove(&origin) else { return Ok(false) };
    locked.write(&logins)?;
    oauth::give_back(&origin, &login).await?;
    Ok(true)
}

/// What somebody pastes; never ends where nobody does.
async fn typed(state: &str) -> Outcome {
    // A thread of its own: one of the runtime's would have to read to its end before the process ends.
    let (say, mut lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if say.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        match landing::pasted(&line, state) {
            Some(outcome) => return outcome,
            None if line.trim().is_empty() => {}
            None => eprintln!("that is not the address at which this sign-in ends"),
        }
    }
    std::future::pending().await
}
