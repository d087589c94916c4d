//! What stands between the joins of FROM: tables, queries, functions, and tables that are turned around.

use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{
    Expr, ExprWithAlias, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JsonTableColumn, ObjectName,
    PivotValueSource, TableAlias, TableFactor, Value,
};

use super::context::Context;
use super::name;
use super::query::{self, alias_columns};
use super::relation::{Output, Relation, Uses};
use super::scope::{Scope, Source, qualified};
use super::{expr, from};

/// Columns of FLATTEN of Snowflake.
const FLATTENED: &[&str] = &["SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS"];

/// Reads an item of FROM. `scope` holds what stands before it, which functions and lateral queries may use.
pub(super) fn read(
    context: &mut Context<'_>,
    factor: &TableFactor,
    scope: &Scope<'_>,
    lateral: bool,
    rows: &mut Uses,
) -> Vec<Source> {
    match factor {
        TableFactor::Table { name, alias, args: None, .. } => vec![table(context, name, alias.as_ref(), scope, rows)],
        TableFactor::Table { name, alias, args: Some(args), .. } => {
            vec![function(context, name, &args.args, alias.as_ref(), scope)]
        }
        TableFactor::Function { name, args, alias, .. } => vec![function(context, name, args, alias.as_ref(), scope)],
        TableFactor::TableFunction { expr, alias } => vec![table_function(context, expr, alias.as_ref(), scope)],
        TableFactor::Derived { lateral: marked, subquery, alias, .. } => {
            let parent = if *marked || lateral { Some(scope) } else { scope.parent };
            let relation = query::read(context, subquery, parent);
            context.carry(rows, &relation.rows, ColumnUse::Identity);
            vec![aliased(context, relation, alias.as_ref())]
        }
        TableFactor::UNNEST { alias, array_exprs, with_offset_alias, .. } => {
            vec![unnest(context, array_exprs, alias.as_ref(), with_offset_alias.as_ref(), scope)]
        }
        TableFactor::JsonTable { json_expr, columns, alias, .. } => {
            let names = json_columns(context, columns);
            vec![of_names(context, json_expr, names, alias.as_ref(), scope)]
        }
        TableFactor::OpenJsonTable { json_expr, columns, alias, .. } => {
            let names = columns.iter().map(|column| context.fold(&column.name)).collect();
            vec![of_names(context, json_expr, names, alias.as_ref(), scope)]
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            let mut inner = Scope::inside(scope.parent);
            from::with_joins(context, table_with_joins, &mut inner, rows);
            match alias {
                Some(alias) => vec![under_one_name(context, &inner.sources, alias)],
                None => inner.sources,
            }
        }
        TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } => {
            let inner = read(context, table, scope, lateral, rows);
            let relation = pivot(context, &inner, aggregate_functions, value_column, value_source, rows);
            vec![aliased(context, relation, alias.as_ref())]
        }
        TableFactor::Unpivot { table, value, name, columns, alias, .. } => {
            let inner = read(context, table, scope, lateral, rows);
            let relation = unpivot(context, &inner, value, name, columns);
            vec![aliased(context, relation, alias.as_ref())]
        }
        TableFactor::MatchRecognize { table, alias, .. } => {
            read(context, table, scope, lateral, rows);
            vec![unknown(context, alias.as_ref())]
        }
        TableFactor::UnpivotExpr { .. } => vec![unknown(context, None)],
        TableFactor::XmlTable { alias, .. } | TableFactor::SemanticView { alias, .. } => {
            vec![unknown(context, alias.as_ref())]
        }
    }
}

/// Rows of which nobody knows where their columns came from.
fn unknown(context: &Context<'_>, alias: Option<&TableAlias>) -> Source {
    aliased(context, Relation { every: Some(Uses::new()), ..Relation::default() }, alias)
}

fn aliased(context: &Context<'_>, mut relation: Relation, alias: Option<&TableAlias>) -> Source {
    let Some(alias) = alias else { return Source { relation: Rc::new(relation), ..Source::default() } };
    relation.rename(&alias_columns(context, alias));
    Source { alias: name::alias(&alias.name, context.dialect), table: None, relation: Rc::new(relation) }
}

fn under_one_name(context: &Context<'_>, sources: &[Source], alias: &TableAlias) -> Source {
    let mut whole = Relation::default();
    for source in sources {
        whole.columns.extend(source.relation.columns.iter().cloned());
        whole.open.extend(source.relation.open.iter().copied());
        if let Some(every) = &source.relation.every {
            whole.every.get_or_insert_default().extend(every.iter().copied());
        }
    }
    aliased(context, whole, Some(alias))
}

