//! Random commits that people ask for, and what came of them.

use downbeat_domain::{
    Command, FileCommitId, GitOrigin,
    file_commit::{AskFileCommit, FileCommitCommand, FileCommitEnd, FileCommitEnded},
};

use super::{CHILD, MAIN, World};

impl World {
    /// `None`: no file of the pipeline is anywhere.
    pub(super) fn of_file_commits(&self, which: u8, detail: u8) -> Option<Command> {
        let pipeline = [MAIN, CHILD][usize::from(which % 2)];
        let id = FileCommitId([detail; 16]);
        let storage = self.partition.pipelines.get(&pipeline)?.storage.clone()?;
        let branch = ["main", "topic", "a..b"][usize::from(detail) % 3].to_owned();
        Some(Command::FileCommit(if which & 2 == 0 {
            let message = format!("change {detail}");
            FileCommitCommand::Ask(Box::new(AskFileCommit { id, pipeline, storage, branch, message }))
        } else {
            let commit = format!("{detail:02x}").repeat(20);
            let end = match detail % 3 {
                0 => FileCommitEnd::Refused("it is protected".to_owned()),
                1 => FileCommitEnd::Unknown("nobody answered".to_owned()),
                _ => FileCommitEnd::Stands {
                    origin: GitOrigin { branch: "topic".to_owned(), commit },
                    changed: detail.is_multiple_of(2),
                },
            };
            FileCommitCommand::End(Box::new(FileCommitEnded { id, pipeline, end, at: self.now }))
        }))
    }
}
