//! What a step led to, and what a test says about it.

use downbeat_domain::Event;

use super::{Outcomes, World};

impl Outcomes {
    /// Exactly these events came of it, one line each.
    #[track_caller]
    pub(crate) fn then(self, lines: impl IntoIterator<Item = &'static str>) -> World {
        let found = self.lines();
        assert_eq!(found, lines.into_iter().map(str::to_owned).collect::<Vec<_>>());
        self.world
    }

    /// What came of it, one line each.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<String> {
        let events = self.answer.as_ref().unwrap_or_else(|rejection| panic!("refused: {rejection}"));
        events.iter().map(|event| self.world.line(event)).collect()
    }

    /// It was refused with these words, and nothing changed.
    #[track_caller]
    pub(crate) fn refused(self, words: &str) -> World {
        let rejection = self.answer.expect_err("it was accepted");
        assert!(rejection.to_string().contains(words), "refused with: {rejection}");
        self.world
    }

    /// It was refused with this code.
    #[track_caller]
    pub(crate) fn refused_as(self, code: &str) -> World {
        let rejection = self.answer.expect_err("it was accepted");
        assert_eq!(rejection.code(), code, "refused with: {rejection}");
        self.world
    }

    /// It was accepted, whatever came of it.
    #[track_caller]
    pub(crate) fn accepted(self) -> World {
        self.answer.unwrap_or_else(|rejection| panic!("refused: {rejection}"));
        self.world
    }

    pub(crate) fn events(self) -> Vec<Event> {
        self.answer.unwrap()
    }
}
