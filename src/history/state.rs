use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, LazyLock, OnceLock};

use super::reading::Changed;
use crate::change::{self, Lines, digest, resources};
use crate::finding::ResourceRef;
use crate::model::{Place, Problem, ProblemKind};
use crate::render::{is_chart, is_taken_whole};
use crate::scan;
use crate::syntax::Document;
use crate::text::{FileId, SourceFile, Span};

/// A file of some commit.
#[derive(Debug)]
pub(super) struct File {
    pub source: SourceFile,
    parsed: OnceLock<Parsed>,
    says: Arc<Says>,
    /// Its lines that may differ and say the same.
    lines: OnceLock<Lines>,
    /// The file that was parsed, where this one says the same but for such lines.
    like: Option<Arc<File>>,
}

/// What is in a file.
#[derive(Debug)]
struct Parsed {
    documents: Vec<Document>,
    problems: Vec<Problem>,
}

/// What a file says, whatever its text looks like.
#[derive(Debug)]
struct Says {
    documents: Vec<Arc<DocumentSays>>,
    /// Whether there are objects in it and nothing else, none of which says what belongs together.
    is_plain: bool,
    /// Whether it has other files applied.
    has_orders: bool,
    /// What could not be read.
    problems: Vec<(ProblemKind, String)>,
}

/// Whether an object is a kustomization.
fn is_kustomization(object: &ResourceRef) -> bool {
    &*object.group == "kustomize.config.k8s.io"
}

/// Whether an object has others applied, or says from where.
fn delivers(object: &ResourceRef) -> bool {
    let groups = [
        "argoproj.io",
        "kustomize.toolkit.fluxcd.io",
        "helm.toolkit.fluxcd.io",
        "source.toolkit.fluxcd.io",
    ];
    groups.contains(&&*object.group)
}

/// What a document says.
#[derive(Debug)]
pub(super) struct DocumentSays {
    /// Apart from fields of no account.
    pub digest: u128,
    /// The objects in it, as they are called there.
    pub names: Vec<ResourceRef>,
}

impl DocumentSays {
    /// Of a document in which there are these objects.
    pub fn of(document: &Document) -> Self {
        Self {
            digest: digest(document),
            names: resources(document),
        }
    }
}

