//! A git repository of any size whose history is known: kustomization roots that a bot, a few people
//! and their pull requests change, as repositories that clusters follow look like in life.

mod cluster;
mod edit;
mod manifests;
mod objects;
mod random;

use std::path::Path;

use git2::{Oid, Repository, RepositoryInitOptions};

use cluster::Cluster;
pub use edit::Kind;
use objects::{By, Objects};
use random::Random;

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Kustomization roots.
    pub roots: usize,
    /// Services of each at first.
    pub services: usize,
    /// Commits, all told.
    pub commits: usize,
    /// Whether twice as many of them as usual do something to the mesh.
    pub is_busy: bool,
    pub seed: u64,
}

/// A commit that was made.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: Oid,
    pub kind: Kind,
    /// Whether it is on the first-parent chain.
    pub on_main: bool,
}

type Person = (&'static str, &'static str);

const BOT: Person = ("image-updater[bot]", "bot@example.com");
const FORGE: Person = ("Forge", "noreply@forge.example.com");
const PEOPLE: &[Person] = &[
    ("Ann Lee", "ann@example.com"),
    ("Bo Ek", "bo@example.com"),
    ("Chris O'Neil", "chris@example.com"),
    ("Dana Ruiz", "dana@example.com"),
];

/// Writes the repository to a directory, its branch `main` checked out nowhere; the commits, oldest
/// first.
pub fn write(dir: &Path, shape: &Shape) -> Vec<Made> {
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main");
    let repository = Repository::init_opts(dir, &options).expect("a repository");
    let odb = repository.odb().expect("objects");
    // in memory first, and then as one pack: thousands of small files are slow for everyone
    let _memory = odb.add_new_mempack_backend(1_000).expect("memory");
    let mut history = History::new(&repository, shape);
    while history.made.len() < shape.commits {
        let left = shape.commits - history.made.len();
        match history.random.below(20) {
            0 | 1 if left > 5 => history.merged_branch(),
            2 => history.squashed_branch(),
            _ => history.plain(),
        }
    }
    let History {
        made,
        objects,
        main,
        ..
    } = history;
    objects.pack();
    if let Some(main) = main {
        repository
            .reference("refs/heads/main", main, true, "written")
            .expect("a branch");
    }
    made
}

/// The history while it is written.
struct History<'a> {
    objects: Objects<'a>,
    is_busy: bool,
    random: Random,
    clusters: Vec<Cluster>,
    trees: Vec<Oid>,
    readme: usize,
    main: Option<Oid>,
    time: i64,
    request: usize,
    made: Vec<Made>,
}

impl<'a> History<'a> {
    fn new(repository: &'a Repository, shape: &Shape) -> Self {
        let clusters: Vec<_> = (0..shape.roots)
            .map(|number| Cluster::new(format!("cluster-{number:02}"), shape.services))
            .collect();
        let mut objects = Objects::new(repository);
        let trees = clusters.iter().map(|one| objects.cluster(one)).collect();
        let mut history = Self {
            objects,
            is_busy: shape.is_busy,
            random: Random::new(shape.seed),
            clusters,
            trees,
            readme: 0,
            main: None,
            time: 1_600_000_000,
            request: 1,
            made: Vec::new(),
        };
        let first = history.commit(PEOPLE[0], "All clusters", &[], Kind::Start);
        history.advance(first);
        history
    }

