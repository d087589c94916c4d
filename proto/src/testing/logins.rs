//! Random logins: begun, of keys and of people, completed, refreshed in and out of turn, ended.

use downbeat_domain::{
    Command, Grant, KeyId, LoginId, Role,
    command::{AccessCommand, BeginLogin, CompleteLogin, DrawnTokens, Holder, RefreshLogin},
    state::Login,
};

use super::World;

/// What every program in these histories has registered.
const CLIENT: [u8; 32] = [1; 32];

impl World {
    pub(super) fn of_logins(&self, which: u8, detail: u8) -> Command {
        // No two draws are alike: so many events came before.
        let drawn = |what: u8| {
            let mut hash = [what; 32];
            hash[..8].copy_from_slice(&self.history.len().to_be_bytes());
            hash
        };
        let tokens = DrawnTokens { access: drawn(1), refresh: drawn(2) };
        let logins = &self.partition.keys.logins;
        let picked: Option<&Login> = super::pick(logins.values(), detail);
        Command::Access(match (which % 8, picked) {
            (0..=2, _) | (_, None) => AccessCommand::BeginLogin(Box::new(self.login(drawn(3), detail))),
            (3 | 4, Some(login)) => AccessCommand::CompleteLogin(Box::new(CompleteLogin {
                code: login.begun.code,
                client_hash: CLIENT,
                redirect_hash: [detail % 8; 32],
                verifier: [2; 32],
                family: drawn(4),
                drawn: tokens,
            })),
            (5 | 6, Some(login)) => {
                let known = login.tokens;
                let previous = known.and_then(|known| known.previous).map(|(hash, _)| hash);
                let current = known.map(|known| known.current.refresh);
                let shown = if detail.is_multiple_of(3) { previous.or(current) } else { current };
                AccessCommand::RefreshLogin(Box::new(RefreshLogin {
                    family: known.map_or(drawn(5), |known| known.family),
                    refresh: shown.unwrap_or(drawn(6)),
                    client_hash: CLIENT,
                    drawn: tokens,
                }))
            }
            (_, Some(login)) => AccessCommand::EndLogin { login: login.begun.login },
        })
    }

    fn login(&self, drawn: [u8; 32], detail: u8) -> BeginLogin {
        let key: Option<KeyId> = super::pick(self.partition.keys.keys.keys().copied(), detail);
        let grant = Grant { role: Role::ALL[usize::from(detail % 4)], labels: vec!["eu".to_owned()] };
        let person = Holder::Person { user: format!("user-{}", detail % 5), grants: vec![grant] };
        let mut id = [7; 16];
        id[..8].copy_from_slice(&self.history.len().to_be_bytes());
        BeginLogin {
            login: LoginId(id),
            holder: key.filter(|_| detail.is_multiple_of(2)).map_or(person, Holder::Key),
            read_only: detail.is_multiple_of(3),
            client: "Orchestra CLI".to_owned(),
            client_hash: CLIENT,
            redirect_hash: [detail % 8; 32],
            challenge: [2; 32],
            code: drawn,
        }
    }
}
