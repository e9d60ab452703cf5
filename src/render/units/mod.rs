//! What a path comes to: the objects that are applied together, and what these have applied in turn.

mod change;
mod collect;
mod follow;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::chart::{Charts, Release};
use super::checkout::Checkout;
use super::delivery::{Directory, Order, Variables};
use super::files::Files;
use super::kustomize::{Building, Kustomizations, size};
use super::{Member, Namespace, Parts, Rendered, Values};
use crate::model::Problem;
use crate::syntax::{Document, Node, Tree};
use crate::text::{FileId, Sources, Span};

/// What is looked at.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// The kustomization of a directory, by its name, and what is said in it besides.
    Kustomization(String, Option<Tree>),
    /// All below a directory, by its path, as Flux takes it: topmost kustomizations and the YAML files
    /// beside them; and what is said in the kustomization that it makes of them.
    Below(String, Option<Tree>),
    /// All below a directory, by its path: topmost kustomizations, and charts with those values, and all
    /// else that is read.
    All(String, Vec<String>),
    /// The files of a directory, by its path, as Argo CD takes them.
    Directory(String, Directory),
    /// Some files, by their names.
    Files(Vec<String>),
    /// A chart.
    Chart(Release),
}

/// What is looked at, and how it is applied.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) what: What,
    pub(super) namespace: Option<Namespace>,
    /// Labels and annotations that all objects get.
    pub(super) metadata: Option<Tree>,
    pub(super) variables: Option<Variables>,
}

impl Ask {
    /// Something as it is.
    pub(super) fn plain(what: What) -> Self {
        Self {
            what,
            namespace: None,
            metadata: None,
            variables: None,
        }
    }
}

/// Objects that are applied together.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// The objects, each with the cluster that it speaks of, if that is another one.
    pub(super) members: Vec<(Member, Option<String>)>,
    pub(super) values: Vec<Values>,
    /// All files that went into it.
    pub(super) files: BTreeSet<FileId>,
    /// Those that are applied as they are.
    pub(super) plain: BTreeSet<FileId>,
    /// The directories of the kustomizations in it.
    pub(super) homes: BTreeSet<String>,
    /// Its directory, if it is all that lies there.
    pub(super) directory: Option<String>,
    /// Kustomizations that belong to it and were not built.
    pub(super) left_out: BTreeSet<String>,
    /// The charts that are installed in it.
    pub(super) charts: BTreeSet<String>,
    /// Those of them that were rendered.
    pub(super) rendered: BTreeSet<String>,
    /// Whether it is more than whole files.
    pub(super) is_rendered: bool,
    /// What its objects have applied: the cluster, if that is another one, and the unit.
    pub(super) orders: Vec<(Option<String>, usize)>,
    pub(super) problems: Vec<Problem>,
    /// Variables whose values are not known, with the reason: where each is first used, and in how many
    /// objects.
    pub(super) unknown: BTreeMap<(String, String), (Span, usize)>,
}

/// All that is looked at.
pub(super) struct Units<'a> {
    pub(super) files: &'a Files<'a>,
    pub(super) sources: &'a Sources,
    pub(super) kustomizations: &'a Kustomizations<'a, 'a>,
    building: Building<'a, 'a>,
    pub(super) charts: &'a Charts,
    pub(super) checkout: Checkout<'a>,
    rendered: &'a Rendered,
    /// The releases of charts that were looked at.
    pub(super) releases: Vec<Release>,
    /// Documents that rendering made; they stand behind those that were read.
    pub(super) made: Vec<Document>,
    pub(super) all: Vec<Unit>,
    by_ask: HashMap<String, usize>,
    /// Documents that were made, by what they were made of.
    known: HashMap<*const Tree, (usize, Arc<Tree>)>,
    /// What the objects of units ask for, until it is looked at.
    open: Vec<(usize, Order)>,
    /// What may hold variables, by its name, once somebody asks for it.
    holders: OnceCell<HashMap<&'a str, Vec<Node<'a>>>>,
    members: usize,
    /// How many values the documents have that were made.
    values: usize,
}
impl<'a> Units<'a> {
    pub(super) fn new(
        files: &'a Files<'a>,
        sources: &'a Sources,
        parts: &'a Parts<'a>,
        checkout: Checkout<'a>,
        rendered: &'a Rendered,
    ) -> Self {
        Self {
            files,
            sources,
            kustomizations: &parts.kustomizations,
            building: parts.kustomizations.building(),
            charts: &parts.charts,
            checkout,
            rendered,
            releases: Vec::new(),
            made: Vec::new(),
            all: Vec::new(),
            by_ask: HashMap::new(),
            known: HashMap::new(),
            open: Vec::new(),
            holders: OnceCell::new(),
            members: 0,
            values: 0,
        }
    }

    /// The unit that something comes to, with all that it has applied.
    pub(super) fn whole(&mut self, ask: Ask) -> usize {
        let unit = self.unit(ask);
        while let Some((by, order)) = self.open.pop() {
            if let Some(found) = self.follow(by, order)
                && let Some(by) = self.all.get_mut(by)
                && !by.orders.contains(&found)
            {
                by.orders.push(found);
            }
        }
        unit
    }

    /// Kustomizations by directory, as they are.
    pub(super) fn kustomization(&mut self, directory: &str) -> usize {
        self.whole(Ask::plain(What::Kustomization(directory.to_owned(), None)))
    }

    /// The topmost kustomizations below one that is not built which can be.
    pub(super) fn below_left_out(&mut self, directory: &str) -> Vec<String> {
        let built = self.building.built_below(directory).into_iter();
        built.map(|(base, _)| base.to_owned()).collect()
    }

    /// A document, whether it was read or made.
    fn document(&self, index: usize) -> Option<&Document> {
        let read = self.files.count();
        match index.checked_sub(read) {
            None => self.files.document(index),
            Some(index) => self.made.get(index),
        }
    }

    fn write(&mut self, tree: &Tree, number: usize) -> usize {
        self.values += size(tree);
        self.make(tree.to_document(number))
    }

    fn make(&mut self, document: Document) -> usize {
        self.made.push(document);
        self.files.count() + self.made.len() - 1
    }

    /// The document of an object that environments share.
    fn shared(&mut self, tree: Arc<Tree>, number: usize) -> usize {
        if let Some((known, _)) = self.known.get(&Arc::as_ptr(&tree)) {
            return *known;
        }
        let document = self.write(&tree, number);
        self.known.insert(Arc::as_ptr(&tree), (document, tree));
        document
    }

    fn unit(&mut self, ask: Ask) -> usize {
        let key = format!("{ask:?}");
        if let Some(&known) = self.by_ask.get(&key) {
            return known;
        }
        let Ask {
            what,
            namespace,
            metadata,
            variables,
        } = ask;
        let mut unit = Unit::default();
        self.collect(what, &mut unit);
        if let Some(variables) = &variables {
            self.substitute(&mut unit, variables);
        }
        if let Some(metadata) = &metadata {
            self.label(&mut unit, metadata);
        }
        if let Some(namespace) = namespace {
            unit.put_in(&namespace);
        }
        let orders = self.orders(&mut unit);
        self.members += unit.members.len();
        let id = self.all.len();
        self.by_ask.insert(key, id);
        self.all.push(unit);
        self.open
            .extend(orders.into_iter().map(|order| (id, order)));
        id
    }
}
