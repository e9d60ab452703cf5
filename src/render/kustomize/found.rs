//! Kustomizations as they are written: what they refer to, and what of them is not understood.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::Failure;
use crate::render::files::Files;
use crate::render::paths::{base_name, directory, resolve};
use crate::syntax::{Document, Node};
use crate::text::FileId;

pub(in crate::render) const NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that are honoured.
pub(in crate::render) const HONOURED: [&str; 21] = [
    "resources",
    "bases",
    "components",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "images",
    "imageTags",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "apiVersion",
    "kind",
];

/// Fields that change nothing a mesh is judged by.
pub(in crate::render) const HARMLESS: [&str; 11] = [
    "apiVersion",
    "kind",
    "metadata",
    "images",
    "imageTags",
    "replicas",
    "sortOptions",
    "buildMetadata",
    "generatorOptions",
    "helmGlobals",
    "crds",
];

/// What begins the words in definitions of resources that tell kustomize what their fields refer to.
const MEANINGS: [&str; 4] = [
    "x-kubernetes-object-ref",
    "x-kubernetes-label-selector",
    "x-kubernetes-annotation",
    "x-kubernetes-identity",
];

/// A kustomization file.
pub(super) struct Kustomization<'a> {
    /// Its directory.
    pub(super) directory: String,
    /// Its name.
    pub(super) name: &'a str,
    pub(super) file: FileId,
    pub(super) root: Node<'a>,
    /// Whether it is made to be part of others only.
    pub(super) is_component: bool,
    /// What keeps it from being built.
    pub(super) failures: Vec<Failure>,
    /// What it collects objects from, in order.
    pub(super) resources: Vec<Reference<'a>>,
    pub(super) components: Vec<Reference<'a>>,
    /// All files it mentions, whatever for.
    pub(super) mentioned: BTreeSet<String>,
}

/// Something that a kustomization refers to.
pub(super) struct Reference<'a> {
    /// Where.
    pub(super) item: Node<'a>,
    pub(super) target: Target,
}

/// What a reference leads to.
pub(super) enum Target {
    File(FileId),
    /// A kustomization, by its directory.
    Directory(String),
    /// Nothing that was read, and why.
    Nothing(String),
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
pub(super) fn find<'a>(
    files: &Files<'a>,
    is_candidate: impl Fn(&str) -> bool,
) -> BTreeMap<String, Kustomization<'a>> {
    let mut found: BTreeMap<String, Kustomization<'a>> = BTreeMap::new();
    for (name, file) in files.all() {
        if !is_candidate(name) || !is_kustomization(name, files) {
            continue;
        }
        let mut documents = files.documents(file);
        let Some(first) = documents.next() else {
            continue;
        };
        let mut one = Kustomization::new(name, file, first);
        if documents.next().is_some() {
            let what = "more than one document";
            one.failures.push(Failure::beyond(first.span(), what));
        }
        if found.contains_key(&one.directory) {
            let reason = "there is another kustomization in this directory";
            one.failures.push(Failure::broken(first.span(), reason));
        }
        found.insert(one.directory.clone(), one);
    }
    let known: BTreeSet<String> = found.keys().cloned().collect();
    for one in found.values_mut() {
        one.read(files, &known);
    }
    found
}

impl<'a> Kustomization<'a> {
    pub(super) fn new(name: &'a str, file: FileId, document: &'a Document) -> Self {
        let root = document.root();
        Self {
            directory: directory(name).to_owned(),
            name,
            file,
            root,
            is_component: root.get("kind").and_then(Node::as_str) == Some("Component"),
            failures: Vec::new(),
            resources: Vec::new(),
            components: Vec::new(),
            mentioned: BTreeSet::new(),
        }
    }

