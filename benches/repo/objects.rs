//! Blobs, trees and commits, and the pack they end up in.

use std::collections::{BTreeMap, HashMap};

use git2::{Oid, Repository, Signature, Time};

use super::cluster::Cluster;

/// Writes objects, and remembers what it wrote.
pub struct Objects<'a> {
    repository: &'a Repository,
    /// What was written, with the name that finds its likes.
    written: Vec<(Oid, String)>,
    blobs: HashMap<String, (String, Oid)>,
}

/// Who and when.
pub struct By {
    pub author: (&'static str, &'static str),
    pub committer: (&'static str, &'static str),
    pub time: i64,
}

impl<'a> Objects<'a> {
    pub fn new(repository: &'a Repository) -> Self {
        Self {
            repository,
            written: Vec::new(),
            blobs: HashMap::new(),
        }
    }

    /// The tree of a cluster. A file whose text is the one it last had is not written again.
    pub fn cluster(&mut self, cluster: &Cluster) -> Oid {
        let mut folders: BTreeMap<String, Vec<(String, Oid)>> = BTreeMap::new();
        for (name, text) in cluster.files() {
            let blob = self.blob(format!("{}/{name}", cluster.name), text);
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
            let files = folders.entry(folder.to_owned()).or_default();
            files.push((file.to_owned(), blob));
        }
        let mut top = folders.remove("").unwrap_or_default();
        for (folder, files) in folders {
            let tree = self.tree(&files, &folder);
            top.push((folder, tree));
        }
        self.tree(&top, &cluster.name)
    }

    pub fn blob(&mut self, name: String, text: String) -> Oid {
        if let Some((last, id)) = self.blobs.get(&name)
            && *last == text
        {
            return *id;
        }
        let id = self.repository.blob(text.as_bytes()).expect("a blob");
        self.written.push((id, name.clone()));
        self.blobs.insert(name, (text, id));
        id
    }

    /// A tree; what is no file by its name is a tree too.
    pub fn tree(&mut self, entries: &[(String, Oid)], name: &str) -> Oid {
        let mut builder = self.repository.treebuilder(None).expect("a tree");
        for (name, id) in entries {
            let is_file = name.ends_with(".yaml") || name.ends_with(".md");
            let mode = if is_file { 0o100_644 } else { 0o040_000 };
            builder.insert(name, *id, mode).expect("an entry");
        }
        let id = builder.write().expect("a tree");
        self.written.push((id, name.to_owned()));
        id
    }

    pub fn commit(&mut self, tree: Oid, parents: &[Oid], by: &By, message: &str) -> Oid {
        let sign = |(name, mail): (&str, &str)| {
            Signature::new(name, mail, &Time::new(by.time, 60)).expect("a name")
        };
        let commit = |id: &Oid| self.repository.find_commit(*id).expect("a commit");
        let tree = self.repository.find_tree(tree).expect("a tree");
        let parents: Vec<_> = parents.iter().map(commit).collect();
        let parents: Vec<_> = parents.iter().collect();
        let (author, committer) = (sign(by.author), sign(by.committer));
        let id = self
            .repository
            .commit(None, &author, &committer, message, &tree, &parents)
            .expect("a commit");
        self.written.push((id, String::new()));
        id
    }

    /// Puts all of it into one pack.
    pub fn pack(mut self) {
        self.written.sort();
        self.written.dedup_by_key(|(id, _)| *id);
        let mut pack = self.repository.packbuilder().expect("a pack");
        pack.set_threads(0);
        for (id, name) in &self.written {
            let name = Some(name.as_str()).filter(|name| !name.is_empty());
            pack.insert_object(*id, name).expect("an object");
        }
        let folder = self.repository.path().join("objects/pack");
        std::fs::create_dir_all(&folder).expect("a folder");
        pack.write(&folder, 0o644).expect("a pack");
    }
}
