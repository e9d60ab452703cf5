//! What a policy calls, looked at before anything runs.
//!
//! The interpreter follows a function that calls itself until the stack is full, which ends the
//! process; it follows a chain of calls however long it is; and it does not look at the clock
//! inside of a builtin.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Module, NodeRef, Rule, RuleHead, Span};

use super::walk::{Path, Walk, reference};

/// How many functions or rules may be under way at once.
const DEEPEST: usize = 25;

/// Builtins whose work depends on how large a number is.
const REFUSED: [&str; 3] = ["numbers.range", "numbers.range_step", "bits.lsh"];

/// A place in a policy that may not run.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Refused {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

/// A function or a rule.
#[derive(Default)]
struct Definition {
    calls: BTreeSet<Path>,
    place: (String, u32, u32),
}

type Definitions = BTreeMap<Path, Definition>;

/// All that these modules may not do, in their order.
pub(super) fn refuse(modules: &[NodeRef<Module>]) -> Vec<Refused> {
    let mut definitions = Definitions::new();
    for module in modules {
        let names = Names::of(module);
        for rule in &module.policy {
            collect(rule, &names, &mut definitions);
        }
    }
    let mut refused: BTreeSet<_> = builtins(&definitions).collect();
    refused.extend(Depths::new(&definitions).refused());
    refused.into_iter().collect()
}

fn builtins(definitions: &Definitions) -> impl Iterator<Item = Refused> {
    definitions.values().flat_map(|definition| {
        let called = definition.calls.iter().map(|path| path.join("."));
        let refused = called.filter(|name| REFUSED.contains(&name.as_str()));
        refused.map(|name| definition.refuse(format!("{name} is not allowed")))
    })
}

impl Definition {
    fn refuse(&self, message: String) -> Refused {
        let (file, line, column) = self.place.clone();
        Refused {
            file,
            line,
            column,
            message,
        }
    }
}

/// How deep the calls of each definition go, found without going deep itself.
struct Depths<'a> {
    definitions: &'a Definitions,
    done: BTreeMap<&'a Path, usize>,
    refused: BTreeSet<Refused>,
}

/// A definition that is being looked at.
struct Visit<'a> {
    path: &'a Path,
    open: Vec<&'a Path>,
    depth: usize,
}

impl<'a> Depths<'a> {
    fn new(definitions: &'a Definitions) -> Self {
        Self {
            definitions,
            done: BTreeMap::new(),
            refused: BTreeSet::new(),
        }
    }

    fn refused(mut self) -> BTreeSet<Refused> {
        for path in self.definitions.keys() {
            self.follow(path);
        }
        self.refused
    }

    fn follow(&mut self, path: &'a Path) {
        let mut under_way: Vec<Visit<'a>> = self.visit(path).into_iter().collect();
        while let Some(top) = under_way.last_mut() {
            if let Some(next) = top.open.pop() {
                if let Some(depth) = self.done.get(next) {
                    top.depth = top.depth.max(depth + 1);
                } else if let Some(from) = under_way.iter().position(|v| v.path == next) {
                    self.circle(under_way.iter().skip(from));
                } else {
                    under_way.extend(self.visit(next));
                }
            } else if let Some(visit) = under_way.pop() {
                self.finish(&visit);
                if let Some(caller) = under_way.last_mut() {
                    caller.depth = caller.depth.max(visit.depth + 1);
                }
            }
        }
    }

    fn visit(&self, path: &'a Path) -> Option<Visit<'a>> {
        if self.done.contains_key(path) {
            return None;
        }
        let calls = self.definitions.get(path)?.calls.iter();
        Some(Visit {
            path,
            open: calls.flat_map(|call| self.meant(call)).collect(),
            depth: 1,
        })
    }

    /// The definitions that a path leads to: one of that name, one that holds the value it goes
    /// into, and, for a package, all that is in it.
    fn meant(&self, call: &Path) -> Vec<&'a Path> {
        let within = |len: usize| {
            let path = self.definitions.get_key_value(call.get(..len)?)?.0;
            Some(path)
        };
        let mut meant: Vec<_> = (1..call.len()).filter_map(within).collect();
        let from = self.definitions.range(call.clone()..);
        let below = from.take_while(|(path, _)| path.starts_with(call));
        meant.extend(below.map(|(path, _)| path));
        meant
    }

    fn circle<'v>(&mut self, visits: impl Iterator<Item = &'v Visit<'a>>)
    where
        'a: 'v,
    {
        for visit in visits {
            self.refuse(visit.path, "can call itself, which is not allowed");
        }
    }

    fn finish(&mut self, visit: &Visit<'a>) {
        if visit.depth == DEEPEST + 1 {
            self.refuse(visit.path, "goes through too many others");
        }
        self.done.insert(visit.path, visit.depth);
    }

    fn refuse(&mut self, path: &Path, what: &str) {
        if let Some(definition) = self.definitions.get(path) {
            let message = format!("{} {what}", path.join("."));
            self.refused.insert(definition.refuse(message));
        }
    }
}

/// What names mean inside a module.
struct Names {
    package: Path,
    imports: BTreeMap<String, Path>,
}

impl Names {
    fn of(module: &Module) -> Self {
        let imports = module.imports.iter().filter_map(|import| {
            let path = reference(&import.refr).path;
            let last = path.last()?.clone();
            let alias = import.r#as.as_ref().map(|alias| alias.text().to_owned());
            Some((alias.unwrap_or(last), path))
        });
        let mut package = vec!["data".to_owned()];
        package.extend(reference(&module.package.refr).path);
        Self {
            package,
            imports: imports.collect(),
        }
    }

    /// What a path may mean: what begins with `data` means itself; all else may be of this
    /// package, of an import, or builtin.
    fn meanings(&self, path: Path) -> Vec<Path> {
        let Some((root, rest)) = path.split_first() else {
            return Vec::new();
        };
        if root == "data" {
            return vec![path];
        }
        let import = self.imports.get(root);
        let imported = import.map(|import| [import.as_slice(), rest].concat());
        let own = [self.package.as_slice(), path.as_slice()].concat();
        [own].into_iter().chain(imported).chain([path]).collect()
    }
}

fn collect(rule: &Rule, names: &Names, definitions: &mut Definitions) {
    let (head, span) = head(rule);
    let path = [names.package.as_slice(), reference(head).path.as_slice()].concat();
    let definition = definitions.entry(path).or_insert_with(|| Definition {
        calls: BTreeSet::new(),
        place: (span.source.get_path().clone(), span.line, span.col),
    });
    let named = Walk::of(rule).references();
    let calls = named.into_iter().flat_map(|path| names.meanings(path));
    definition.calls.extend(calls);
}

/// The name a rule or function has, and where it is.
fn head(rule: &Rule) -> (&Expr, &Span) {
    match rule {
        Rule::Spec { span, head, .. } => match head {
            RuleHead::Compr { refr, .. }
            | RuleHead::Func { refr, .. }
            | RuleHead::Set { refr, .. } => (refr, span),
        },
        Rule::Default { span, refr, .. } => (refr, span),
    }
}
