//! Functions that call themselves, directly or through others.
//!
//! The interpreter would run such a call until the stack is full, which ends the process; and so
//! they are looked for before anything runs.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{
    Expr, Literal, LiteralStmt, Module, NodeRef, Query, Rule, RuleAssign, RuleHead,
};
use regorus::utils::get_path_string;

/// A function that can call itself.
pub(super) struct Cycle {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
    /// Its whole path.
    pub(super) function: String,
}

#[derive(Default)]
struct Function {
    calls: BTreeSet<String>,
    place: Option<(String, u32, u32)>,
}

/// All functions of these modules that can call themselves. Rules count as functions, since a
/// function may go through one.
pub(super) fn find(modules: &[NodeRef<Module>]) -> Vec<Cycle> {
    let mut functions: BTreeMap<String, Function> = BTreeMap::new();
    for module in modules {
        let names = Names::of(module);
        for rule in &module.policy {
            collect(rule, &names, &mut functions);
        }
    }
    let cyclic = functions
        .iter()
        .filter(|(name, _)| reaches(&functions, name));
    cyclic
        .filter_map(|(name, function)| {
            let (file, line, column) = function.place.clone()?;
            Some(Cycle {
                file,
                line,
                column,
                function: name.clone(),
            })
        })
        .collect()
}

/// Whether a function can come back to itself.
fn reaches(functions: &BTreeMap<String, Function>, name: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending = vec![name];
    while let Some(next) = pending.pop() {
        let calls = functions.get(next).into_iter().flat_map(|f| &f.calls);
        for call in calls {
            if call == name {
                return true;
            }
            if seen.insert(call.as_str()) {
                pending.push(call);
            }
        }
    }
    false
}

/// What names mean inside a module.
struct Names {
    package: String,
    imports: BTreeMap<String, String>,
}

impl Names {
    fn of(module: &Module) -> Self {
        let imports = module.imports.iter().filter_map(|import| {
            let path = get_path_string(&import.refr, None).ok()?;
            let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
            let alias = import.r#as.as_ref().map(|alias| alias.text().to_owned());
            Some((alias.unwrap_or(last), path))
        });
        Self {
            package: get_path_string(&module.package.refr, Some("data")).unwrap_or_default(),
            imports: imports.collect(),
        }
    }

    /// The paths an expression may mean: what is below `data` means itself, a path that begins
    /// with an import means that, and all may be of this package.
    fn paths(&self, of: &Expr) -> Vec<String> {
        let Ok(path) = get_path_string(of, None) else {
            return Vec::new();
        };
        let root = path.split(['.', '[']).next().unwrap_or(&path);
        if root == "data" {
            return vec![path];
        }
        let mut paths = vec![format!("{}.{path}", self.package)];
        if let Some(import) = self.imports.get(root) {
            paths.push(format!("{import}{}", path.get(root.len()..).unwrap_or("")));
        }
        paths
    }
}

fn collect(rule: &Rule, names: &Names, functions: &mut BTreeMap<String, Function>) {
    let mut walk = Walk::default();
    let (head, span) = match rule {
        Rule::Spec { span, head, bodies } => {
            for body in bodies {
                walk.assign(body.assign.as_ref());
                walk.query(&body.query);
            }
            (walk.head(head), span)
        }
        Rule::Default {
            span, refr, value, ..
        } => {
            walk.expr(value);
            (&**refr, span)
        }
    };
    let calls = walk.finish(names);
    for path in names.paths(head) {
        let function = functions.entry(path).or_default();
        function.calls.extend(calls.iter().cloned());
        let place = || (span.source.get_path().clone(), span.line, span.col);
        function.place.get_or_insert_with(place);
    }
}

/// Goes through expressions with a list of its own: they may be deeper than the stack.
#[derive(Default)]
struct Walk<'a> {
    pending: Vec<&'a Expr>,
    queries: Vec<&'a Query>,
}

impl<'a> Walk<'a> {
    fn expr(&mut self, expr: &'a Expr) {
        self.pending.push(expr);
    }

    fn query(&mut self, query: &'a Query) {
        self.queries.push(query);
    }

    fn assign(&mut self, assign: Option<&'a RuleAssign>) {
        self.pending.extend(assign.map(|a| &*a.value));
    }

    /// Takes the parts of a head that are evaluated; gives back its name.
    fn head(&mut self, head: &'a RuleHead) -> &'a Expr {
        match head {
            RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
                self.assign(assign.as_ref());
                refr
            }
            RuleHead::Set { refr, key, .. } => {
                self.pending.extend(key.as_deref());
                refr
            }
        }
    }

    /// All paths that occur.
    fn finish(mut self, names: &Names) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        loop {
            if let Some(expr) = self.pending.pop() {
                paths.extend(names.paths_at(expr));
                self.parts(expr);
            } else if let Some(query) = self.queries.pop() {
                query.stmts.iter().for_each(|s| self.statement(s));
            } else {
                return paths;
            }
        }
    }

    fn statement(&mut self, statement: &'a LiteralStmt) {
        for with in &statement.with_mods {
            self.expr(&with.r#as);
        }
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                self.pending.extend(key.as_deref());
                self.pending.extend([&**value, &**collection]);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
            Literal::Every { domain, query, .. } => {
                self.expr(domain);
                self.query(query);
            }
        }
    }

    fn parts(&mut self, expr: &'a Expr) {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
            | Expr::Var { .. } => {}
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                self.pending.extend(items.iter().map(|i| &**i));
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.pending.extend([&**key, &**value]);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term);
                self.query(query);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                self.pending.extend([&**key, &**value]);
                self.query(query);
            }
            Expr::Call { fcn, params, .. } => {
                self.expr(fcn);
                self.pending.extend(params.iter().map(|p| &**p));
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::RefDot { refr, .. } => self.expr(refr),
            Expr::RefBrack { refr, index, .. } => self.pending.extend([&**refr, &**index]),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => self.pending.extend([&**lhs, &**rhs]),
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                self.pending.extend(key.as_deref());
                self.pending.extend([&**value, &**collection]);
            }
        }
    }
}

impl Names {
    /// The paths a name or a reference may mean; nothing for other expressions.
    fn paths_at(&self, expr: &Expr) -> Vec<String> {
        match expr {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.paths(expr),
            _ => Vec::new(),
        }
    }
}