    /// Writes what is there as a commit.
    fn commit(&mut self, author: Person, message: &str, parents: &[Oid], kind: Kind) -> Oid {
        let clusters = self.clusters.iter().zip(&self.trees);
        let roots: Vec<_> = clusters.map(|(one, &id)| (one.name.clone(), id)).collect();
        let clusters = self.objects.tree(&roots, "clusters");
        let readme = format!("# Clusters\n\nRead {} times.\n", self.readme);
        let top = [
            (
                "README.md".to_owned(),
                self.objects.blob("README.md".to_owned(), readme),
            ),
            ("clusters".to_owned(), clusters),
        ];
        let tree = self.objects.tree(&top, "");
        self.time += 60 * self.random.within(5, 400) as i64;
        let is_merge = matches!(kind, Kind::Merge | Kind::Squash);
        let by = By {
            author,
            committer: if is_merge { FORGE } else { author },
            time: self.time,
        };
        let id = self.objects.commit(tree, parents, &by, message);
        self.made.push(Made {
            id,
            kind,
            on_main: false,
        });
        id
    }

    /// Makes the last commit the tip of `main`.
    fn advance(&mut self, id: Oid) {
        self.main = Some(id);
        if let Some(last) = self.made.last_mut() {
            last.on_main = true;
        }
    }

    /// Edits one of the clusters in `free` and commits that.
    fn step(&mut self, free: &[usize], author: Person, parent: Option<Oid>) -> Oid {
        let (kind, subject) = self.edit(free);
        let author = if kind == Kind::Images { BOT } else { author };
        let parents: Vec<_> = parent.into_iter().collect();
        self.commit(author, &subject, &parents, kind)
    }

    fn edit(&mut self, free: &[usize]) -> (Kind, String) {
        let (kind, touched, subject) =
            edit::edit(&mut self.clusters, free, &mut self.random, self.is_busy);
        self.readme += usize::from(kind == Kind::Readme);
        for at in touched {
            self.trees[at] = self.objects.cluster(&self.clusters[at]);
        }
        (kind, subject)
    }

    fn plain(&mut self) {
        let free: Vec<_> = (0..self.clusters.len()).collect();
        let author = self.random.of(PEOPLE);
        let id = self.step(&free, author, self.main);
        self.advance(id);
    }

    /// A branch that changes one cluster, while others change on `main`, and its merge.
    fn merged_branch(&mut self) {
        let (author, number) = (self.random.of(PEOPLE), self.request);
        self.request += 1;
        let own = self.random.below(self.clusters.len());
        let others: Vec<_> = (0..self.clusters.len()).filter(|&at| at != own).collect();
        let (before, tree, readme) = (self.clusters[own].clone(), self.trees[own], self.readme);
        let mut tip = self.main;
        for _ in 0..self.random.within(1, 3) {
            tip = Some(self.step(&[own], author, tip));
        }
        let branch = (
            std::mem::replace(&mut self.clusters[own], before),
            std::mem::replace(&mut self.trees[own], tree),
            std::mem::replace(&mut self.readme, readme),
        );
        if !others.is_empty() {
            for _ in 0..self.random.within(0, 2) {
                let author = self.random.of(PEOPLE);
                let id = self.step(&others, author, self.main);
                self.advance(id);
            }
        }
        (self.clusters[own], self.trees[own]) = (branch.0, branch.1);
        self.readme = self.readme.max(branch.2);
        let name = &self.clusters[own].name;
        let message =
            format!("Merge pull request #{number} from team/{name}\n\nChanges of {name}\n");
        let parents: Vec<_> = self.main.into_iter().chain(tip).collect();
        let id = self.commit(author, &message, &parents, Kind::Merge);
        self.advance(id);
    }

    /// Several edits of one cluster as one commit.
    fn squashed_branch(&mut self) {
        let (author, number) = (self.random.of(PEOPLE), self.request);
        self.request += 1;
        let own = self.random.below(self.clusters.len());
        let mut subjects = Vec::new();
        for _ in 0..self.random.within(1, 3) {
            subjects.push(self.edit(&[own]).1);
        }
        let message = format!(
            "{} (#{number})\n\n* {}\n",
            subjects[0],
            subjects.join("\n* ")
        );
        let parents: Vec<_> = self.main.into_iter().collect();
        let id = self.commit(author, &message, &parents, Kind::Squash);
        self.advance(id);
    }
}
