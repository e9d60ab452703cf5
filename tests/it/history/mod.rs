//! The history of a repository: what commits changed in force, and who wrote what.

mod asked;
pub mod example;
mod introduced;
mod kinds;
mod listing;
mod oracle;
mod overlays;
mod replay;
mod state;
mod story;
mod told;

use std::cell::Cell;
use std::fs;

use git2::{IndexAddOption, Oid, Signature, Time};
use meshvet::cli::Exit;
use serde_json::Value;

use crate::revisions::Shop;

/// Someone who commits.
pub type Person = (&'static str, &'static str);

pub const ANN: Person = ("Ann Lee", "ann@example.com");
pub const BO: Person = ("Bo Ek", "bo@example.com");
/// Who commits merges and squashed branches.
pub const FORGE: Person = ("Forge", "noreply@forge.example.com");

/// A repository whose commits are an hour apart.
pub struct Past {
    pub shop: Shop,
    hours: Cell<i64>,
}

impl Past {
    pub fn new() -> Self {
        Self {
            shop: Shop::new(),
            hours: Cell::new(0),
        }
    }

    /// A repository with these files in its first commit.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let past = Self::new();
        for (name, text) in files {
            past.shop.write(name, text);
        }
        past.commit("First");
        past
    }

    /// Lets whole days pass before the next commit.
    pub fn wait(&self, days: i64) {
        self.hours.set(self.hours.get() + 24 * days);
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.shop.path().join(name)).unwrap()
    }

    /// Replaces a text that stands once in a file.
    #[track_caller]
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(from).count(), 1, "{from} in {name}: {text}");
        self.shop.write(name, text.replace(from, to));
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.shop.path().join(name)).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        self.shop.write(to, self.read(from));
        self.remove(from);
    }

    /// Commits the working tree to `main`.
    pub fn commit(&self, message: &str) -> Oid {
        self.commit_by(ANN, ANN, message)
    }

    pub fn commit_by(&self, author: Person, committer: Person, message: &str) -> Oid {
        let parents: Vec<_> = self.head().into_iter().collect();
        let id = self.record(author, committer, message, &parents);
        self.advance(id);
        id
    }

    /// Makes a commit of the working tree that no branch names.
    pub fn record(&self, author: Person, committer: Person, message: &str, parents: &[Oid]) -> Oid {
        let repository = &self.shop.repository;
        let mut index = repository.index().unwrap();
        index.clear().unwrap();
        index.add_all(["*"], IndexAddOption::FORCE, None).unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        self.hours.set(self.hours.get() + 1);
        let time = Time::new(START + 3_600 * self.hours.get(), 120);
        let sign = |(name, mail): Person| Signature::new(name, mail, &time).unwrap();
        let parents: Vec<_> = parents
            .iter()
            .map(|&id| repository.find_commit(id).unwrap())
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        let (author, committer) = (sign(author), sign(committer));
        repository
            .commit(None, &author, &committer, message, &tree, &parents)
            .unwrap()
    }

    /// Makes a commit the last one of `main`.
    pub fn advance(&self, id: Oid) {
        let repository = &self.shop.repository;
        repository
            .reference("refs/heads/main", id, true, "")
            .unwrap();
    }

    /// The last commit of `main`.
    pub fn head(&self) -> Option<Oid> {
        let head = self.shop.repository.head().ok()?;
        Some(head.peel_to_commit().unwrap().id())
    }

    /// Throws away what is not committed.
    pub fn reset(&self, to: Oid) {
        let repository = &self.shop.repository;
        let to = repository.find_object(to, None).unwrap();
        repository.reset(&to, git2::ResetType::Hard, None).unwrap();
    }

    /// What `history -f jsonl` prints with further arguments, newest first.
    #[track_caller]
    pub fn history(&self, args: &[&str]) -> Vec<Value> {
        let ran = self.shop.run(&[&["history", "-f", "jsonl"], args].concat());
        assert_eq!(ran.exit, Exit::Fine, "{}", ran.stderr);
        lines(&ran.stdout)
    }
}

/// Seconds since 1970 one hour before the first commit: 2026-03-01T00:00:00Z.
pub const START: i64 = 1_772_323_200;

/// One JSON value a line.
pub fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The subjects of the commits that are told of, each once, in their order.
pub fn subjects(changes: &[Value]) -> Vec<&str> {
    let mut subjects: Vec<_> = changes
        .iter()
        .map(|change| change["subject"].as_str().unwrap())
        .collect();
    subjects.dedup();
    subjects
}
