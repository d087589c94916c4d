//! A text, statement by statement: what cannot be read is left out with its reason, and what one statement leaves behind is known to the next.

use sqlparser::ast::{
    AlterTableOperation, ConditionalStatementBlock, Expr, ObjectName, RenameTableNameKind, Set, Statement as Parsed,
    Use, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::context::Context;
use super::name::{self, Defaults, TableName};
use super::{Catalog, Dialect, Position, Problem, Script, guard, write};
use crate::limits::{
    SQL_BYTES_MAX, SQL_MESSAGE_BYTES_MAX, SQL_PARSER_DEPTH_MAX, SQL_STATEMENTS_MAX, SQL_TOKENS_PARSED_MAX,
};

pub(super) fn read(text: &str, dialect: Dialect, defaults: &Defaults, catalog: &dyn Catalog) -> Script {
    let mut context = Context::new(dialect, defaults, catalog);
    run(&mut context, text);
    context.finish()
}

/// Reads all statements of a text.
fn run(context: &mut Context<'_>, text: &str) {
    if text.len() > SQL_BYTES_MAX {
        let bytes = text.len();
        context.problem(format!("{bytes} bytes of SQL are more than the {SQL_BYTES_MAX} that are read"));
        return;
    }
    let parser = context.dialect.parser();
    let tokens = guarded(context, tokens(context.dialect, text));
    let mut parser =
        Parser::new(&*parser).with_recursion_limit(SQL_PARSER_DEPTH_MAX).with_tokens_with_locations(tokens);
    let mut parsed = 0;
    for count in 0.. {
        skip_separators(&mut parser, context.dialect);
        let first = parser.peek_token();
        if first.token == Token::EOF {
            return;
        }
        context.at = position(first.span.start);
        if count == SQL_STATEMENTS_MAX {
            return context.problem(format!("more than {SQL_STATEMENTS_MAX} statements: the others are not read"));
        }
        let start = parser.index();
        let statement = parse(&mut parser, context.dialect);
        parsed += parser.index() - start;
        match statement {
            Ok(statement) => execute(context, &statement),
            Err(error) => {
                let problem = problem(&error, &parser);
                back_to(&mut parser, start);
                if !copied_into(context, &mut parser) {
                    context.script.problems.push(problem);
                }
                while !matches!(parser.next_token().token, Token::SemiColon | Token::EOF) {}
            }
        }
        if context.budget.spent() {
            return context.problem(
                "the statement takes too long to read: what it and those after it do is not known".to_owned(),
            );
        }
        if parsed > SQL_TOKENS_PARSED_MAX {
            return context.problem("the text takes too long to read: what follows is not known".to_owned());
        }
    }
}

/// Words and signs of a text. `Err` beside them: why there are no more.
fn tokens(dialect: Dialect, text: &str) -> (Vec<TokenWithSpan>, Option<Problem>) {
    let parser = dialect.parser();
    let mut tokens = Vec::new();
    match Tokenizer::new(&*parser, text).tokenize_with_location_into_buf(&mut tokens) {
        Ok(()) => (tokens, None),
        Err(error) => {
            // Of the statement that it is in nothing is known.
            let whole = tokens.iter().rposition(|token| token.token == Token::SemiColon).map_or(0, |place| place + 1);
            tokens.truncate(whole);
            (tokens, Some(Problem { at: position(error.location), message: cut(error.message) }))
        }
    }
}

/// Takes out the statements that must not be parsed.
fn guarded(context: &mut Context<'_>, (tokens, problem): (Vec<TokenWithSpan>, Option<Problem>)) -> Vec<TokenWithSpan> {
    let mut kept = Vec::with_capacity(tokens.len() + 1);
    // The parser steps back over blanks and wants to find something there (`back_to`).
    kept.push(TokenWithSpan::wrap(Token::SemiColon));
    for statement in tokens.split_inclusive(|token| token.token == Token::SemiColon) {
        match guard::check(statement) {
            None => kept.extend_from_slice(statement),
            Some((at, message)) => context.script.problems.push(Problem { at: position(at), message }),
        }
    }
    context.script.problems.extend(problem);
    kept
}

fn skip_separators(parser: &mut Parser<'_>, dialect: Dialect) {
    loop {
        let go = match parser.peek_token().token {
            Token::SemiColon => true,
            // Between batches of SQL Server.
            Token::Word(word) => {
                dialect == Dialect::SqlServer && word.quote_style.is_none() && word.value.eq_ignore_ascii_case("go")
            }
            _ => false,
        };
        if !go {
            return;
        }
        parser.next_token();
    }
}

fn parse(parser: &mut Parser<'_>, dialect: Dialect) -> Result<Parsed, ParserError> {
    let statement = parser.parse_statement()?;
    let next = parser.peek_token();
    match next.token {
        Token::SemiColon | Token::EOF => Ok(statement),
        // Nothing needs to stand between statements there.
        _ if dialect == Dialect::SqlServer => Ok(statement),
        _ => parser.expected("end of statement", next),
    }
}

/// Goes back to where a statement began.
fn back_to(parser: &mut Parser<'_>, start: usize) {
    while parser.index() > start {
        parser.prev_token();
    }
    // Going back steps over blanks, and so to what ended the statement before.
    while parser.index() < start {
        parser.next_token();
    }
}

/// COPY INTO a table, in the dialects whose parser does not know it.
fn copied_into(context: &mut Context<'_>, parser: &mut Parser<'_>) -> bool {
    if !parser.parse_keywords(&[Keyword::COPY, Keyword::INTO]) {
        return false;
    }
    match parser.parse_object_name(false) {
        Ok(name) => write::load(context, &name),
        Err(_) => return false,
    }
    true
}

fn position(location: Location) -> Position {
    Position { line: location.line, column: location.column }
}

fn problem(error: &ParserError, parser: &Parser<'_>) -> Problem {
    let here = position(parser.peek_token().span.start);
    let (ParserError::TokenizerError(message) | ParserError::ParserError(message)) = error else {
        return Problem { at: here, message: format!("more than {SQL_PARSER_DEPTH_MAX} levels within each other") };
    };
    // The parser says where only in its words.
    let said = message.rsplit_once(" at Line: ").and_then(|(message, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((message, Position { line: line.parse().ok()?, column: column.parse().ok()? }))
    });
    let (message, at) = said.unwrap_or((message, here));
    Problem { at, message: cut(message.to_owned()) }
}

fn cut(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(SQL_MESSAGE_BYTES_MAX));
    message
}

