//! What kustomize builds: each kustomization collects what is below it, and changes all of that.
//! `kustomize: api/internal/target/kusttarget.go`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::failure::{Failure, assumed, lost, text};
use super::found::{Kustomization, Reference, Target};
use super::generate::{Sort, absorb, generate};
use super::identity::{Id, Meta};
use super::names::{self, End};
use super::patches::Patching;
use super::resource::{Object, Resource, size};
use super::words::{has_words, tree};
use super::{annotations, fields, hash, images, labels, namespace, references};
use crate::model::Problem;
use crate::render::Namespace;
use crate::render::files::Files;
use crate::syntax::Node;
use crate::text::FileId;

/// Most objects of a build.
const MAX_OBJECTS: usize = 10_000;

/// Most values of all objects that builds of a scan make.
pub(super) const MAX_VALUES: usize = 8_000_000;

/// Most kustomizations that are built inside one another.
const MAX_NESTING: usize = 64;

/// Most times that components of a scan go through an object.
const MAX_WORK: usize = 2_000_000;

/// What a kustomization comes to.
#[derive(Clone)]
pub(in crate::render) struct Built {
    /// Its objects.
    pub(in crate::render) objects: Vec<Object>,
    /// All files that went into it.
    pub(in crate::render) files: BTreeSet<FileId>,
    /// What is missing in it.
    pub(in crate::render) problems: Vec<Problem>,
    /// Whether it is just the documents of files, whatever they say.
    pub(in crate::render) is_collected: bool,
}

/// What is collected at one point of a build.
#[derive(Clone, Default)]
pub(super) struct Level<'a> {
    pub(super) resources: Vec<Resource<'a>>,
    pub(super) files: BTreeSet<FileId>,
    pub(super) problems: Vec<Problem>,
    /// Whether there may be objects that are not known.
    pub(super) is_open: bool,
}

/// Builds kustomizations, each base once.
pub(super) struct Builder<'k, 'a> {
    pub(super) all: &'k BTreeMap<String, Kustomization<'a>>,
    pub(super) files: &'k Files<'a>,
    done: HashMap<String, Result<Rc<Level<'a>>, Failure>>,
    /// The directories under way, outermost first.
    under_way: Vec<String>,
    work: usize,
    values: usize,
}

impl<'k, 'a> Builder<'k, 'a> {
    pub(super) fn new(all: &'k BTreeMap<String, Kustomization<'a>>, files: &'k Files<'a>) -> Self {
        Self {
            all,
            files,
            done: HashMap::new(),
            under_way: Vec::new(),
            work: 0,
            values: 0,
        }
    }

    /// Builds a kustomization as `kustomize build` would.
    pub(super) fn build(&mut self, one: &'k Kustomization<'a>) -> Result<Built, Failure> {
        let level = self.base(one)?;
        let mut level = Level::clone(&level);
        hash::apply(&mut level.resources);
        references::fix(&mut level.resources)?;
        level.resources.retain(|resource| !is_local(resource));
        annotations::settle(&mut level.resources, self.files);
        if let Some(metadata) = one.items("buildMetadata").first() {
            let reason =
                "the labels and annotations that kustomize adds because of this are left out";
            level.problems.push(assumed(metadata.span(), reason));
        }
        let objects: Vec<Object> = level
            .resources
            .into_iter()
            .map(Resource::into_object)
            .collect();
        let made = objects.iter().map(|object| match object {
            Object::Made { tree, .. } => size(tree),
            Object::Read { .. } => 0,
        });
        self.values += made.sum::<usize>();
        if self.values > MAX_VALUES {
            let what = "more objects than meshvet makes in one run";
            return Err(Failure::beyond(one.root.span(), what));
        }
        Ok(Built {
            objects,
            files: level.files,
            problems: level.problems,
            is_collected: false,
        })
    }

