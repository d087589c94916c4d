//! What a SELECT shows: values, aliases, stars and what is taken out of them.

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{
    ExcludeSelectItem, Expr, RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use super::context::Context;
use super::expr;
use super::name;
use super::relation::{Output, Relation, Uses};
use super::scope::{Order, Scope, Source};
use crate::limits::SQL_COLUMNS_MAX;

/// Columns of a list of items.
pub(super) fn read(context: &mut Context<'_>, items: &[SelectItem], scope: &mut Scope<'_>) -> Relation {
    let mut relation = Relation::default();
    if context.dialect.aliases_beside() {
        scope.order = Order::ColumnsThenAliases;
    }
    for item in items {
        let shown = relation.columns.len();
        match item {
            SelectItem::UnnamedExpr(value) => {
                let name = implied_name(context, value);
                relation.columns.push(output(context, scope, value, name));
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let name = context.fold(alias);
                relation.columns.push(output(context, scope, expr, name));
            }
            SelectItem::ExprWithAliases { expr, aliases } => {
                let whole = output(context, scope, expr, String::new());
                relation
                    .columns
                    .extend(aliases.iter().map(|alias| Output { name: context.fold(alias), ..whole.clone() }));
            }
            SelectItem::Wildcard(options) => {
                let sources: Vec<_> = scope.sources.iter().collect();
                let star = star(context, scope, &sources, true, options);
                append(context, &mut relation, star);
            }
            SelectItem::QualifiedWildcard(kind, options) => {
                let star = qualified_star(context, scope, kind, options);
                append(context, &mut relation, star);
            }
        }
        if scope.order == Order::ColumnsThenAliases {
            scope.aliases.extend(relation.columns[shown..].iter().cloned());
        }
    }
    relation
}

fn output(context: &mut Context<'_>, scope: &Scope<'_>, value: &Expr, name: String) -> Output {
    let mut uses = Uses::new();
    expr::uses(context, scope, value, ColumnUse::Identity, &mut uses);
    Output { name, uses }
}

fn append(context: &mut Context<'_>, relation: &mut Relation, more: Relation) {
    if relation.columns.len() + more.columns.len() <= SQL_COLUMNS_MAX && context.budget.pay(more.columns.len()) {
        relation.columns.extend(more.columns);
    }
    relation.open.extend(more.open);
    if let Some(every) = more.every {
        relation.every.get_or_insert_default().extend(every);
    }
}

/// The name of a value without an alias; empty: the database makes one up.
fn implied_name(context: &Context<'_>, value: &Expr) -> String {
    let mut value = value;
    loop {
        value = match value {
            Expr::Identifier(ident) => return context.fold(ident),
            Expr::CompoundIdentifier(parts) => return parts.last().map(|last| context.fold(last)).unwrap_or_default(),
            Expr::Nested(inner) => inner,
            Expr::Cast { expr, .. } | Expr::Collate { expr, .. } if context.dialect.names_values() => expr,
            Expr::Function(function) if context.dialect.names_values() => {
                return name::last_column(&function.name, context.dialect).unwrap_or_default();
            }
            _ => return String::new(),
        };
    }
}

fn qualified_star(
    context: &mut Context<'_>,
    scope: &Scope<'_>,
    kind: &SelectItemQualifiedWildcardKind,
    options: &WildcardAdditionalOptions,
) -> Relation {
    match kind {
        SelectItemQualifiedWildcardKind::ObjectName(name) => {
            let mut around = Some(scope);
            while let Some(here) = around {
                if let Some(source) = here.named(context, name) {
                    return star(context, here, &[source], false, options);
                }
                around = here.parent;
            }
            // A column with fields, or something unknown.
            Relation { every: Some(Uses::new()), ..Relation::default() }
        }
        SelectItemQualifiedWildcardKind::Expr(value) => {
            let mut uses = Uses::new();
            expr::uses(context, scope, value, ColumnUse::Transformation, &mut uses);
            Relation { every: Some(uses), ..Relation::default() }
        }
    }
}

/// All columns of some sources. `merged`: those of USING come once, in front.
fn star(
    context: &mut Context<'_>,
    scope: &Scope<'_>,
    sources: &[&Source],
    merged: bool,
    options: &WildcardAdditionalOptions,
) -> Relation {
    let mut relation = Relation::default();
    if merged {
        relation.columns.clone_from(&scope.merged);
    }
    for source in sources {
        let from = &source.relation;
        if !context.budget.pay(from.columns.len()) || relation.columns.len() + from.columns.len() > SQL_COLUMNS_MAX {
            break;
        }
        let once = |output: &&Output| !merged || !scope.merged.iter().any(|merged| merged.name == output.name);
        relation.columns.extend(from.columns.iter().filter(once).cloned());
        relation.open.extend(from.open.iter().copied());
        context.more |= !from.open.is_empty();
        if let Some(every) = &from.every {
            relation.every.get_or_insert_default().extend(every.iter().copied());
        }
    }
    options_of_star(context, scope, &mut relation, options);
    relation
}

fn options_of_star(
    context: &mut Context<'_>,
    scope: &Scope<'_>,
    relation: &mut Relation,
    options: &WildcardAdditionalOptions,
) {
    exclude(context, relation, options.opt_exclude.as_ref());
    if let Some(except) = &options.opt_except {
        let out: Vec<_> = std::iter::once(&except.first_element)
            .chain(&except.additional_elements)
            .map(|ident| context.fold(ident))
            .collect();
        relation.columns.retain(|output| !out.contains(&output.name));
    }
    if options.opt_ilike.is_some() {
        // Which columns are left is not followed.
        *relation = Relation { every: Some(Uses::new()), ..Relation::default() };
    }
    for element in options.opt_replace.iter().flat_map(|replace| &replace.items) {
        let replaced = context.fold(&element.column_name);
        let value = output(context, scope, &element.expr, replaced);
        set(relation, &value.name.clone(), value);
    }
    let renamed = match &options.opt_rename {
        None => &[][..],
        Some(RenameSelectItem::Single(one)) => std::slice::from_ref(one),
        Some(RenameSelectItem::Multiple(many)) => many,
    };
    for renamed in renamed {
        let (old, name) = (context.fold(&renamed.ident), context.fold(&renamed.alias));
        let uses = match relation.column(&old) {
            Some(output) => output.uses.clone(),
            None => output(context, scope, &Expr::Identifier(renamed.ident.clone()), String::new()).uses,
        };
        set(relation, &old, Output { name, uses });
    }
}

/// Puts a column in the place of another one, or behind all of them.
fn set(relation: &mut Relation, old: &str, new: Output) {
    match relation.columns.iter_mut().find(|output| output.name == old) {
        Some(output) => *output = new,
        None => relation.columns.push(new),
    }
}

/// Takes columns out.
pub(super) fn exclude(context: &Context<'_>, relation: &mut Relation, exclude: Option<&ExcludeSelectItem>) {
    let names = match exclude {
        None => return,
        Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
        Some(ExcludeSelectItem::Multiple(names)) => names,
    };
    let out: Vec<_> = names.iter().filter_map(|name| name::last_column(name, context.dialect)).collect();
    relation.columns.retain(|output| !out.contains(&output.name));
}