/// Does to the session what the statement does, and reads what is inside of it.
fn execute(context: &mut Context<'_>, statement: &Parsed) {
    match statement {
        Parsed::If(block) => {
            let blocks = std::iter::once(&block.if_block).chain(&block.elseif_blocks).chain(&block.else_block);
            for block in blocks {
                self::block(context, block);
            }
        }
        Parsed::While(block) => self::block(context, &block.while_block),
        Parsed::Case(block) => {
            for block in block.when_blocks.iter().chain(&block.else_block) {
                self::block(context, block);
            }
        }
        Parsed::StartTransaction { statements, exception, .. } => {
            let handlers = exception.iter().flatten().flat_map(|handler| &handler.statements);
            for statement in statements.iter().chain(handlers) {
                execute(context, statement);
            }
        }
        Parsed::Use(target) => go_to(context, target),
        Parsed::Set(Set::SingleAssignment { variable, values, .. }) => search_path(context, variable, values),
        Parsed::Declare { stmts, .. } => {
            for name in stmts.iter().flat_map(|declared| &declared.names) {
                let name = context.fold(name);
                context.session.declare(name);
            }
        }
        Parsed::Unload { query: None, query_text: Some(text), .. } => unload(context, text),
        Parsed::AlterTable(alter) => {
            for operation in &alter.operations {
                if let AlterTableOperation::RenameTable {
                    table_name: RenameTableNameKind::To(new) | RenameTableNameKind::As(new),
                } = operation
                {
                    rename(context, &alter.name, new);
                }
            }
        }
        Parsed::RenameTable(renamed) => {
            for table in renamed {
                rename(context, &table.old_name, &table.new_name);
            }
        }
        other => write::read(context, other),
    }
    context.expressions.clear();
    context.reads.clear();
}