fn table(
    context: &mut Context<'_>,
    name: &ObjectName,
    alias: Option<&TableAlias>,
    scope: &Scope<'_>,
    rows: &mut Uses,
) -> Source {
    let first = name.0.first().and_then(|part| part.as_ident());
    // Files, stages, table variables, names that are worked out at run time: no tables of the database.
    let foreign = first.is_none_or(|ident| ident.quote_style == Some('\'') || ident.value.starts_with(['@', '$', ':']));
    let dual = name.0.len() == 1 && first.is_some_and(|ident| ident.value.eq_ignore_ascii_case("dual"));
    if foreign || dual {
        return unknown(context, alias);
    }
    // `from t, t.items`: an array of a row before.
    if let (Some(first), true) = (first, name.0.len() > 1 && context.dialect.dots_are_fields())
        && scope.source(context, std::slice::from_ref(first)).is_some()
    {
        let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let found = qualified(context, scope, &parts).0;
        let mut uses = Uses::new();
        context.carry(&mut uses, &found, ColumnUse::Transformation);
        return elements(context, uses, alias, None);
    }
    let relation = context.open(name);
    context.carry(rows, &relation.rows, ColumnUse::Identity);
    match alias {
        None => Source {
            alias: name::as_alias(name, context.dialect).unwrap_or_default(),
            table: context.name(name),
            relation,
        },
        Some(alias) if alias.columns.is_empty() => {
            Source { alias: name::alias(&alias.name, context.dialect), table: None, relation }
        }
        Some(_) => aliased(context, (*relation).clone(), alias),
    }
}

fn argument(argument: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) = argument;
    match arg {
        FunctionArgExpr::Expr(expr) => Some(expr),
        _ => None,
    }
}

fn function(
    context: &mut Context<'_>,
    name: &ObjectName,
    arguments: &[FunctionArg],
    alias: Option<&TableAlias>,
    scope: &Scope<'_>,
) -> Source {
    let mut uses = Uses::new();
    let arguments = arguments.iter().filter_map(argument);
    // What the arguments are used for: the rows came of them.
    expr::all_uses(context, scope, arguments, ColumnUse::Transformation, &mut uses);
    let function = name.0.last().map(|part| part.to_string().to_ascii_uppercase()).unwrap_or_default();
    let mut relation = Relation::default();
    if function == "FLATTEN" {
        relation
            .columns
            .extend(FLATTENED.iter().map(|column| Output { name: (*column).to_owned(), uses: uses.clone() }));
    } else {
        relation.every = Some(uses.clone());
    }
    let mut source = aliased(context, relation, alias);
    if let Some(alias) = alias.filter(|alias| alias.columns.is_empty()) {
        // A function that gives single values has a column that is called as it is.
        let relation = Rc::make_mut(&mut source.relation);
        relation.columns.push(Output { name: context.fold(&alias.name), uses });
    }
    source
}

fn table_function(context: &mut Context<'_>, inner: &Expr, alias: Option<&TableAlias>, scope: &Scope<'_>) -> Source {
    if let Expr::Function(call) = inner {
        let arguments = match &call.args {
            FunctionArguments::List(list) => list.args.as_slice(),
            _ => &[],
        };
        return function(context, &call.name, arguments, alias, scope);
    }
    let mut uses = Uses::new();
    expr::uses(context, scope, inner, ColumnUse::Transformation, &mut uses);
    aliased(context, Relation { every: Some(uses), ..Relation::default() }, alias)
}

fn unnest(
    context: &mut Context<'_>,
    arrays: &[Expr],
    alias: Option<&TableAlias>,
    offset: Option<&Ident>,
    scope: &Scope<'_>,
) -> Source {
    let mut uses = Uses::new();
    expr::all_uses(context, scope, arrays, ColumnUse::Transformation, &mut uses);
    elements(context, uses, alias, offset)
}

/// Elements of an array: a column that is called as the alias is, with fields that nobody knows.
fn elements(context: &Context<'_>, uses: Uses, alias: Option<&TableAlias>, offset: Option<&Ident>) -> Source {
    let mut relation = Relation::default();
    if let Some(alias) = alias.filter(|alias| alias.columns.is_empty()) {
        relation.columns.push(Output { name: context.fold(&alias.name), uses: uses.clone() });
    }
    relation.every = Some(uses);
    let mut source = aliased(context, relation, alias);
    if let Some(offset) = offset {
        let relation = Rc::make_mut(&mut source.relation);
        relation.columns.push(Output { name: context.fold(offset), uses: Uses::new() });
    }
    source
}

