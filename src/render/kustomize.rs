//! Kustomizations: the part of kustomize that collects resources and sets their namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::files::Files;
use super::paths::{base_name, directory, resolve};
use super::{Member, Namespace};
use crate::model::{Place, Problem, ProblemKind};
use crate::syntax::{Document, Node};
use crate::text::Span;

pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that are honoured.
pub(super) const HONOURED: [&str; 3] = ["resources", "bases", "namespace"];

/// Fields that change nothing a mesh is judged by.
pub(super) const HARMLESS: [&str; 9] = [
    "apiVersion",
    "kind",
    "metadata",
    "images",
    "replicas",
    "sortOptions",
    "buildMetadata",
    "generatorOptions",
    "crds",
];

/// A kustomization file.
pub(super) struct Kustomization {
    /// Its directory.
    pub(super) directory: String,
    /// Its name.
    pub(super) name: String,
    /// Whether it is made to be part of others only.
    is_component: bool,
    namespace: Option<Namespace>,
    /// The field, and where it is written.
    not_understood: Vec<(String, Span)>,
    /// The kustomizations it builds on, by directory.
    bases: Vec<String>,
    /// The kustomizations it mentions as components, by directory.
    components: Vec<String>,
    /// Its resource files, by name.
    resources: Vec<String>,
    /// All files it mentions, whatever for.
    mentioned: BTreeSet<String>,
    /// References that lead nowhere.
    problems: Vec<Problem>,
}

/// Whether a file is a kustomization: by its name, unless it says that it is something else.
pub(super) fn is_kustomization(name: &str, files: &Files<'_>) -> bool {
    NAMES.contains(&base_name(name))
        && files.id(name).is_some_and(|file| {
            files.documents(file).next().is_some_and(|document| {
                let version = document.root().get("apiVersion").and_then(Node::as_str);
                document.root().is_map()
                    && version.is_none_or(|version| version.starts_with("kustomize.config.k8s.io/"))
            })
        })
}

/// All kustomizations, by directory.
pub(super) fn find(
    files: &Files<'_>,
    is_candidate: impl Fn(&str) -> bool,
) -> BTreeMap<String, Kustomization> {
    let mut directories: BTreeMap<String, (&str, &Document, bool)> = BTreeMap::new();
    for (name, file) in files.all() {
        if !is_candidate(name) || !is_kustomization(name, files) {
            continue;
        }
        let mut documents = files.documents(file);
        if let Some(first) = documents.next() {
            directories.insert(
                directory(name).to_owned(),
                (name, first, documents.next().is_some()),
            );
        }
    }
    let known: BTreeSet<String> = directories.keys().cloned().collect();
    directories
        .iter()
        .map(|(directory, &(name, document, has_more))| {
            let mut kustomization = Kustomization::new(directory, name, document);
            kustomization.read(document, files, &known);
            if has_more {
                let more = ("more than one document".to_owned(), document.span());
                kustomization.not_understood.push(more);
            }
            (directory.clone(), kustomization)
        })
        .collect()
}

