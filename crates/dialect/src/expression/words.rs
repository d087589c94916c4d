//! What a word at the start of a value means: a literal, a function, or a namespace with the name that must follow it.

use std::ops::Range;

use serde_json::Value;

use super::{
    ExpressionError, OrchestraName,
    ast::{Function, Kind, Node, Root},
    lexer::Token,
    parser::{Parse, Parser},
};
use crate::suggest::did_you_mean;

const NAMESPACES: [&str; 8] = ["ENV", "inputs", "ORCHESTRA", "secrets", "tasks", "task_groups", "matrix", "outputs"];
const KEYWORDS: [&str; 5] = ["and", "or", "not", "in", "is"];
/// Words of other languages that people try here.
const FOREIGN: [(&str, &str); 4] = [
    ("null", "write `None`"),
    ("nil", "write `None`"),
    ("if", "there is no `if`: use two tasks with opposite conditions"),
    ("lambda", "there are no functions of your own"),
];

impl Parser {
    pub(super) fn word(&mut self, word: &str, place: Range<usize>) -> Parse<Node> {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "true" => return self.node(Kind::Literal(Value::Bool(true)), place),
            "false" => return self.node(Kind::Literal(Value::Bool(false)), place),
            "none" => return self.node(Kind::Literal(Value::Null), place),
            _ => {}
        }
        if KEYWORDS.contains(&lower.as_str()) {
            return Err(ExpressionError::new(place, format!("expected a value, found `{word}`")));
        }
        if let Some(function) = Function::ALL.into_iter().find(|function| function.word() == lower) {
            return self.call(function, place.start);
        }
        let root = match lower.as_str() {
            "env" => Root::Env(self.name_of("ENV", &place)?),
            "inputs" => Root::Input(self.name_of("inputs", &place)?),
            "secrets" => Root::Secret(self.name_of("secrets", &place)?),
            "matrix" => Root::Matrix(self.name_of("matrix", &place)?),
            "tasks" => Root::Task(self.id_of("tasks")?),
            "task_groups" => Root::TaskGroup(self.id_of("task_groups")?),
            "orchestra" => self.orchestra(&place)?,
            "outputs" => Root::Outputs,
            _ => return Err(unknown(word, place, matches!(self.peek(), Token::Symbol("(")))),
        };
        let levels = match &root {
            Root::Outputs => 0,
            Root::Task(_) | Root::TaskGroup(_) if lower == "orchestra" => 2,
            _ => 1,
        };
        let end = self.end_of_last();
        let mut node = self.node(Kind::Root(root), place.start..end)?;
        node.depth = levels;
        Ok(node)
    }

    /// `.name` or `['name']` after a namespace.
    fn name_of(&mut self, namespace: &str, place: &Range<usize>) -> Parse<String> {
        if self.take_symbol(".") {
            let Token::Word(name) = self.peek().clone() else { return Err(self.unexpected("a name after `.`")) };
            self.advance();
            return Ok(name);
        }
        if self.take_symbol("[") {
            return self.bracketed();
        }
        let message = format!("`{namespace}` needs a name");
        let help = format!("write `{namespace}.name` or `{namespace}['name']`");
        Err(ExpressionError::new(place.clone(), message).with_help(Some(help)))
    }

    /// `['id']` after `tasks` or `task_groups`.
    fn id_of(&mut self, namespace: &str) -> Parse<String> {
        if self.take_symbol("[") {
            return self.bracketed();
        }
        let place = self.place();
        let dotted = self.take_symbol(".");
        let id = match self.peek() {
            Token::Word(word) if dotted => word.clone(),
            _ => "id".to_owned(),
        };
        let error = ExpressionError::new(place, format!("`{namespace}` needs an id in brackets"));
        Err(error.with_help(Some(format!("write `{namespace}['{id}']`"))))
    }

    fn bracketed(&mut self) -> Parse<String> {
        let Token::Text(name) = self.peek().clone() else { return Err(self.unexpected("a name in quotes")) };
        self.advance();
        self.expect_symbol("]")?;
        Ok(name)
    }

    fn orchestra(&mut self, place: &Range<usize>) -> Parse<Root> {
        let at = self.place().start + 1;
        let word = self.name_of("ORCHESTRA", place)?;
        match OrchestraName::from_word(&word) {
            Some(OrchestraName::PipelineRunTasks) => Ok(Root::Task(self.id_of("ORCHESTRA.PIPELINE_RUN_TASKS")?)),
            Some(OrchestraName::PipelineRunTaskGroups) => {
                Ok(Root::TaskGroup(self.id_of("ORCHESTRA.PIPELINE_RUN_TASK_GROUPS")?))
            }
            Some(name) => Ok(Root::Orchestra(name)),
            None => {
                let names = OrchestraName::ALL.map(OrchestraName::word);
                let help = did_you_mean(&word, names).unwrap_or_else(|| format!("the names are {}", names.join(", ")));
                let error =
                    ExpressionError::unknown_name(at..self.end_of_last(), format!("`ORCHESTRA` has no `{word}`"));
                Err(error.with_help(Some(help)))
            }
        }
    }
}

fn unknown(word: &str, place: Range<usize>, called: bool) -> ExpressionError {
    let functions = Function::ALL.map(Function::word);
    let (message, known): (String, &[&str]) = match called {
        true => (format!("there is no function `{word}`"), &functions),
        false => (format!("there is no name `{word}`"), &NAMESPACES),
    };
    let foreign =
        FOREIGN.iter().find(|(foreign, _)| foreign.eq_ignore_ascii_case(word)).map(|(_, help)| (*help).to_owned());
    let listed = || match called {
        true => format!("the functions are {}", functions.join(", ")),
        false => format!("names start with {}; a text needs quotes", NAMESPACES.join(", ")),
    };
    let help = foreign.or_else(|| did_you_mean(word, known.iter().copied())).unwrap_or_else(listed);
    ExpressionError::unknown_name(place, message).with_help(Some(help))
}
