//! The patches of a kustomization: where they are written, and which objects they are for.

use std::cell::Cell;

use super::build::{Level, MAX_VALUES};
use super::failure::{Failure, lost, text};
use super::found::Kustomization;
use super::identity::Meta;
use super::patch::{self, Fate, Options, Refused, Target};
use super::resource::{Resource, size};
use super::words;
use crate::render::files::Files;
use crate::render::paths::resolve;
use crate::syntax::{Kind, Node, Tree, embedded_all};
use crate::text::FileId;

/// The patches of one kustomization.
pub(super) struct Patching<'k, 'a> {
    one: &'k Kustomization<'a>,
    files: &'k Files<'a>,
    /// How many values of objects were gone through.
    spent: Cell<usize>,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::broken(refused.at, refused.reason)
    }
}

impl<'k, 'a> Patching<'k, 'a> {
    pub(super) fn new(one: &'k Kustomization<'a>, files: &'k Files<'a>) -> Self {
        let spent = Cell::new(0);
        Self { one, files, spent }
    }

    /// `patchesStrategicMerge`: paths, or patches as they are.
    pub(super) fn strategic(&self, level: &mut Level<'a>) -> Result<(), Failure> {
        let mut all = Vec::new();
        for item in self.one.items("patchesStrategicMerge") {
            let path = text(item, "the patch")?;
            let trees = match is_inline(path) {
                true => self.inline(item)?,
                false => self.file(item, path)?,
            };
            all.extend(trees.into_iter().map(|tree| (item, tree)));
        }
        let options = Options {
            is_targeted: true,
            ..Options::default()
        };
        for (item, tree) in all {
            self.by_id(level, item, &tree, options)?;
        }
        Ok(())
    }

