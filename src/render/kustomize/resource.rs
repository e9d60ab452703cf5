//! An object on its way through a build.

use std::sync::Arc;

use super::failure::Failure;
use super::identity::{Id, Meta};
use crate::render::Namespace;
use crate::syntax::{Field, Kind, Node, Tree, Written};

/// The fields that say what an object is.
const OUTLINE: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// An object, and what it was before.
#[derive(Debug, Clone)]
pub(super) struct Resource<'a> {
    pub(super) meta: Meta,
    body: Body<'a>,
    /// The namespace it was put in, while nothing else of it changed.
    moved: Option<Namespace>,
    /// What it was known by before each step that may have renamed it, oldest first.
    pub(super) previous: Vec<Id>,
    /// Prefixes its name got, innermost first.
    pub(super) prefixes: Vec<String>,
    /// Suffixes its name got, innermost first.
    pub(super) suffixes: Vec<String>,
    /// How it came to be, if it was not read.
    pub(super) generated: Option<Generated>,
}

/// What a generator says of the object it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generated {
    pub(super) behavior: Behavior,
    /// Whether its name gets a hash of what it holds.
    pub(super) has_hash: bool,
    /// Whether all that it holds is known.
    pub(super) is_complete: bool,
}

/// What a generated object does to one of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    /// There must be none.
    Create,
    /// It takes its place.
    Replace,
    /// Its data are added.
    Merge,
}

#[derive(Debug, Clone)]
enum Body<'a> {
    Read { document: usize, node: Node<'a> },
    Made { tree: Arc<Tree>, number: usize },
}

/// What a build makes of an object.
#[derive(Debug, Clone)]
pub(in crate::render) enum Object {
    /// What a document says, perhaps in another namespace.
    Read {
        /// Index among the documents that were read.
        document: usize,
        /// The namespace it is put in.
        namespace: Option<Namespace>,
    },
    /// Something new.
    Made {
        /// What it says.
        tree: Arc<Tree>,
        /// Which document of the file it begins in it comes from.
        number: usize,
    },
}

impl<'a> Resource<'a> {
    /// An object that a document is.
    pub(super) fn read(meta: Meta, document: usize, node: Node<'a>) -> Self {
        Self::new(meta, Body::Read { document, node })
    }

    /// An object that no document is by itself.
    pub(super) fn made(meta: Meta, tree: Tree, number: usize) -> Self {
        let tree = Arc::new(tree);
        Self::new(meta, Body::Made { tree, number })
    }

    fn new(meta: Meta, body: Body<'a>) -> Self {
        Self {
            meta,
            body,
            moved: None,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            generated: None,
        }
    }

    pub(super) fn id(&self) -> Id {
        self.meta.id()
    }

    /// What it was at first.
    pub(super) fn original(&self) -> Id {
        self.previous.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Whether it is, or ever was, known so.
    pub(super) fn was(&self, matches: impl Fn(&Id) -> bool) -> bool {
        self.previous.iter().any(&matches) || matches(&self.id())
    }

    /// Notes what it is known by, as that may change now.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        self.previous.push(id);
    }

    /// Puts it into a namespace.
    pub(super) fn put_in(&mut self, namespace: &Namespace) {
        self.meta.namespace = namespace.name.to_string();
        match &mut self.body {
            Body::Read { .. } => self.moved = Some(namespace.clone()),
            Body::Made { tree, .. } => set_namespace(Arc::make_mut(tree), namespace),
        }
    }

    /// What it says.
    pub(super) fn tree(&self) -> Arc<Tree> {
        match &self.body {
            Body::Read { node, .. } => {
                let mut tree = Tree::from(*node);
                if let Some(namespace) = &self.moved {
                    set_namespace(&mut tree, namespace);
                }
                Arc::new(tree)
            }
            Body::Made { tree, .. } => Arc::clone(tree),
        }
    }

    /// What it says of itself: the kind of it and its metadata.
    pub(super) fn outline(&self) -> Tree {
        let tree = match &self.body {
            Body::Read { node, .. } => {
                let fields = OUTLINE.iter().filter_map(|key| node.entry(key));
                let mut tree = Tree {
                    kind: Kind::Map(fields.map(Field::from).collect()),
                    place: node.written(),
                };
                if let Some(namespace) = &self.moved {
                    set_namespace(&mut tree, namespace);
                }
                return tree;
            }
            Body::Made { tree, .. } => tree,
        };
        let fields = tree.fields().iter();
        let fields = fields.filter(|field| OUTLINE.contains(&field.key.as_str()));
        Tree {
            kind: Kind::Map(fields.cloned().collect()),
            place: tree.place,
        }
    }

    /// Changes what it says, and what it is known by with it. If nothing changes, it stays the
    /// document that was read.
    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut Tree) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let before = self.tree();
        let mut after = Tree::clone(&before);
        change(&mut after)?;
        self.become_tree(&before, after);
        Ok(())
    }

    /// Changes what it says by something that cannot fail.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut Tree)) {
        let before = self.tree();
        let mut after = Tree::clone(&before);
        change(&mut after);
        self.become_tree(&before, after);
    }

    fn become_tree(&mut self, before: &Tree, after: Tree) {
        if after == *before {
            return;
        }
        let number = self.number();
        if let Ok(meta) = Meta::of_tree(&after) {
            self.meta = meta;
        }
        self.moved = None;
        self.body = Body::Made {
            tree: Arc::new(after),
            number,
        };
    }

    fn number(&self) -> usize {
        match &self.body {
            Body::Read { node, .. } => node.document().number(),
            Body::Made { number, .. } => *number,
        }
    }

    /// What comes out of a build.
    pub(super) fn into_object(self) -> Object {
        match self.body {
            Body::Read { document, .. } => Object::Read {
                document,
                namespace: self.moved,
            },
            Body::Made { tree, number } => Object::Made { tree, number },
        }
    }
}

fn set_namespace(object: &mut Tree, namespace: &Namespace) {
    let Namespace { name, span, .. } = namespace;
    let line_end = span.end;
    let place = Written {
        span: *span,
        line_end,
    };
    let metadata = object.get_mut("metadata");
    let is_said = |metadata: &Tree| metadata.get("namespace").and_then(Tree::as_str) == Some(name);
    if let Some(metadata) = metadata.filter(|metadata| !is_said(metadata)) {
        metadata.set(Field {
            key: "namespace".to_owned(),
            key_span: *span,
            value: Tree::text(&**name, place),
        });
    }
}

/// How many values a tree holds.
pub(in crate::render) fn size(tree: &Tree) -> usize {
    match &tree.kind {
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Map(fields) => 1 + fields.iter().map(|field| size(&field.value)).sum::<usize>(),
        _ => 1,
    }
}
