//! Is a statement safe to parse? A tree that is too deep would overflow the stack where it is dropped, and the parser calls itself for some
//! forms without counting. This looks at words and signs alone, in one pass.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::limits::{SQL_NESTING_MAX, SQL_OPEN_JOINS_MAX, SQL_RUN_TOKENS_MAX};

/// What was counted inside of a pair of brackets.
#[derive(Default)]
struct Level {
    /// Tokens since something that ends a tree.
    run: usize,
    /// Set operations: they lean on each other over commas and clauses.
    sets: usize,
    /// Joins without their ON.
    joins: usize,
    /// Tables that are turned around, one inside of the other.
    turned: usize,
}

/// Why the statement between two semicolons must not be parsed, and where it goes too far. `None`: it may.
pub(super) fn check(tokens: &[TokenWithSpan]) -> Option<(Location, String)> {
    let mut levels = vec![Level::default()];
    // What `levels` come to.
    let mut deep = 0;
    for TokenWithSpan { token, span } in tokens {
        let say = |text: String| Some((span.start, text));
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => {
                levels.push(Level::default());
                if levels.len() > SQL_NESTING_MAX {
                    return say(format!("more than {SQL_NESTING_MAX} brackets within each other"));
                }
                continue;
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                if levels.len() > 1 {
                    let level = levels.pop().unwrap_or_default();
                    deep -= level.run + level.sets;
                }
                continue;
            }
            _ => {}
        }
        let Some(level) = levels.last_mut() else { continue };
        deep += level.take(token);
        if ends_a_tree(token) {
            deep -= level.run;
            level.run = 0;
        }
        if deep > SQL_RUN_TOKENS_MAX {
            return say(format!("an expression of more than {SQL_RUN_TOKENS_MAX} words and signs"));
        }
        if level.joins.max(level.turned) > SQL_OPEN_JOINS_MAX {
            return say(format!("more than {SQL_OPEN_JOINS_MAX} tables joined without ON, or turned around"));
        }
    }
    None
}

impl Level {
    /// Counts a token; by how much the tree may have become deeper.
    fn take(&mut self, token: &Token) -> usize {
        let keyword = match token {
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        match keyword {
            Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
                self.sets += 1;
                return 1;
            }
            Keyword::PIVOT | Keyword::UNPIVOT | Keyword::MATCH_RECOGNIZE => self.turned += 1,
            Keyword::JOIN => self.joins += 1,
            Keyword::ON | Keyword::USING => self.joins = self.joins.saturating_sub(1),
            Keyword::SELECT | Keyword::WHERE => self.joins = 0,
            _ => {}
        }
        self.run += 1;
        1
    }
}

/// Does another expression begin behind it, beside the one before?
fn ends_a_tree(token: &Token) -> bool {
    match token {
        Token::Comma | Token::SemiColon => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::SELECT
                | Keyword::FROM
                | Keyword::WHERE
                | Keyword::JOIN
                | Keyword::ON
                | Keyword::GROUP
                | Keyword::ORDER
                | Keyword::HAVING
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::MINUS
                | Keyword::VALUES
                | Keyword::INTO
        ),
        _ => false,
    }
}
