//! What a rule or function names in its bodies, local variables left out.

use std::collections::BTreeSet;

use regorus::unstable::{
    AssignOp, Expr, Literal, LiteralStmt, Query, Rule, RuleAssign, RuleBody, RuleHead,
};

/// A path of names, step by step.
pub(super) type Path = Vec<String>;

/// A reference: its steps as far as they are fixed, and the expressions it is indexed with.
#[derive(Default)]
pub(super) struct Reference<'a> {
    pub(super) path: Path,
    indices: Vec<&'a Expr>,
}

/// Takes a reference apart. It may be longer than the stack is deep.
pub(super) fn reference(expr: &Expr) -> Reference<'_> {
    let mut reference = Reference::default();
    let mut steps: Vec<Option<String>> = Vec::new();
    let mut next = expr;
    loop {
        match next {
            Expr::RefDot { refr, field, .. } => {
                steps.push(Some(field.0.text().to_owned()));
                next = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                steps.push(literal(index));
                reference.indices.push(index);
                next = refr;
            }
            Expr::Var { span, .. } => {
                steps.push(Some(span.text().to_owned()));
                break;
            }
            // an index into a value: only its parts matter
            other => {
                steps.push(None);
                reference.indices.push(other);
                break;
            }
        }
    }
    reference.path = steps.into_iter().rev().map_while(|step| step).collect();
    reference
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::String { value, .. } | Expr::RawString { value, .. } => {
            value.as_string().ok().map(ToString::to_string)
        }
        _ => None,
    }
}

/// Goes through a rule with lists of its own: expressions may be deeper than the stack.
#[derive(Default)]
pub(super) struct Walk<'a> {
    /// Variables of a body or comprehension, each within another one.
    scopes: Vec<Scope<'a>>,
    open: Vec<(usize, Part<'a>)>,
}