/// Makes hashes that no file can be made to fit.
static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl File {
    pub fn parse(name: &Arc<str>, text: String) -> Self {
        let source = SourceFile::new(Arc::clone(name), text);
        let (documents, problems) = scan::documents(FileId(0), &source);
        Self::new(source, documents, problems)
    }

    /// A file whose documents are parsed already.
    pub fn of(source: SourceFile, documents: &[Document], problems: &[Problem]) -> Self {
        let documents = documents.iter().map(|one| one.refiled(FileId(0)));
        let problems = problems.iter().map(|one| refiled(one, FileId(0)));
        Self::new(source, documents.collect(), problems.collect())
    }

    /// A file that cannot be read.
    pub fn unreadable(name: &Arc<str>, reason: String) -> Self {
        let place = Place::Path(name.to_string());
        let problem = Problem::new(ProblemKind::UnreadableManifest, reason, place);
        let source = SourceFile::new(Arc::clone(name), "");
        Self::new(source, Vec::new(), vec![problem])
    }

    fn new(source: SourceFile, documents: Vec<Document>, problems: Vec<Problem>) -> Self {
        let mut is_plain = problems.is_empty() && !documents.is_empty();
        is_plain &= is_taken_whole(&source, &documents);
        let mut has_orders = false;
        let says = |document: &Document| {
            let says = DocumentSays::of(document);
            let mut names = says.names.iter();
            let is_special = |object: &ResourceRef| is_kustomization(object) || delivers(object);
            has_orders |= says.names.iter().any(delivers);
            is_plain &= names.len() > 0 && !names.any(is_special);
            Arc::new(says)
        };
        let said = documents.iter().map(says).collect();
        let told = problems.iter();
        let told = told.map(|problem| (problem.kind, problem.message.clone()));
        Self {
            says: Arc::new(Says {
                documents: said,
                is_plain,
                has_orders,
                problems: told.collect(),
            }),
            source,
            parsed: OnceLock::from(Parsed {
                documents,
                problems,
            }),
            lines: OnceLock::new(),
            like: None,
        }
    }

    /// A file with another text than `known`, if that surely says the same. It is not parsed before
    /// somebody asks for its documents.
    pub fn like(known: &Arc<Self>, text: &str) -> Option<Self> {
        let known = known.like.as_ref().unwrap_or(known);
        let Parsed {
            documents,
            problems,
        } = known.parsed();
        let lines = known
            .lines
            .get_or_init(|| Lines::of(&known.source, documents, problems));
        let is_same = lines.say_the_same(&known.source, documents, text);
        is_same.then(|| Self {
            source: SourceFile::new(known.source.name(), text),
            parsed: OnceLock::new(),
            says: Arc::clone(&known.says),
            lines: OnceLock::new(),
            like: Some(Arc::clone(known)),
        })
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| {
            let (documents, problems) = scan::documents(FileId(0), &self.source);
            Parsed {
                documents,
                problems,
            }
        })
    }

    pub fn documents(&self) -> &[Document] {
        &self.parsed().documents
    }

    /// This file, or one that says the same in the same lines and is parsed already.
    pub fn told(&self) -> &Self {
        self.like.as_deref().unwrap_or(self)
    }

    /// Its documents and problems, as a file among others.
    pub fn refiled(&self, id: FileId) -> (impl Iterator<Item = Document>, Vec<Problem>) {
        let problems = self.parsed().problems.iter();
        let problems = problems.map(|problem| refiled(problem, id)).collect();
        (
            self.documents().iter().map(move |one| one.refiled(id)),
            problems,
        )
    }

    /// What its documents say.
    pub fn says(&self) -> &[Arc<DocumentSays>] {
        &self.says.documents
    }

    /// Whether there are objects in it and nothing else, none of which says what belongs together.
    pub fn is_plain(&self) -> bool {
        self.says.is_plain
    }

    /// Whether it has other files applied, or says from where.
    pub fn has_orders(&self) -> bool {
        self.says.has_orders
    }

    /// Whether it makes something of other files, whatever lies there.
    pub fn is_about_others(&self) -> bool {
        self.has_orders() || is_chart(self.source.name())
    }

    /// Whether there are objects of the same names in it as in another one, in the same places.
    pub fn has_same_names(&self, other: &Self) -> bool {
        let (own, others) = (self.says().iter(), other.says().iter());
        let own = own.map(|one| &one.names);
        Arc::ptr_eq(&self.says, &other.says) || own.eq(others.map(|one| &one.names))
    }

    /// As what compares fields takes it.
    pub fn view(&self) -> change::File<'_> {
        change::File {
            source: &self.source,
            documents: self.documents(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.says.documents.is_empty() && self.says.problems.is_empty()
    }

    /// What could not be read, if not all of it could.
    pub fn unread(&self) -> Option<&str> {
        let mut problems = self.says.problems.iter();
        let unread = problems.find(|(kind, _)| kind.is_incomplete());
        unread.map(|(_, message)| message.as_str())
    }

    /// Whether it says what another one says, apart from fields of no account.
    pub fn agrees(&self, other: &Self) -> bool {
        let digests = |file: &Self| -> Vec<u128> {
            let all = file.says().iter();
            all.map(|one| one.digest).collect()
        };
        Arc::ptr_eq(&self.says, &other.says)
            || (digests(self) == digests(other) && self.says.problems == other.says.problems)
    }
}

fn refiled(problem: &Problem, file: FileId) -> Problem {
    let place = match &problem.place {
        Place::File(_) => Place::File(file),
        Place::Span(span) => Place::Span(Span { file, ..*span }),
        other => other.clone(),
    };
    Problem {
        place,
        ..problem.clone()
    }
}

/// The files of a commit, by the names they are shown under. A copy shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub files: BTreeMap<Arc<str>, Arc<File>>,
    /// What of the commit could not be read at all.
    pub problems: Arc<Vec<Problem>>,
}

impl State {
    pub fn set(&mut self, name: &Arc<str>, file: Option<Arc<File>>) {
        match file {
            Some(file) => self.files.insert(Arc::clone(name), file),
            None => self.files.remove(name),
        };
    }

    /// Goes to a neighbouring state, in which some files are otherwise: as they are `before`.
    pub fn go_back(&mut self, files: &[Changed], problems: &Arc<Vec<Problem>>) {
        for file in files {
            self.set(&file.name, file.before.clone());
        }
        self.problems = Arc::clone(problems);
    }

    /// The same, with the files of another state where the texts are equal: the other may have seen that
    /// one of them could not be read.
    pub fn or_equal(mut self, other: &Self) -> Self {
        for (name, file) in &mut self.files {
            let known = other.files.get(name);
            if let Some(known) = known.filter(|known| known.source.text() == file.source.text()) {
                *file = Arc::clone(known);
            }
        }
        self
    }
}

/// A hash of anything that no file can be made to fit.
pub(super) fn hash(of: &impl Hash) -> u64 {
    SECRET.hash_one(of)
}