    /// A kustomization that others may build on.
    fn base(&mut self, one: &'k Kustomization<'a>) -> Result<Rc<Level<'a>>, Failure> {
        if let Some(done) = self.done.get(&one.directory) {
            return done.clone();
        }
        let depth = self.under_way.len();
        let result = self.target(one, Level::default()).map(Rc::new);
        self.under_way.truncate(depth);
        self.done.insert(one.directory.clone(), result.clone());
        result
    }

    /// Adds to a level what a kustomization collects, and changes all of it.
    fn target(
        &mut self,
        one: &'k Kustomization<'a>,
        mut level: Level<'a>,
    ) -> Result<Level<'a>, Failure> {
        if let Some(failure) = one.failures.first() {
            return Err(failure.clone());
        }
        self.work += 1 + level.resources.len();
        if self.under_way.len() >= MAX_NESTING {
            let what = "bases of bases, too many deep";
            return Err(Failure::beyond(one.root.span(), what));
        }
        if self.work > MAX_WORK {
            let what = "more components of more objects than meshvet goes through";
            return Err(Failure::beyond(one.root.span(), what));
        }
        level.files.extend(one.files(self.files));
        self.under_way.push(one.directory.clone());
        let mut seen = level.resources.iter().map(Resource::id).collect();
        for reference in &one.resources {
            self.collect(reference, &mut level, &mut seen)?;
        }
        self.generate(one, &mut level)?;
        for reference in &one.components {
            level = self.component(reference, level)?;
        }
        self.transform(one, &mut level)?;
        self.under_way.pop();
        Ok(level)
    }

    fn collect(
        &mut self,
        reference: &Reference<'a>,
        level: &mut Level<'a>,
        seen: &mut HashSet<Id>,
    ) -> Result<(), Failure> {
        let item = reference.item;
        match &reference.target {
            Target::Nothing(reason) => {
                level.problems.push(lost(item.span(), reason));
                level.is_open = true;
                Ok(())
            }
            Target::File(file) => {
                for resource in self.read(*file, item)? {
                    add(level, resource, item, seen)?;
                }
                Ok(())
            }
            Target::Directory(directory) => {
                let base = self.visit(directory, item)?;
                if base.is_component {
                    let reason = "this is a component, and has to stand under components";
                    return Err(Failure::broken(item.span(), reason));
                }
                let below = self.base(base)?;
                level.files.extend(&below.files);
                level.problems.extend(below.problems.iter().cloned());
                level.is_open |= below.is_open;
                for resource in &below.resources {
                    add(level, resource.clone(), item, seen)?;
                }
                Ok(())
            }
        }
    }

    fn component(
        &mut self,
        reference: &Reference<'a>,
        level: Level<'a>,
    ) -> Result<Level<'a>, Failure> {
        let item = reference.item;
        match &reference.target {
            Target::Directory(directory) => {
                let component = self.visit(directory, item)?;
                if !component.is_component {
                    let reason = "this is no component";
                    return Err(Failure::broken(item.span(), reason));
                }
                self.target(component, level)
            }
            Target::File(_) | Target::Nothing(_) => {
                let what = "a component that is not among the files read";
                Err(Failure::beyond(item.span(), what))
            }
        }
    }

    /// A kustomization that is none of those under way, and not around one of them.
    fn visit(&self, directory: &str, item: Node<'_>) -> Result<&'k Kustomization<'a>, Failure> {
        let is_around = |inner: &String| {
            inner == directory || crate::render::paths::below(inner, directory).is_some()
        };
        if self.under_way.iter().any(is_around) {
            let reason = "this leads back to where it is used";
            return Err(Failure::broken(item.span(), reason));
        }
        let missing = || Failure::broken(item.span(), "there is no kustomization");
        self.all.get(directory).ok_or_else(missing)
    }

    /// The objects of a file.
    fn read(&self, file: FileId, item: Node<'_>) -> Result<Vec<Resource<'a>>, Failure> {
        let mut found = Vec::new();
        for &index in self.files.indices(file) {
            let Some(document) = self.files.document(index) else {
                continue;
            };
            let root = document.root();
            let kind = root.get("kind").and_then(Node::as_str).unwrap_or_default();
            match root.get("items") {
                Some(items) if kind.ends_with("List") => {
                    self.list(items, document.number(), &mut found)?;
                }
                _ => {
                    let meta = Meta::of_node(root).map_err(|reason| {
                        let file = self.files.line(document.span());
                        let reason = format!("{file} holds something that is no object: {reason}");
                        Failure::broken(item.span(), reason)
                    })?;
                    found.push(match has_words(root, self.files) {
                        true => Resource::made(meta, tree(root, self.files), document.number()),
                        false => Resource::read(meta, index, root),
                    });
                }
            }
        }
        Ok(found)
    }

    /// The objects of a list, and of lists in it.
    fn list(
        &self,
        items: Node<'a>,
        number: usize,
        found: &mut Vec<Resource<'a>>,
    ) -> Result<(), Failure> {
        for item in items.items() {
            let kind = item.get("kind").and_then(Node::as_str).unwrap_or_default();
            match item.get("items") {
                Some(inner) if kind.ends_with("List") => self.list(inner, number, found)?,
                _ => {
                    let tree = tree(item, self.files);
                    let meta = Meta::of_tree(&tree)
                        .map_err(|reason| Failure::broken(item.span(), reason))?;
                    found.push(Resource::made(meta, tree, number));
                }
            }
        }
        Ok(())
    }

    fn generate(&self, one: &Kustomization<'a>, level: &mut Level<'a>) -> Result<(), Failure> {
        let options = one.root.get("generatorOptions");
        for (key, sort) in [
            ("configMapGenerator", Sort::ConfigMap),
            ("secretGenerator", Sort::Secret),
        ] {
            for entry in one.items(key) {
                let made = generate(sort, entry, options, &one.directory, self.files)?;
                level.problems.extend(made.problems);
                let missing = absorb(&mut level.resources, made.resource, entry, level.is_open)?;
                level.problems.extend(missing);
            }
        }
        Ok(())
    }

    /// In the order of kustomize, which is not that of the file.
    fn transform(&self, one: &Kustomization<'a>, level: &mut Level<'a>) -> Result<(), Failure> {
        let patching = Patching::new(one, self.files);
        patching.strategic(level)?;
        patching.patches(level)?;
        if let Some(node) = one.root.get("namespace").filter(|node| !node.is_null()) {
            let name = text(node, "the namespace")?;
            if !name.is_empty() {
                let namespace = Namespace {
                    name: name.into(),
                    span: node.span(),
                    only_if_none: false,
                };
                namespace::apply(&mut level.resources, &namespace, node.written())?;
            }
        }
        for (key, end) in [("namePrefix", End::Front), ("nameSuffix", End::Back)] {
            if let Some(node) = one.root.get(key).filter(|node| !node.is_null()) {
                text(node, key)?;
                names::apply(&mut level.resources, end, node);
            }
        }
        for entry in one.items("labels") {
            labels::labels(&mut level.resources, entry)?;
        }
        for (key, specs) in [
            ("commonLabels", fields::common_labels()),
            ("commonAnnotations", fields::common_annotations()),
        ] {
            if let Some(pairs) = one.root.get(key) {
                labels::add(&mut level.resources, &specs, pairs)?;
            }
        }
        patching.json(level)?;
        for entry in one.items("replicas") {
            images::replicas(&mut level.resources, entry)?;
        }
        for key in ["images", "imageTags"] {
            for entry in one.items(key) {
                images::images(&mut level.resources, entry)?;
            }
        }
        patching.replacements(level)
    }
}

/// Adds an object that must be another than all that are there.
fn add<'a>(
    level: &mut Level<'a>,
    resource: Resource<'a>,
    item: Node<'_>,
    seen: &mut HashSet<Id>,
) -> Result<(), Failure> {
    if level.resources.len() >= MAX_OBJECTS {
        let what = format!("more than {MAX_OBJECTS} objects");
        return Err(Failure::beyond(item.span(), what));
    }
    let id = resource.id();
    if seen.contains(&id) {
        let reason = format!("with this, {} is there twice", id.shown());
        return Err(Failure::broken(item.span(), reason));
    }
    seen.insert(id);
    level.resources.push(resource);
    Ok(())
}

/// Whether it is only there to be read by tools.
fn is_local(resource: &Resource<'_>) -> bool {
    let outline = resource.outline();
    let note = outline.path(&[
        "metadata",
        "annotations",
        "config.kubernetes.io/local-config",
    ]);
    note.is_some_and(|note| note.as_str() != Some("false"))
}
