//! Random keys: made, some for a short time, revoked, used.

use downbeat_domain::{
    Command, Context, Grant, KeyId, Role, Target, TargetKind,
    command::{AccessCommand, CreateKey},
    decide,
    event::ToolsCalled,
    evolve,
};
use jiff::SignedDuration;

use super::{World, connections, environments, inventory};

impl World {
    /// Keys and endpoints have nothing to do with runs, and what a run reads of an environment stands in it: what becomes of them joins the decision before, so that everything else goes as it would.
    pub(super) fn beside_the_step(&mut self, which: u8, detail: u8, more: u8) {
        let command = match more % 16 {
            5 => self.of_keys(which, detail),
            7 => match self.of_endpoints(which, detail) {
                Some(command) => command,
                None => return,
            },
            9 => self.of_logins(which, detail),
            1 => match self.of_file_commits(which, detail) {
                Some(command) => command,
                None => return,
            },
            // Seldom asked for in a step, and mostly in vain.
            11 => environments::removal(detail),
            15 => inventory::command(which, detail),
            3 | 13 => connections::command(&self.partition.connections, which, detail),
            _ => return,
        };
        let context = Context { now: self.now, random: 0 };
        let Ok(events) = decide(&self.partition, &command, &context) else { return };
        events.iter().for_each(|event| evolve(&mut self.partition, event));
        self.history.last_mut().unwrap().extend(events);
    }

    fn of_keys(&self, which: u8, detail: u8) -> Command {
        let known = || self.partition.keys.keys.keys().copied();
        Command::Access(match which % 4 {
            0 | 1 => AccessCommand::CreateKey(Box::new(self.key(which, detail))),
            2 if detail.is_multiple_of(3) => AccessCommand::NoteToolCalls(Box::new(ToolsCalled {
                tool: "get_pipeline".to_owned(),
                targets: vec![Target::new(TargetKind::Pipeline, name(detail))],
                code: if detail.is_multiple_of(2) { String::new() } else { "NOT_FOUND".to_owned() },
                calls: u64::from(detail) + 1,
                since: self.now,
                at: self.now,
            })),
            2 => AccessCommand::NoteUses { keys: known().chain([KeyId([detail; 16])]).collect() },
            _ => {
                let named = super::pick(known(), which).filter(|_| detail % 3 != 2);
                AccessCommand::RevokeKey { key: named.map_or_else(|| name(detail), |key| key.to_string()) }
            }
        })
    }

    fn key(&self, which: u8, detail: u8) -> CreateKey {
        let role = Role::ALL[usize::from(detail % 4)];
        let labels = ["eu", "us"].map(str::to_owned);
        let grant = Grant { role, labels: labels.into_iter().take(usize::from(which / 4 % 3)).collect() };
        let soon = self.now.checked_add(SignedDuration::from_secs(1 + i64::from(detail))).unwrap();
        CreateKey {
            key: KeyId([(self.history.len() % 251) as u8; 16]),
            name: name(detail),
            hash: [detail; 32],
            grants: vec![grant; usize::from(detail % 5)],
            expires_at: detail.is_multiple_of(2).then_some(soon),
            by: "user:ada".to_owned(),
        }
    }
}

/// One of a few, so that some stand twice.
fn name(detail: u8) -> String {
    format!("key-{}", detail % 7)
}