    /// `patches`: of either kind.
    pub(super) fn patches(&self, level: &mut Level<'a>) -> Result<(), Failure> {
        for entry in self.one.items("patches") {
            let trees = self.of_entry(entry)?;
            let target = entry.get("target").filter(|target| !target.is_null());
            let is = |key| {
                let option = entry.path(&["options", key]);
                option.and_then(Node::as_bool) == Some(true)
            };
            let options = Options {
                is_targeted: target.is_some(),
                may_rename: is("allowNameChange"),
                may_change_kind: is("allowKindChange"),
            };
            match (trees.as_slice(), target) {
                ([operations], Some(target)) if is_list(operations) => {
                    self.operate(level, entry, target, operations, true)?;
                }
                ([operations, ..], None) if is_list(operations) => {
                    let reason = "a JSON patch needs a target";
                    return Err(Failure::broken(entry.span(), reason));
                }
                ([tree], Some(target)) => self.merge(level, entry, target, tree, options)?,
                (_, Some(_)) => {
                    let reason = "several patches in one entry cannot have a target";
                    return Err(Failure::broken(entry.span(), reason));
                }
                (trees, None) => {
                    for tree in trees {
                        self.by_id(level, entry, tree, options)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// `patchesJson6902`.
    pub(super) fn json(&self, level: &mut Level<'a>) -> Result<(), Failure> {
        for entry in self.one.items("patchesJson6902") {
            let trees = self.of_entry(entry)?;
            let target = entry.get("target").filter(|target| !target.is_null());
            let named = target.and_then(|target| target.get("name")?.as_str());
            let (Some(target), Some(_)) = (target, named.filter(|name| !name.is_empty())) else {
                let reason = "a JSON patch needs a target with a name";
                return Err(Failure::broken(entry.span(), reason));
            };
            let [operations] = trees.as_slice() else {
                let reason = "this is more than one patch";
                return Err(Failure::broken(entry.span(), reason));
            };
            self.operate(level, entry, target, operations, false)?;
        }
        Ok(())
    }

    /// `replacements`: in the kustomization, or in files that it names.
    pub(super) fn replacements(&self, level: &mut Level<'a>) -> Result<(), Failure> {
        let mut all = Vec::new();
        for entry in self.one.items("replacements") {
            match entry.get("path").filter(|path| !path.is_null()) {
                None => all.push(Tree::from(entry)),
                Some(path) => {
                    for tree in self.file(path, text(path, "the path")?)? {
                        match tree.kind {
                            Kind::List(items) => all.extend(items),
                            _ => all.push(tree),
                        }
                    }
                }
            }
        }
        let Some(first) = all.first() else {
            return Ok(());
        };
        let place = first.place;
        let kind = Kind::List(all);
        super::replacing::replace(level, &Tree { kind, place })
    }

    /// The patch of an entry, as the documents that it holds.
    fn of_entry(&self, entry: Node<'a>) -> Result<Vec<Tree>, Failure> {
        let own = |key| {
            let node = entry.get(key)?;
            node.as_str()
                .filter(|text| !text.trim().is_empty())
                .map(|text| (node, text))
        };
        let trees = match (own("patch"), own("path")) {
            (Some((node, _)), None) => self.inline(node)?,
            (None, Some((node, path))) => self.file(node, path)?,
            _ => {
                let reason = "it has to have one of patch and path";
                return Err(Failure::broken(entry.span(), reason));
            }
        };
        match trees.is_empty() {
            true => Err(Failure::broken(entry.span(), "there is no patch in it")),
            false => Ok(trees),
        }
    }

    /// The documents of a text.
    fn inline(&self, node: Node<'a>) -> Result<Vec<Tree>, Failure> {
        if let Some(attached) = node.document().attached(node.id()) {
            return Ok(vec![self.tree(attached.root())]);
        }
        let source = self.files.source(node.span().file);
        let documents = embedded_all(source, node).map_err(|problem| {
            let span = match problem.place {
                crate::model::Place::Span(span) => span,
                _ => node.span(),
            };
            Failure::broken(span, problem.message)
        })?;
        Ok(documents
            .iter()
            .map(|document| self.tree(document.root()))
            .collect())
    }

    /// The documents of a file.
    fn file(&self, node: Node<'_>, path: &str) -> Result<Vec<Tree>, Failure> {
        let name = resolve(&self.one.directory, path);
        let Some(file) = self.files.id(&name) else {
            let what = format!("`{path}`, which is not among the files read");
            return Err(Failure::beyond(node.span(), what));
        };
        let trees = self.trees(file);
        match trees.is_empty() {
            true => {
                let what = format!("`{path}`, which could not be read");
                Err(Failure::beyond(node.span(), what))
            }
            false => Ok(trees),
        }
    }

    fn trees(&self, file: FileId) -> Vec<Tree> {
        let documents = self.files.documents(file);
        documents
            .map(|document| self.tree(document.root()))
            .collect()
    }

    /// A patch as kustomize reads it; those of JSON as Kubernetes does.
    fn tree(&self, root: Node<'_>) -> Tree {
        match root.is_list() {
            true => root.into(),
            false => words::tree(root, self.files),
        }
    }

    /// Merges a patch into the one object that it says it is.
    fn by_id(
        &self,
        level: &mut Level<'a>,
        entry: Node<'_>,
        patch: &Tree,
        options: Options,
    ) -> Result<(), Failure> {
        let broken = |reason: String| Failure::broken(patch.place.span, reason);
        let meta = Meta::of_tree(patch)
            .map_err(|reason| broken(format!("this patch is for no object: {reason}")))?;
        if meta.kind.ends_with("List") {
            let what = "a list of patches";
            return Err(Failure::beyond(patch.place.span, what));
        }
        let id = meta.id();
        let resources = level.resources.iter().enumerate();
        let mut matching = resources.filter(|(_, one)| one.was(|own| *own == id));
        match (matching.next(), matching.next()) {
            (Some((at, _)), None) => self.patch_at(level, at, patch, options),
            (Some(_), Some(_)) => Err(broken(format!(
                "this patch may be for several {}",
                id.shown()
            ))),
            (None, _) if level.is_open => {
                let reason = format!("{} may be in what is not read", id.shown());
                level.problems.push(lost(entry.span(), reason));
                Ok(())
            }
            (None, _) => Err(broken(format!(
                "this patch is for {}, which is not there",
                id.shown()
            ))),
        }
    }

    /// Merges a patch into all objects of a target.
    fn merge(
        &self,
        level: &mut Level<'a>,
        entry: Node<'_>,
        target: Node<'_>,
        patch: &Tree,
        options: Options,
    ) -> Result<(), Failure> {
        if let Err(reason) = Meta::of_tree(patch) {
            let reason = format!("this is no patch: {reason}");
            return Err(Failure::broken(patch.place.span, reason));
        }
        let selected = self.select(level, entry, target)?;
        // from the end, as one may be taken out
        for at in selected.into_iter().rev() {
            self.patch_at(level, at, patch, options)?;
        }
        Ok(())
    }

    fn patch_at(
        &self,
        level: &mut Level<'a>,
        at: usize,
        patch: &Tree,
        options: Options,
    ) -> Result<(), Failure> {
        let Some(resource) = level.resources.get_mut(at) else {
            return Ok(());
        };
        if options.may_rename || options.may_change_kind {
            resource.remember();
        }
        let mut fate = Fate::Changed;
        resource.change(|object| {
            fate = patch::strategic(object, patch, options)?;
            Ok(())
        })?;
        match fate {
            Fate::Deleted => {
                level.resources.remove(at);
                Ok(())
            }
            Fate::Changed => self.check(level.resources.get(at), patch),
        }
    }

    /// Does the operations of a JSON patch on all objects of a target.
    fn operate(
        &self,
        level: &mut Level<'a>,
        entry: Node<'_>,
        target: Node<'_>,
        operations: &Tree,
        is_noted: bool,
    ) -> Result<(), Failure> {
        for at in self.select(level, entry, target)? {
            let Some(resource) = level.resources.get_mut(at) else {
                continue;
            };
            if is_noted {
                resource.remember();
            }
            resource.change(|object| Ok(patch::json(object, operations)?))?;
            self.check(level.resources.get(at), operations)?;
        }
        Ok(())
    }

    /// Whether a patched object is still one, and none of too many.
    fn check(&self, resource: Option<&Resource<'_>>, patch: &Tree) -> Result<(), Failure> {
        let Some(resource) = resource else {
            return Ok(());
        };
        let tree = resource.tree();
        if let Err(reason) = Meta::of_tree(&tree) {
            let reason = format!("this leaves no object: {reason}");
            return Err(Failure::broken(patch.place.span, reason));
        }
        self.spend(size(&tree), patch)
    }

    fn spend(&self, values: usize, patch: &Tree) -> Result<(), Failure> {
        self.spent.set(self.spent.get() + values);
        match self.spent.get() > MAX_VALUES {
            true => {
                let what = "more patches of more objects than meshvet makes";
                Err(Failure::beyond(patch.place.span, what))
            }
            false => Ok(()),
        }
    }

    /// The objects that a target selects, by their places.
    fn select(
        &self,
        level: &Level<'a>,
        entry: Node<'_>,
        target: Node<'_>,
    ) -> Result<Vec<usize>, Failure> {
        let target = Target::read(&target.into())?;
        self.spend(level.resources.len(), &entry.into())?;
        let resources = level.resources.iter().enumerate();
        let selected = resources.filter(|(_, one)| {
            let (original, current) = (one.original().called(), one.id().called());
            target.matches(&one.outline(), &original, &current)
        });
        Ok(selected.map(|(at, _)| at).collect())
    }
}

/// The texts of a kustomization that are patches; of anything else, none.
pub(in crate::render) fn inline(root: Node<'_>) -> Vec<Node<'_>> {
    let kind = root.get("kind").and_then(Node::as_str);
    if !matches!(kind, None | Some("Kustomization" | "Component")) {
        return Vec::new();
    }
    let items = |key| root.get(key).into_iter().flat_map(Node::items);
    let entries = items("patches").chain(items("patchesJson6902"));
    let patches = entries.filter_map(|entry| entry.get("patch"));
    let own = items("patchesStrategicMerge").filter(|item| item.as_str().is_some_and(is_inline));
    let texts = patches.chain(own);
    texts.filter(|text| text.as_str().is_some()).collect()
}

/// Whether a text is a patch, and not the path of one.
fn is_inline(text: &str) -> bool {
    text.contains('\n') || text.contains(": ")
}

fn is_list(tree: &Tree) -> bool {
    matches!(tree.kind, Kind::List(_))
}