fn block(context: &mut Context<'_>, block: &ConditionalStatementBlock) {
    for statement in block.conditional_statements.statements() {
        execute(context, statement);
    }
}

fn go_to(context: &mut Context<'_>, target: &Use) {
    let (name, schema) = match target {
        Use::Database(name) | Use::Catalog(name) => (name, false),
        Use::Schema(name) => (name, true),
        // `use x` means a schema where databases cannot be left, and a database elsewhere.
        Use::Object(name) => {
            (name, matches!(context.dialect, Dialect::DuckDb | Dialect::Databricks | Dialect::BigQuery))
        }
        _ => return,
    };
    let parts = name::parts(name, context.dialect);
    match (parts.as_slice(), schema) {
        ([database, schema], _) => {
            context.defaults.database.clone_from(database);
            context.defaults.schema.clone_from(schema);
        }
        ([schema], true) => context.defaults.schema.clone_from(schema),
        ([database], false) => context.defaults.database.clone_from(database),
        _ => {}
    }
}

/// `set search_path to a, b`: names lie in the first of them, as far as anybody can say.
fn search_path(context: &mut Context<'_>, variable: &ObjectName, values: &[Expr]) {
    if !variable.to_string().eq_ignore_ascii_case("search_path") {
        return;
    }
    let schema = match values.first() {
        Some(Expr::Identifier(ident)) => context.dialect.folds_tables(ident.quote_style.is_some()).apply(&ident.value),
        Some(Expr::Value(value)) => match &value.value {
            Value::SingleQuotedString(text) => text.split(',').next().unwrap_or_default().trim().to_owned(),
            _ => return,
        },
        _ => return,
    };
    context.defaults.schema = schema;
}

/// UNLOAD of Redshift has its query as a text.
fn unload(context: &mut Context<'_>, text: &str) {
    let parser = context.dialect.parser();
    let (tokens, problem) = tokens(context.dialect, text);
    if let Some(message) =
        problem.map(|problem| problem.message).or_else(|| guard::check(&tokens).map(|(_, message)| message))
    {
        return context.problem(message);
    }
    let mut parser =
        Parser::new(&*parser).with_recursion_limit(SQL_PARSER_DEPTH_MAX).with_tokens_with_locations(tokens);
    match parser.parse_query() {
        Ok(query) => write::unload(context, &query),
        Err(error) => {
            let message = problem_text(&error, &parser);
            context.problem(message);
        }
    }
}

fn problem_text(error: &ParserError, parser: &Parser<'_>) -> String {
    problem(error, parser).message
}

/// What was written under one name has another now.
fn rename(context: &mut Context<'_>, old: &ObjectName, new: &ObjectName) {
    let Some(old) = context.name(old) else { return };
    let parts = name::parts(new, context.dialect);
    // A new name alone stays where the table is.
    let beside = Defaults { database: old.database.clone(), schema: old.schema.clone() };
    let Some(new) = name::complete(&parts, &beside, context.dialect) else { return };
    let renamed = |name: &mut TableName| {
        if *name == old {
            name.clone_from(&new);
        }
    };
    for statement in &mut context.script.statements {
        statement.writes.iter_mut().for_each(renamed);
    }
    if let Some(columns) = context.session.columns(&old).cloned() {
        context.session.learn(new, columns);
    }
    context.session.forget(&old);
}