#[derive(Default)]
struct Scope<'a> {
    within: Option<usize>,
    variables: BTreeSet<&'a str>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Expr(&'a Expr),
    /// A function that is called: never a variable.
    Called(&'a Expr),
    Statement(&'a LiteralStmt),
}

impl<'a> Walk<'a> {
    /// All of a rule.
    pub(super) fn of(rule: &'a Rule) -> Self {
        let mut walk = Self::default();
        let args = match rule {
            Rule::Default { args, .. } => args.as_slice(),
            Rule::Spec { head, .. } => match head {
                RuleHead::Func { args, .. } => args.as_slice(),
                _ => &[],
            },
        };
        let outside = walk.scope(None, variables(args.iter().map(|arg| &**arg)));
        match rule {
            Rule::Default { value, .. } => walk.exprs(outside, [&**value]),
            Rule::Spec { head, bodies, .. } => {
                if bodies.is_empty() {
                    walk.head(outside, head);
                }
                for body in bodies {
                    walk.body(outside, head, body);
                }
            }
        }
        walk
    }

    /// All that it names, whatever that may mean.
    pub(super) fn references(mut self) -> BTreeSet<Path> {
        let mut references = BTreeSet::new();
        while let Some((scope, part)) = self.open.pop() {
            match part {
                Part::Statement(statement) => self.statement(scope, statement),
                Part::Called(expr) => {
                    let called = reference(expr);
                    self.exprs(scope, called.indices);
                    references.insert(called.path);
                }
                Part::Expr(expr) => {
                    let path = self.expr(scope, expr);
                    if path
                        .first()
                        .is_some_and(|root| !self.is_variable(scope, root))
                    {
                        references.insert(path);
                    }
                }
            }
        }
        references
    }

    /// The head's value is worked out with the variables of the body.
    fn body(&mut self, outside: usize, head: &'a RuleHead, body: &'a RuleBody) {
        let inside = self.query(outside, &body.query);
        self.head(inside, head);
        self.assign(inside, body.assign.as_ref());
    }

    fn head(&mut self, scope: usize, head: &'a RuleHead) {
        match head {
            RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
                self.exprs(scope, reference(refr).indices);
                self.assign(scope, assign.as_ref());
            }
            RuleHead::Set { refr, key, .. } => {
                self.exprs(scope, reference(refr).indices);
                self.exprs(scope, key.as_deref());
            }
        }
    }

    fn assign(&mut self, scope: usize, assign: Option<&'a RuleAssign>) {
        self.exprs(scope, assign.map(|a| &*a.value));
    }

    /// Opens the scope of a query; gives back which one it is.
    fn query(&mut self, within: usize, query: &'a Query) -> usize {
        let inside = self.scope(Some(within), declared(query));
        let statements = query.stmts.iter().map(|s| (inside, Part::Statement(s)));
        self.open.extend(statements);
        inside
    }

    fn scope(&mut self, within: Option<usize>, variables: BTreeSet<&'a str>) -> usize {
        self.scopes.push(Scope { within, variables });
        self.scopes.len() - 1
    }

    fn is_variable(&self, scope: usize, name: &str) -> bool {
        let scopes = std::iter::successors(self.scopes.get(scope), |scope| {
            scope.within.and_then(|outer| self.scopes.get(outer))
        });
        scopes
            .into_iter()
            .any(|scope| scope.variables.contains(name))
    }

    fn exprs(&mut self, scope: usize, exprs: impl IntoIterator<Item = &'a Expr>) {
        let parts = exprs.into_iter().map(|expr| (scope, Part::Expr(expr)));
        self.open.extend(parts);
    }

    fn statement(&mut self, scope: usize, statement: &'a LiteralStmt) {
        let with = statement.with_mods.iter();
        self.exprs(scope, with.map(|with| &*with.r#as));
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                self.exprs(scope, key.as_deref());
                self.exprs(scope, [&**value, &**collection]);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                self.exprs(scope, [&**expr]);
            }
            Literal::Every {
                key,
                value,
                domain,
                query,
                ..
            } => {
                self.exprs(scope, [&**domain]);
                let names = key.iter().chain([value]).map(|span| span.text());
                let each = self.scope(Some(scope), names.collect());
                self.query(each, query);
            }
        }
    }

    /// Notes the parts of an expression to look at; gives back what it names itself.
    fn expr(&mut self, scope: usize, expr: &'a Expr) -> Path {
        match expr {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                let reference = reference(expr);
                self.exprs(scope, reference.indices);
                return reference.path;
            }
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                self.exprs(scope, items.iter().map(|i| &**i));
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.exprs(scope, [&**key, &**value]);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                let inside = self.query(scope, query);
                self.exprs(inside, [&**term]);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                let inside = self.query(scope, query);
                self.exprs(inside, [&**key, &**value]);
            }
            Expr::Call { fcn, params, .. } => {
                self.open.push((scope, Part::Called(fcn)));
                self.exprs(scope, params.iter().map(|p| &**p));
            }
            Expr::UnaryExpr { expr, .. } => self.exprs(scope, [&**expr]),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => self.exprs(scope, [&**lhs, &**rhs]),
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                self.exprs(scope, key.as_deref());
                self.exprs(scope, [&**value, &**collection]);
            }
        }
        Path::new()
    }
}

/// The variables that the statements of a query declare, with `some` or `:=`.
fn declared(query: &Query) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => names.extend(vars.iter().map(|v| v.text())),
            Literal::SomeIn { key, value, .. } => {
                names.extend(variables(key.as_deref().into_iter().chain([&**value])));
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr {
                    op: AssignOp::ColEq,
                    lhs,
                    ..
                } = &**expr
                {
                    names.extend(variables([&**lhs]));
                }
            }
            Literal::NotExpr { .. } | Literal::Every { .. } => {}
        }
    }
    names
}

/// The variables of patterns.
fn variables<'a>(of: impl IntoIterator<Item = &'a Expr>) -> BTreeSet<&'a str> {
    let mut open: Vec<&Expr> = of.into_iter().collect();
    let mut names = BTreeSet::new();
    while let Some(pattern) = open.pop() {
        match pattern {
            Expr::Var { span, .. } => _ = names.insert(span.text()),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                open.extend(items.iter().map(|item| &**item));
            }
            Expr::Object { fields, .. } => {
                open.extend(fields.iter().map(|(_, _, value)| &**value));
            }
            _ => {}
        }
    }
    names
}