    pub(super) fn read(&mut self, files: &Files<'a>, known: &BTreeSet<String>) {
        for key in ["resources", "bases"] {
            for item in self.items(key) {
                let reference = self.reference(item, files, known, false);
                self.resources.push(reference);
            }
        }
        for item in self.items("components") {
            let reference = self.reference(item, files, known, true);
            self.components.push(reference);
        }
        self.check();
        for entry in self.root.entries() {
            self.mention(entry.value, files);
            let is_known = HONOURED.contains(&entry.key) || HARMLESS.contains(&entry.key);
            if is_used(entry.value) && !is_known {
                self.failures
                    .push(Failure::beyond(entry.key_span, entry.key));
            }
        }
        for item in self.items("crds") {
            let text = item.as_str().map(|path| resolve(&self.directory, path));
            let file = text.and_then(|name| files.id(&name));
            let is_plain = file.is_some_and(|file| {
                let text = files.text(file);
                !MEANINGS.iter().any(|word| text.contains(word))
            });
            if !is_plain {
                self.failures.push(Failure::beyond(item.span(), "crds"));
            }
        }
    }

    /// Its own file and all that it reads besides.
    pub(super) fn files(&self, files: &Files<'_>) -> impl Iterator<Item = FileId> {
        let mentioned = self.mentioned.iter();
        let mentioned = mentioned.filter_map(|name| files.id(name));
        mentioned.chain([self.file])
    }

    /// Whether all that it does is to collect resources.
    pub(super) fn only_collects(&self) -> bool {
        let plain = ["apiVersion", "kind", "metadata", "resources", "bases"];
        let mut entries = self.root.entries();
        entries.all(|entry| plain.contains(&entry.key) || !is_used(entry.value))
    }

    /// Whether it is of a version that kustomize takes.
    fn check(&mut self) {
        let version = match self.is_component {
            true => "kustomize.config.k8s.io/v1alpha1",
            false => "kustomize.config.k8s.io/v1beta1",
        };
        for (key, expected) in [("apiVersion", version), ("kind", "Kustomization")] {
            let Some(node) = self.root.get(key).filter(|node| !node.is_null()) else {
                continue;
            };
            let is_expected = node
                .as_str()
                .is_some_and(|text| text == expected || text.is_empty());
            let is_component = key == "kind" && self.is_component;
            if !is_expected && !is_component {
                let reason = format!("its {key} has to be {expected}");
                self.failures.push(Failure::broken(node.span(), reason));
            }
        }
    }

    /// The items of one of its lists.
    pub(super) fn items(&self, key: &str) -> Vec<Node<'a>> {
        self.root
            .get(key)
            .into_iter()
            .flat_map(Node::items)
            .collect()
    }

    fn reference(
        &self,
        item: Node<'a>,
        files: &Files<'_>,
        known: &BTreeSet<String>,
        is_component: bool,
    ) -> Reference<'a> {
        let Some(reference) = item.as_str() else {
            let target = Target::Nothing("this is no path".to_owned());
            return Reference { item, target };
        };
        let name = resolve(&self.directory, reference);
        let target = match files.id(&name) {
            Some(file) if !is_component => Target::File(file),
            _ if known.contains(&name) => Target::Directory(name),
            _ if is_remote(reference) => Target::Nothing(format!(
                "`{reference}` is elsewhere and not fetched; its objects are not judged"
            )),
            _ => Target::Nothing(format!(
                "`{reference}` is not among the files read; its objects are not judged"
            )),
        };
        Reference { item, target }
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

    /// The kustomizations it builds on, by directory.
    pub(super) fn below(&self) -> impl Iterator<Item = &str> {
        let all = self.resources.iter().chain(&self.components);
        all.filter_map(|reference| match &reference.target {
            Target::Directory(directory) => Some(directory.as_str()),
            Target::File(_) | Target::Nothing(_) => None,
        })
    }
}

/// Whether a field says anything.
fn is_used(value: Node<'_>) -> bool {
    let is_empty = (value.is_list() && value.items().len() == 0)
        || (value.is_map() && value.entries().len() == 0);
    !value.is_null() && !is_empty
}

fn is_remote(reference: &str) -> bool {
    reference.contains("://")
        || reference.contains("?ref=")
        || ["git@", "git::", "github.com/"]
            .iter()
            .any(|prefix| reference.starts_with(prefix))
}