impl Kustomization {
    fn new(directory: &str, name: &str, document: &Document) -> Self {
        let root = document.root();
        let namespace = root.entry("namespace").and_then(|entry| {
            let name = entry.value.as_str().filter(|name| !name.is_empty())?;
            Some(Namespace {
                name: Arc::from(name),
                span: entry.value.span(),
            })
        });
        Self {
            directory: directory.to_owned(),
            name: name.to_owned(),
            is_component: root.get("kind").and_then(Node::as_str) == Some("Component"),
            namespace,
            not_understood: Vec::new(),
            bases: Vec::new(),
            components: Vec::new(),
            resources: Vec::new(),
            mentioned: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    fn read(&mut self, document: &Document, files: &Files<'_>, known: &BTreeSet<String>) {
        for entry in document.root().entries() {
            let is_used =
                !entry.value.is_null() && (!entry.value.is_list() || entry.value.items().len() > 0);
            match entry.key {
                "resources" | "bases" => {
                    for item in entry.value.items() {
                        self.resource(item, files, known);
                    }
                }
                "components" => {
                    let components = entry.value.items().filter_map(Node::as_str);
                    self.components
                        .extend(components.map(|path| resolve(&self.directory, path)));
                }
                _ => {}
            }
            self.mention(entry.value, files);
            if is_used && !HONOURED.contains(&entry.key) && !HARMLESS.contains(&entry.key) {
                self.not_understood
                    .push((entry.key.to_owned(), entry.key_span));
            }
        }
    }

    fn resource(&mut self, item: Node<'_>, files: &Files<'_>, known: &BTreeSet<String>) {
        let Some(reference) = item.as_str() else {
            return self.lost(item, "this is no path".to_owned());
        };
        let target = resolve(&self.directory, reference);
        if files.id(&target).is_some() {
            self.resources.push(target);
        } else if known.contains(&target) {
            self.bases.push(target);
        } else if is_remote(reference) {
            self.lost(
                item,
                format!("`{reference}` is elsewhere and not fetched; its objects are not judged"),
            );
        } else {
            let reason =
                format!("`{reference}` is not among the files read; its objects are not judged");
            self.lost(item, reason);
        }
    }

    fn lost(&mut self, item: Node<'_>, reason: String) {
        let place = Place::Span(item.span());
        self.problems.push(Problem::new(
            ProblemKind::UnrenderedKustomization,
            reason,
            place,
        ));
    }

    /// Notes every text that is the path of a file: as patches, values, generated files and so
    /// on, these are no objects of their own. `key=path` is how generators name files.
    fn mention(&mut self, node: Node<'_>, files: &Files<'_>) {
        if let Some(text) = node.as_str() {
            let path = text.rsplit_once('=').map_or(text, |(_, path)| path);
            for path in [text, path] {
                let target = resolve(&self.directory, path);
                if files.id(&target).is_some() {
                    self.mentioned.insert(target);
                }
            }
        }
        node.items().for_each(|item| self.mention(item, files));
        node.entries()
            .for_each(|entry| self.mention(entry.value, files));
    }
}

fn is_remote(reference: &str) -> bool {
    reference.contains("://")
        || reference.contains("?ref=")
        || ["git@", "git::", "github.com/"]
            .iter()
            .any(|prefix| reference.starts_with(prefix))
}

/// What a kustomization comes to.
pub(super) struct Rendered {
    /// Its directory.
    pub(super) directory: String,
    /// Its file.
    pub(super) name: String,
    pub(super) members: Vec<Member>,
}

/// The result of all kustomizations.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) rendered: Vec<Rendered>,
    pub(super) problems: Vec<Problem>,
    /// Files that belong to kustomizations, rendered or not.
    pub(super) taken: BTreeSet<String>,
}

/// Renders every kustomization that no other one refers to; where one is not understood, the
/// bases below it that are.
pub(super) fn render(
    all: &BTreeMap<String, Kustomization>,
    files: &Files<'_>,
    lines: impl Fn(Span) -> String,
) -> Outcome {
    let mut outcome = Outcome::default();
    for kustomization in all.values() {
        outcome.taken.insert(kustomization.name.clone());
        outcome
            .taken
            .extend(kustomization.mentioned.iter().cloned());
    }
    let tree = Tree { all };
    let mut left_out = Vec::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for root in tree.roots() {
        let reached = tree.reached(root);
        let unclear = tree.not_understood(&reached);
        if unclear.is_empty() {
            used.extend(&reached);
            outcome.rendered.push(tree.rendered(root, files));
        } else {
            outcome
                .problems
                .push(left_out_problem(root, &unclear, &lines));
            left_out.push(root);
        }
    }
    for root in left_out {
        for base in tree.understood_below(root) {
            if !used.contains(base.directory.as_str()) {
                used.extend(tree.reached(base));
                outcome.rendered.push(tree.rendered(base, files));
            }
        }
    }
    outcome.problems.extend(tree.circles(files));
    let of_used = all
        .values()
        .filter(|one| used.contains(one.directory.as_str()));
    outcome
        .problems
        .extend(of_used.flat_map(|one| one.problems.iter().cloned()));
    outcome
}

fn left_out_problem(
    root: &Kustomization,
    unclear: &[(String, Span)],
    lines: &impl Fn(Span) -> String,
) -> Problem {
    let fields: Vec<String> = unclear
        .iter()
        .map(|(field, span)| format!("{field} ({})", lines(*span)))
        .collect();
    let message = format!(
        "this kustomization is not judged, as it uses more than meshvet understands: {}; render it (kustomize build {}) and scan the result",
        fields.join(", "),
        root.directory
    );
    let place = unclear
        .first()
        .map_or(Place::Nowhere, |(_, span)| Place::Span(*span));
    Problem::new(ProblemKind::UnrenderedKustomization, message, place)
}

/// The kustomizations and who builds on whom.
struct Tree<'k> {
    all: &'k BTreeMap<String, Kustomization>,
}

