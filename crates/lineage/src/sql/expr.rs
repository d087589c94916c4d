//! Which columns an expression uses, and as what. Expressions are walked with a list of what is left to do and not by recursion: a chain of ten
//! thousand operators is a tree as deep. Only queries inside of expressions recurse, and the parser limits those.

use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    InTarget, LambdaFunction, OneOrManyWithParens, OrderByExpr, Query, Subscript, WindowSpec, WindowType,
};

use super::context::Context;
use super::expr_parts::children;
use super::functions;
use super::name;
use super::query;
use super::relation::{Output, Relation, Uses, through};
use super::scope::{self, Scope, Source};

/// Adds what `expr` uses to `to`, as a value that is used as `how`.
pub(super) fn uses(context: &mut Context<'_>, scope: &Scope<'_>, expr: &Expr, how: ColumnUse, to: &mut Uses) {
    let mut walk = Walk { context, scope, to, left: vec![(expr, how)] };
    while let Some((expr, how)) = walk.left.pop() {
        if !walk.context.budget.pay(1) {
            return;
        }
        let others = walk.left.len();
        walk.step(expr, how);
        // In the order in which they stand there.
        walk.left[others..].reverse();
    }
}

/// The same for several.
pub(super) fn all_uses<'e>(
    context: &mut Context<'_>,
    scope: &Scope<'_>,
    expressions: impl IntoIterator<Item = &'e Expr>,
    how: ColumnUse,
    to: &mut Uses,
) {
    for expr in expressions {
        uses(context, scope, expr, how, to);
    }
}

/// Columns of a window.
pub(super) fn window(context: &mut Context<'_>, scope: &Scope<'_>, spec: &WindowSpec, to: &mut Uses) {
    let ordered = spec.order_by.iter().map(|order| &order.expr);
    all_uses(context, scope, spec.partition_by.iter().chain(ordered), ColumnUse::Window, to);
    if let Some(name) = &spec.window_name {
        named_window(context, scope, name, ColumnUse::Window, to);
    }
}

fn named_window(context: &mut Context<'_>, scope: &Scope<'_>, name: &Ident, how: ColumnUse, to: &mut Uses) {
    let name = context.fold(name);
    if let Some((_, columns)) = scope.windows.iter().find(|(known, _)| *known == name) {
        context.carry(to, columns, how);
    }
}