fn json_columns(context: &Context<'_>, columns: &[JsonTableColumn]) -> Vec<String> {
    let mut names = Vec::new();
    let mut left: Vec<_> = columns.iter().rev().collect();
    while let Some(column) = left.pop() {
        match column {
            JsonTableColumn::Named(column) => names.push(context.fold(&column.name)),
            JsonTableColumn::ForOrdinality(name) => names.push(context.fold(name)),
            JsonTableColumn::Nested(nested) => left.extend(nested.columns.iter().rev()),
        }
    }
    names
}

/// Columns that all came of one expression.
fn of_names(
    context: &mut Context<'_>,
    inner: &Expr,
    names: Vec<String>,
    alias: Option<&TableAlias>,
    scope: &Scope<'_>,
) -> Source {
    let mut uses = Uses::new();
    expr::uses(context, scope, inner, ColumnUse::Transformation, &mut uses);
    let columns: Vec<_> = names.into_iter().map(|name| Output { name, uses: uses.clone() }).collect();
    let every = columns.is_empty().then_some(uses);
    aliased(context, Relation { columns, every, ..Relation::default() }, alias)
}

/// Values of a column become columns; all columns that are not named for it group the rows.
fn pivot(
    context: &mut Context<'_>,
    inner: &[Source],
    aggregates: &[ExprWithAlias],
    value_columns: &[Expr],
    values: &PivotValueSource,
    rows: &mut Uses,
) -> Relation {
    let scope = Scope { sources: inner.to_vec(), ..Scope::inside(None) };
    let mut deciding = Uses::new();
    expr::all_uses(context, &scope, value_columns, ColumnUse::Conditional, &mut deciding);
    let mut used = deciding.clone();
    let mut cells = Vec::new();
    for aggregate in aggregates {
        let mut uses = Uses::new();
        expr::uses(context, &scope, &aggregate.expr, ColumnUse::Identity, &mut uses);
        used.extend(uses.iter().copied());
        uses.extend(deciding.iter().copied());
        cells.push((aggregate.alias.as_ref().map(|alias| context.fold(alias)), uses));
    }
    let (PivotValueSource::List(values), true) = (values, inner.iter().all(|source| source.relation.is_closed()))
    else {
        return Relation { every: Some(Uses::new()), ..Relation::default() };
    };
    let mut relation = Relation::default();
    for output in inner.iter().flat_map(|source| &source.relation.columns) {
        let taken = |(origin, _): &(super::relation::Origin, ColumnUse)| used.iter().any(|(other, _)| other == origin);
        if !output.uses.iter().any(taken) {
            context.carry(rows, &output.uses, ColumnUse::GroupBy);
            relation.columns.push(output.clone());
        }
    }
    for value in values {
        let name = value.alias.as_ref().map_or_else(|| literal(context, &value.expr), |alias| context.fold(alias));
        for (alias, uses) in &cells {
            let name = match alias {
                Some(alias) if !name.is_empty() => format!("{name}_{alias}"),
                _ => name.clone(),
            };
            relation.columns.push(Output { name, uses: uses.clone() });
        }
    }
    relation
}

/// How a column is called that is made of a value.
fn literal(context: &Context<'_>, expr: &Expr) -> String {
    match expr {
        Expr::Value(value) => match &value.value {
            // Snowflake keeps the quotes in the name.
            Value::SingleQuotedString(text) if context.dialect != super::Dialect::Snowflake => text.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

/// Columns become rows: one column with their values, one with their names.
fn unpivot(
    context: &mut Context<'_>,
    inner: &[Source],
    value: &Expr,
    name: &Ident,
    columns: &[ExprWithAlias],
) -> Relation {
    let scope = Scope { sources: inner.to_vec(), ..Scope::inside(None) };
    let mut uses = Uses::new();
    expr::all_uses(context, &scope, columns.iter().map(|column| &column.expr), ColumnUse::Transformation, &mut uses);
    let mut relation = Relation::default();
    for source in inner {
        let taken =
            |output: &&Output| output.uses.iter().any(|(origin, _)| uses.iter().any(|(other, _)| other == origin));
        relation.columns.extend(source.relation.columns.iter().filter(|output| !taken(output)).cloned());
        relation.open.extend(source.relation.open.iter().copied());
    }
    let values = match value {
        Expr::Tuple(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    for value in values {
        if let Expr::Identifier(ident) = value {
            relation.columns.push(Output { name: context.fold(ident), uses: uses.clone() });
        }
    }
    relation.columns.push(Output { name: context.fold(name), uses: Uses::new() });
    relation
}