impl<'k> Tree<'k> {
    fn bases(&self, of: &'k Kustomization) -> impl Iterator<Item = &'k Kustomization> {
        of.bases
            .iter()
            .filter_map(|directory| self.all.get(directory))
    }

    /// Those that are applied by themselves.
    fn roots(&self) -> Vec<&'k Kustomization> {
        let referred: BTreeSet<&String> = self
            .all
            .values()
            .flat_map(|one| one.bases.iter().chain(&one.components))
            .collect();
        self.all
            .values()
            .filter(|one| !one.is_component && !referred.contains(&one.directory))
            .collect()
    }

    /// Directories of a kustomization and all it builds on.
    fn reached(&self, root: &'k Kustomization) -> BTreeSet<&'k str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![root];
        while let Some(one) = open.pop() {
            if reached.insert(one.directory.as_str()) {
                open.extend(self.bases(one));
            }
        }
        reached
    }

    fn not_understood(&self, directories: &BTreeSet<&str>) -> Vec<(String, Span)> {
        directories
            .iter()
            .filter_map(|directory| self.all.get(*directory))
            .flat_map(|one| one.not_understood.iter().cloned())
            .collect()
    }

    /// The topmost kustomizations below one that are understood with all they build on.
    fn understood_below(&self, root: &'k Kustomization) -> Vec<&'k Kustomization> {
        let mut understood = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<_> = self.bases(root).collect();
        while let Some(one) = open.pop() {
            if !seen.insert(one.directory.as_str()) {
                continue;
            }
            if !one.is_component && self.not_understood(&self.reached(one)).is_empty() {
                understood.push(one);
            } else {
                open.extend(self.bases(one));
            }
        }
        understood.sort_by(|a, b| a.directory.cmp(&b.directory));
        understood
    }

    /// Kustomizations that nothing leads to, as they refer to one another in a circle.
    fn circles(&self, files: &Files<'_>) -> Option<Problem> {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut open = self.roots();
        open.extend(self.all.values().filter(|one| one.is_component));
        while let Some(one) = open.pop() {
            if reached.insert(one.directory.as_str()) {
                open.extend(self.bases(one));
            }
        }
        let lost: Vec<&Kustomization> = self
            .all
            .values()
            .filter(|one| !reached.contains(one.directory.as_str()))
            .collect();
        let first = files.id(&lost.first()?.name)?;
        let directories: Vec<&str> = lost.iter().map(|one| one.directory.as_str()).collect();
        let message = format!(
            "these kustomizations refer to one another in a circle, so none of them can be rendered: {}",
            directories.join(", ")
        );
        let kind = ProblemKind::UnrenderedKustomization;
        Some(Problem::new(kind, message, Place::File(first)))
    }

    /// The documents of a kustomization and all it builds on. An outer namespace replaces an
    /// inner one; a base that is reached with two namespaces is there twice.
    fn rendered(&self, root: &'k Kustomization, files: &Files<'_>) -> Rendered {
        let mut members = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(root, None::<Namespace>)];
        while let Some((one, outer)) = open.pop() {
            let namespace = outer.or_else(|| one.namespace.clone());
            let name = namespace.as_ref().map(|namespace| namespace.name.clone());
            if !seen.insert((one.directory.as_str(), name)) {
                continue;
            }
            for file in one.resources.iter().filter_map(|name| files.id(name)) {
                members.extend(files.indices(file).iter().map(|&document| Member {
                    document,
                    namespace: namespace.clone(),
                }));
            }
            open.extend(self.bases(one).map(|base| (base, namespace.clone())));
        }
        members.sort_by(|a, b| a.order().cmp(&b.order()));
        members.dedup_by(|a, b| a.order() == b.order());
        Rendered {
            directory: root.directory.clone(),
            name: root.name.clone(),
            members,
        }
    }
}