struct Walk<'w, 'c, 's, 'e> {
    context: &'w mut Context<'c>,
    scope: &'w Scope<'s>,
    to: &'w mut Uses,
    left: Vec<(&'e Expr, ColumnUse)>,
}

impl<'e> Walk<'_, '_, '_, 'e> {
    fn step(&mut self, expr: &'e Expr, how: ColumnUse) {
        match expr {
            Expr::Identifier(ident) => self.column(ident, how),
            Expr::CompoundIdentifier(parts) => self.path(parts, how),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, how),
            Expr::Nested(inner)
            | Expr::Collate { expr: inner, .. }
            | Expr::Named { expr: inner, .. }
            | Expr::Prior(inner) => {
                self.left.push((inner, how));
            }
            Expr::OuterJoin(inner) => self.left.push((inner, how)),
            Expr::Function(function) => self.function(function, how),
            Expr::Case { operand, conditions, else_result, .. } => {
                let deciding = through(how, ColumnUse::Conditional);
                let value = through(how, ColumnUse::Transformation);
                self.left.extend(operand.iter().map(|operand| (&**operand, deciding)));
                for when in conditions {
                    self.left.extend([(&when.condition, deciding), (&when.result, value)]);
                }
                self.left.extend(else_result.iter().map(|result| (&**result, value)));
            }
            Expr::Subquery(query) => self.subquery(query, how, 1),
            Expr::Exists { subquery, .. } => self.subquery(subquery, how, 0),
            Expr::In { expr, target, .. } => {
                let how = through(how, ColumnUse::Transformation);
                self.left.push((expr, how));
                self.in_target(target, how);
            }
            Expr::Lambda(lambda) => self.lambda(lambda, through(how, ColumnUse::Transformation)),
            Expr::MatchAgainst { columns, .. } => {
                let dialect = self.context.dialect;
                for column in columns.iter().filter_map(|column| name::last_column(column, dialect)) {
                    self.name(&column, through(how, ColumnUse::Transformation));
                }
            }
            other => {
                let how = through(how, ColumnUse::Transformation);
                self.left.extend(children(other).into_iter().map(|child| (child, how)));
            }
        }
    }

    fn column(&mut self, ident: &Ident, how: ColumnUse) {
        // Variables of scripts and of sessions.
        if ident.value.starts_with(['@', ':', '$']) {
            return;
        }
        let name = self.context.fold(ident);
        self.name(&name, how);
    }

    fn name(&mut self, name: &str, how: ColumnUse) {
        let found = scope::unqualified(self.context, self.scope, name);
        self.context.carry(self.to, &found, how);
    }

    fn path(&mut self, parts: &[Ident], how: ColumnUse) {
        let (found, is_part) = scope::qualified(self.context, self.scope, parts);
        let how = if is_part { through(how, ColumnUse::Transformation) } else { how };
        self.context.carry(self.to, &found, how);
    }

    /// `a.b[1].c`: names in front belong to the column, what follows only takes a part of it.
    fn access(&mut self, root: &'e Expr, chain: &'e [AccessExpr], how: ColumnUse) {
        let how = through(how, ColumnUse::Transformation);
        let mut parts = match root {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        if parts.is_empty() {
            self.left.push((root, how));
        } else {
            let names = chain.iter().map_while(|access| match access {
                AccessExpr::Dot(Expr::Identifier(ident)) => Some(ident.clone()),
                _ => None,
            });
            parts.extend(names);
            match parts.as_slice() {
                [one] => self.column(one, how),
                parts => self.path(parts, how),
            }
        }
        for access in chain {
            match access {
                AccessExpr::Subscript(Subscript::Index { index }) => self.left.push((index, how)),
                AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                    let bounds = [lower_bound, upper_bound, stride].into_iter().flatten();
                    self.left.extend(bounds.map(|bound| (bound, how)));
                }
                AccessExpr::Dot(_) => {}
            }
        }
    }

    fn in_target(&mut self, target: &'e InTarget, how: ColumnUse) {
        match target {
            InTarget::List(list) => self.left.extend(list.iter().map(|item| (item, how))),
            InTarget::Subquery(query) => self.subquery(query, how, usize::MAX),
            InTarget::Unnest(expr) => self.left.push((expr, how)),
            InTarget::Table { name, .. } => {
                let relation = self.context.open(name);
                self.take(&relation, how, usize::MAX);
            }
        }
    }

    /// The first so many columns of a query are the value, and what decided about its rows decides about the value.
    fn subquery(&mut self, query: &Query, how: ColumnUse, columns: usize) {
        let relation = query::read(self.context, query, Some(self.scope));
        self.take(&relation, how, columns);
    }

    fn take(&mut self, relation: &Relation, how: ColumnUse, columns: usize) {
        for output in relation.columns.iter().take(columns) {
            self.context.carry(self.to, &output.uses, how);
        }
        self.context.carry(self.to, &relation.rows, how);
    }

    fn lambda(&mut self, lambda: &'e LambdaFunction, how: ColumnUse) {
        let parameters = match &lambda.params {
            OneOrManyWithParens::One(one) => std::slice::from_ref(one),
            OneOrManyWithParens::Many(many) => many.as_slice(),
        };
        // Its parameters hide columns of the same name.
        let columns =
            parameters.iter().map(|parameter| Output { name: self.context.fold(&parameter.name), uses: Uses::new() });
        let relation = Relation { columns: columns.collect(), ..Relation::default() };
        let mut inner = Scope::inside(Some(self.scope));
        inner.sources.push(Source { relation: Rc::new(relation), ..Source::default() });
        uses(self.context, &inner, &lambda.body, how, self.to);
    }

    fn function(&mut self, function: &'e Function, how: ColumnUse) {
        let name = function.name.0.last().map(ToString::to_string).unwrap_or_default();
        let combined = self.context.dialect == super::Dialect::ClickHouse;
        let aggregates = functions::aggregates(&name, combined);
        let value = through(how, if aggregates { ColumnUse::Aggregation } else { ColumnUse::Transformation });
        self.arguments(&name, &function.parameters, value, how);
        self.arguments(&name, &function.args, value, how);
        if let Some(filter) = &function.filter {
            self.left.push((filter, through(how, ColumnUse::Conditional)));
        }
        // What stands there is the value of a percentile, and only the order of a list.
        let ordered = if functions::orders_its_value(&name) { value } else { through(how, ColumnUse::Sort) };
        self.sorted(&function.within_group, ordered);
        match &function.over {
            Some(WindowType::WindowSpec(spec)) => {
                let mut columns = Uses::new();
                window(self.context, self.scope, spec, &mut columns);
                self.context.carry(self.to, &columns, how);
            }
            Some(WindowType::NamedWindow(name)) => named_window(self.context, self.scope, name, how, self.to),
            None => {}
        }
    }

    fn sorted(&mut self, order: &'e [OrderByExpr], how: ColumnUse) {
        self.left.extend(order.iter().map(|order| (&order.expr, how)));
    }

    fn arguments(&mut self, name: &str, arguments: &'e FunctionArguments, value: ColumnUse, how: ColumnUse) {
        let list = match arguments {
            FunctionArguments::None => return,
            FunctionArguments::Subquery(query) => return self.subquery(query, value, 1),
            FunctionArguments::List(list) => list,
        };
        let of = list.args.len();
        for (place, argument) in list.args.iter().enumerate() {
            let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) =
                argument;
            let FunctionArgExpr::Expr(expr) = arg else { continue };
            if let Expr::Identifier(word) = expr
                && functions::is_date_part(name, &word.value)
            {
                continue;
            }
            let decides = functions::decides(name, place, of);
            self.left.push((expr, if decides { through(how, ColumnUse::Conditional) } else { value }));
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(order) => self.sorted(order, through(how, ColumnUse::Sort)),
                FunctionArgumentClause::Where(expr) => self.left.push((expr, through(how, ColumnUse::Conditional))),
                FunctionArgumentClause::Having(bound) => {
                    self.left.push((&bound.1, through(how, ColumnUse::Conditional)))
                }
                _ => {}
            }
        }
    }
}
