//! Builds the tree of an expression: precedence, chains, and the limits on nesting.

use std::ops::Range;

use serde_json::Value;

use super::{
    ExpressionError,
    ast::{Arithmetic, Comparison, Function, Kind, Node},
    lexer::{self, Token},
};
use crate::limits::{EXPRESSION_BRACKETS, EXPRESSION_BYTES, EXPRESSION_DEPTH};

pub(super) type Parse<T> = Result<T, ExpressionError>;

/// Reads the whole text as one expression.
pub(super) fn parse(text: &str) -> Parse<Node> {
    if text.len() > EXPRESSION_BYTES {
        return Err(ExpressionError::new(0..0, format!("the expression is longer than {EXPRESSION_BYTES} bytes")));
    }
    let mut parser = Parser { tokens: lexer::tokens(text)?, at: 0, open: 0 };
    if *parser.peek() == Token::End {
        return Err(ExpressionError::new(0..text.len(), "the expression is empty"));
    }
    let node = parser.expression()?;
    if *parser.peek() != Token::End {
        return Err(parser.unexpected("the end of the expression"));
    }
    Ok(node)
}

pub(super) struct Parser<'a> {
    tokens: Vec<(Token<'a>, Range<usize>)>,
    at: usize,
    /// Levels of recursion now open.
    open: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> &Token<'a> {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn ahead(&self, count: usize) -> &Token<'a> {
        self.tokens.get(self.at + count).map_or(&Token::End, |(token, _)| token)
    }

    /// The place of the next token.
    pub(super) fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |(_, range)| range.clone())
    }

    /// Where the token before the next one ends.
    pub(super) fn end_of_last(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |(_, range)| range.end)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(next) if *next == symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Parse<Range<usize>> {
        let place = self.place();
        if self.take_symbol(symbol) { Ok(place) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn next_is_word(&self, ahead: usize, word: &str) -> bool {
        let token = self.tokens.get(self.at + ahead).map(|(token, _)| token);
        matches!(token, Some(Token::Word(next)) if next.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.next_is_word(0, word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn unexpected(&self, expected: &str) -> ExpressionError {
        let found = match self.peek() {
            Token::End => "the end".to_owned(),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::Word(word) => format!("`{word}`"),
            Token::Text(_) => "a text".to_owned(),
            Token::Integer(_) | Token::Decimal(_) => "a number".to_owned(),
        };
        ExpressionError::new(self.place(), format!("expected {expected}, found {found}"))
    }

    /// Runs `inner` one level deeper; too many levels are an error, so that the stack is safe.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.open >= EXPRESSION_BRACKETS {
            let message = format!("more than {EXPRESSION_BRACKETS} levels of parentheses and operators are open");
            return Err(ExpressionError::new(self.place(), message));
        }
        self.open += 1;
        let result = inner(self);
        self.open -= 1;
        result
    }

    /// Makes a node one level above its children.
    pub(super) fn node(&self, kind: Kind, span: Range<usize>) -> Parse<Node> {
        let mut node = Node { kind, span, depth: 0 };
        node.depth = node.children().iter().map(|child| child.depth + 1).max().unwrap_or(0);
        if node.depth > EXPRESSION_DEPTH {
            let message = format!("the expression is nested more than {EXPRESSION_DEPTH} levels deep");
            return Err(ExpressionError::new(node.span, message));
        }
        Ok(node)
    }

    pub(super) fn expression(&mut self) -> Parse<Node> {
        self.nested(|parser| parser.chain("or", Kind::Or, |parser| parser.chain("and", Kind::And, Self::negation)))
    }

    /// `a or b or c`: one flat node.
    fn chain(&mut self, word: &str, kind: fn(Vec<Node>) -> Kind, operand: fn(&mut Self) -> Parse<Node>) -> Parse<Node> {
        let first = operand(self)?;
        let mut operands = vec![first];
        while self.take_word(word) {
            operands.push(operand(self)?);
        }
        if operands.len() == 1 {
            return operands.pop().ok_or_else(|| self.unexpected("a value"));
        }
        let span = covering(&operands);
        self.node(kind(operands), span)
    }

    fn negation(&mut self) -> Parse<Node> {
        let start = self.place().start;
        if !self.take_word("not") {
            return self.comparison();
        }
        let operand = self.nested(Self::negation)?;
        let span = start..operand.span.end;
        self.node(Kind::Not(Box::new(operand)), span)
    }

    fn comparison(&mut self) -> Parse<Node> {
        let first = self.binary(0)?;
        let mut rest = Vec::new();
        while let Some(comparison) = self.take_comparison() {
            rest.push((comparison, self.binary(0)?));
        }
        let Some((_, last)) = rest.last() else { return Ok(first) };
        let span = first.span.start..last.span.end;
        self.node(Kind::Compare { first: Box::new(first), rest }, span)
    }

    fn take_comparison(&mut self) -> Option<Comparison> {
        let (comparison, length) = match self.peek() {
            Token::Symbol("==") => (Comparison::Equal, 1),
            Token::Symbol("!=") => (Comparison::NotEqual, 1),
            Token::Symbol("<") => (Comparison::Less, 1),
            Token::Symbol("<=") => (Comparison::LessOrEqual, 1),
            Token::Symbol(">") => (Comparison::Greater, 1),
            Token::Symbol(">=") => (Comparison::GreaterOrEqual, 1),
            _ if self.next_is_word(0, "in") => (Comparison::In, 1),
            _ if self.next_is_word(0, "not") && self.next_is_word(1, "in") => (Comparison::NotIn, 2),
            _ if self.next_is_word(0, "is") && self.next_is_word(1, "not") => (Comparison::IsNot, 2),
            _ if self.next_is_word(0, "is") => (Comparison::Is, 1),
            _ => return None,
        };
        self.at += length;
        Some(comparison)
    }

    /// Left-associative operators that bind at least as tightly as the given level of [`LEVELS`].
    fn binary(&mut self, loosest: usize) -> Parse<Node> {
        let mut left = self.unary()?;
        while let Some((level, operator)) = self.arithmetic().filter(|(level, _)| *level >= loosest) {
            self.advance();
            let right = self.binary(level + 1)?;
            let span = left.span.start..right.span.end;
            let kind = Kind::Arithmetic { operator, left: Box::new(left), right: Box::new(right) };
            left = self.node(kind, span)?;
        }
        Ok(left)
    }

    /// The operator that comes next, with its level.
    fn arithmetic(&self) -> Option<(usize, Arithmetic)> {
        let Token::Symbol(symbol) = self.peek() else { return None };
        LEVELS.iter().enumerate().find_map(|(level, operators)| {
            let (_, operator) = operators.iter().find(|(operator, _)| operator == symbol)?;
            Some((level, *operator))
        })
    }

    fn unary(&mut self) -> Parse<Node> {
        let place = self.place();
        if self.take_symbol("-") {
            let operand = self.nested(Self::unary)?;
            let span = place.start..operand.span.end;
            return self.node(Kind::Negate(Box::new(operand)), span);
        }
        if self.take_symbol("+") {
            return Err(ExpressionError::new(place, "there is no unary `+`"));
        }
        let base = self.postfix()?;
        if !self.take_symbol("**") {
            return Ok(base);
        }
        let exponent = self.nested(Self::unary)?;
        let span = base.span.start..exponent.span.end;
        let kind = Kind::Arithmetic { operator: Arithmetic::Power, left: Box::new(base), right: Box::new(exponent) };
        self.node(kind, span)
    }

    fn postfix(&mut self) -> Parse<Node> {
        let mut base = self.primary()?;
        loop {
            if self.take_symbol(".") {
                base = self.attribute(base)?;
            } else if self.take_symbol("[") {
                let index = self.expression()?;
                if matches!(self.peek(), Token::Symbol(":")) {
                    return Err(ExpressionError::new(self.place(), "there are no slices: take one element with `[0]`"));
                }
                let end = self.expect_symbol("]")?.end;
                let span = base.span.start..end;
                base = self.node(Kind::Member { base: Box::new(base), index: Box::new(index), dotted: false }, span)?;
            } else if self.take_symbol("(") {
                let (arguments, end) = self.items(")", Self::expression)?;
                let span = base.span.start..end;
                base = self.node(Kind::Uncallable { base: Box::new(base), arguments }, span)?;
            } else {
                return Ok(base);
            }
        }
    }

    /// What follows a point: the name of a member, or a quantifier.
    fn attribute(&mut self, base: Node) -> Parse<Node> {
        let place = self.place();
        let name = self.name()?;
        let quantifier = QUANTIFIERS.iter().find(|(word, _)| word.eq_ignore_ascii_case(&name));
        if let (Some((_, all)), Token::Symbol("(")) = (quantifier, self.peek()) {
            self.advance();
            let (_, end) = self.items(")", Self::expression)?;
            let span = base.span.start..end;
            return self.node(Kind::Quantified { base: Box::new(base), all: *all }, span);
        }
        let place = place.start..self.end_of_last();
        let span = base.span.start..place.end;
        let index = self.node(Kind::Literal(Value::String(name)), place)?;
        self.node(Kind::Member { base: Box::new(base), index: Box::new(index), dotted: true }, span)
    }

    /// A word after a point, which is no word of the grammar. `max-rows` is one name: a single word has no value to subtract.
    pub(super) fn name(&mut self) -> Parse<String> {
        let Token::Word(name) = *self.peek() else { return Err(self.unexpected("a name after `.`")) };
        if is_reserved(name) {
            let error = ExpressionError::new(self.place(), format!("`{name}` is a word of the language, not a name"));
            return Err(error.with_help(Some(format!("write `['{name}']`"))));
        }
        self.advance();
        let mut name = name.to_owned();
        while let (Token::Symbol("-"), Token::Word(rest)) = (self.ahead(0), self.ahead(1)) {
            let single = !matches!(self.ahead(2), Token::Symbol("." | "[" | "("));
            if !single || is_reserved(rest) {
                break;
            }
            name = format!("{name}-{rest}");
            self.advance();
            self.advance();
        }
        Ok(name)
    }

    fn primary(&mut self) -> Parse<Node> {
        let place = self.place();
        match self.peek() {
            Token::Integer(number) => self.leaf(Value::from(*number)),
            Token::Decimal(number) => self.leaf(Value::from(*number)),
            Token::Text(text) => {
                let leaf = self.leaf(Value::String(text.to_string()))?;
                if matches!(self.peek(), Token::Text(_)) {
                    return Err(ExpressionError::new(self.place(), "two texts side by side: join them with `+`"));
                }
                Ok(leaf)
            }
            Token::Word(word) => {
                let word = *word;
                self.advance();
                self.word(word, place)
            }
            Token::Symbol("(") => self.parenthesised(),
            Token::Symbol("[") => {
                self.advance();
                let (items, end) = self.items("]", Self::expression)?;
                self.node(Kind::List(items), place.start..end)
            }
            Token::Symbol("{") => {
                self.advance();
                let (fields, end) = self.items("}", Self::field)?;
                self.node(Kind::Dict(fields), place.start..end)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn leaf(&mut self, value: Value) -> Parse<Node> {
        let place = self.place();
        self.at += 1;
        self.node(Kind::Literal(value), place)
    }

    fn parenthesised(&mut self) -> Parse<Node> {
        let start = self.advance_place().start;
        let mut inner = self.expression()?;
        if matches!(self.peek(), Token::Symbol(",")) {
            return Err(ExpressionError::new(self.place(), "there are no tuples: write a list `[a, b]`"));
        }
        let end = self.expect_symbol(")")?.end;
        inner.span = start..end;
        Ok(inner)
    }

    fn advance_place(&mut self) -> Range<usize> {
        let place = self.place();
        self.at += 1;
        place
    }

    /// Comma-separated items up to `closing` (a trailing comma is fine), and the end of `closing`.
    pub(super) fn items<T>(&mut self, closing: &str, item: fn(&mut Self) -> Parse<T>) -> Parse<(Vec<T>, usize)> {
        let mut items = Vec::new();
        loop {
            let place = self.place();
            if self.take_symbol(closing) {
                return Ok((items, place.end));
            }
            items.push(item(self)?);
            let place = self.place();
            if self.take_symbol(closing) {
                return Ok((items, place.end));
            }
            if !self.take_symbol(",") {
                return Err(self.unexpected(&format!("`,` or `{closing}`")));
            }
        }
    }

    fn field(&mut self) -> Parse<(Node, Node)> {
        let key = self.expression()?;
        self.expect_symbol(":")?;
        Ok((key, self.expression()?))
    }

    /// `(a, b)` after a function's name.
    pub(super) fn call(&mut self, function: Result<Function, String>, start: usize) -> Parse<Node> {
        self.expect_symbol("(")?;
        let (arguments, end) = self.items(")", Self::expression)?;
        self.node(Kind::Call { function, arguments }, start..end)
    }
}

/// Words of the grammar: none of them is a name, but in brackets and quotes.
const RESERVED: [&str; 8] = ["and", "or", "not", "in", "is", "true", "false", "none"];
fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// Methods of lists of task runs, and whether they speak of all of them.
const QUANTIFIERS: [(&str, bool); 2] = [("all", true), ("any", false)];

/// Binary operators from the loosest to the tightest level.
const LEVELS: [&[(&str, Arithmetic)]; 6] = [
    &[("|", Arithmetic::BitOr)],
    &[("^", Arithmetic::BitXor)],
    &[("&", Arithmetic::BitAnd)],
    &[("<<", Arithmetic::ShiftLeft), (">>", Arithmetic::ShiftRight)],
    &[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)],
    &[
        ("*", Arithmetic::Multiply),
        ("//", Arithmetic::FloorDivide),
        ("/", Arithmetic::Divide),
        ("%", Arithmetic::Remainder),
    ],
];

fn covering(nodes: &[Node]) -> Range<usize> {
    let start = nodes.first().map_or(0, |node| node.span.start);
    start..nodes.last().map_or(start, |node| node.span.end)
}
