//! The environments of states: each state sorted anew only where a change may have moved files from
//! one environment to another.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::reading::Changed;
use super::state::{DocumentSays, File, State, hash};
use crate::change::{exact, resources};
use crate::model::{Place, Problem};
use crate::render::{Environment, Guide, Member, Values, paths};
use crate::scan::{self, Parsed};
use crate::syntax::Document;
use crate::text::{FileId, Sources};

/// What tells whether an environment is as it is in another state: what all that it consists of says,
/// and where that stands.
pub(super) type Signature = u64;

/// A state, sorted into environments.
#[derive(Default)]
pub(super) struct Sorted {
    pub sources: Sources,
    /// The environments that are to be looked at, with their documents.
    pub parsed: Parsed,
    pub signatures: Vec<Signature>,
    /// All other environments, which are as they were.
    pub others: Vec<(Arc<str>, Signature)>,
    /// The directories with something in them that is not understood: an environment of one of these
    /// that is not there may only not have been judged.
    pub unjudged: Arc<BTreeSet<String>>,
}

/// Which files make up which environment.
#[derive(Clone, Default)]
pub(super) struct Layout {
    environments: Vec<Arc<Parts>>,
    signatures: Vec<Signature>,
    unjudged: Arc<BTreeSet<String>>,
}

/// What an environment is made up of.
struct Parts {
    name: Arc<str>,
    /// In their order; nothing if not each file belongs to it as a whole.
    files: Option<Vec<Part>>,
    /// Whether it is rendered, from the files of these names alone.
    is_rendered: bool,
    names: HashSet<Arc<str>>,
}

/// A file of an environment.
struct Part {
    name: Arc<str>,
    /// Whether it is there for the values in it.
    is_values: bool,
}

impl State {
    /// Sorts all documents into environments.
    pub fn sort(&self, guide: &Guide) -> (Sorted, Layout) {
        let by_others = self.sort_to(false, guide);
        by_others.unwrap_or_else(|| self.sort_to(true, guide).unwrap_or_default())
    }

    /// Nothing if that is to be done to the last field.
    fn sort_to(&self, the_last: bool, guide: &Guide) -> Option<(Sorted, Layout)> {
        let mut made = Made::to(the_last);
        for file in self.files.values() {
            made.add(file);
        }
        let documents = std::mem::take(&mut made.documents);
        let problems = std::mem::take(&mut made.problems);
        let mut parsed = scan::sort(guide, &made.sources, documents, problems);
        made.says_of_made(&parsed.documents);
        parsed.problems.extend(self.problems.iter().cloned());
        let environments = parsed.environments.iter();
        let signatures: Vec<Signature> = environments
            .clone()
            .map(|one| made.signature(one, &parsed.documents))
            .collect::<Option<_>>()?;
        let parts = |one: &Environment| Arc::new(Parts::of(one, &parsed.documents, &made.sources));
        let unjudged = parsed.problems.iter();
        let unjudged = unjudged.filter_map(|problem| directory(problem, &made.sources));
        let unjudged: Arc<BTreeSet<String>> = Arc::new(unjudged.collect());
        let layout = Layout {
            environments: environments.map(parts).collect(),
            signatures: signatures.clone(),
            unjudged: Arc::clone(&unjudged),
        };
        let sorted = Sorted {
            sources: made.sources,
            parsed,
            signatures,
            others: Vec::new(),
            unjudged,
        };
        Some((sorted, layout))
    }
}

impl Layout {
    /// Whether files can have come into another environment, or gone out of one.
    pub fn may_differ(files: &[Changed]) -> bool {
        files.iter().any(|file| match (&file.before, &file.after) {
            (Some(before), Some(after)) => !(before.is_plain() && after.is_plain()),
            _ => true,
        })
    }

    /// Sorts a state of which only files of these names differ from the one the layout is of; nothing if that
    /// takes a look at all of it.
    pub fn sort(
        &mut self,
        state: &State,
        names: &HashSet<Arc<str>>,
        guide: &Guide,
    ) -> Option<Sorted> {
        let by_others = self.sort_to(false, state, names, guide);
        by_others.or_else(|| self.sort_to(true, state, names, guide))
    }

    fn sort_to(
        &mut self,
        the_last: bool,
        state: &State,
        names: &HashSet<Arc<str>>,
        guide: &Guide,
    ) -> Option<Sorted> {
        let concerned: BTreeSet<usize> = (0..self.environments.len())
            .filter(|&one| {
                let parts = self.environments.get(one);
                parts.is_some_and(|parts| !parts.names.is_disjoint(names))
            })
            .collect();
        let parts: Vec<&Parts> = concerned
            .iter()
            .filter_map(|&one| self.environments.get(one).map(Arc::as_ref))
            .collect();
        let mut made = Made::to(the_last);
        let (documents, environments) = match parts.iter().all(|parts| parts.files.is_some()) {
            true => made.whole_files(&parts, state)?,
            false => made.rendered(&parts, state, guide)?,
        };
        let sign = |one: &Environment| made.signature(one, &documents);
        let signatures: Vec<Signature> = environments.iter().map(sign).collect::<Option<_>>()?;
        for (&one, signature) in concerned.iter().zip(&signatures) {
            *self.signatures.get_mut(one)? = *signature;
        }
        let all = self.environments.iter().zip(&self.signatures).enumerate();
        let others = all.filter(|(one, _)| !concerned.contains(one));
        Some(Sorted {
            others: others
                .map(|(_, (parts, signature))| (Arc::clone(&parts.name), *signature))
                .collect(),
            unjudged: Arc::clone(&self.unjudged),
            sources: made.sources,
            parsed: Parsed {
                documents,
                environments,
                problems: Vec::new(),
            },
            signatures,
        })
    }
}

/// The directory of the file in which something is not understood.
fn directory(problem: &Problem, sources: &Sources) -> Option<String> {
    if !problem.kind.is_incomplete() {
        return None;
    }
    let file = match &problem.place {
        Place::File(file) => sources.get(*file).name(),
        Place::Span(span) => sources.get(span.file).name(),
        Place::Path(name) => name,
        Place::Nowhere | Place::At(_) => return None,
    };
    Some(paths::directory(file).to_owned())
}

/// Files, read for one state.
#[derive(Default)]
struct Made {
    /// Whether files are read to the last field, and not as others that say the same.
    to_the_last: bool,
    sources: Sources,
    documents: Vec<Document>,
    problems: Vec<Problem>,
    says: Vec<Arc<DocumentSays>>,
}

impl Made {
    fn to(the_last: bool) -> Self {
        Self {
            to_the_last: the_last,
            ..Self::default()
        }
    }

    fn add(&mut self, file: &File) -> FileId {
        let file = if self.to_the_last { file } else { file.told() };
        let id = self.sources.add(file.source.clone());
        let (documents, problems) = file.refiled(id);
        self.documents.extend(documents);
        self.problems.extend(problems);
        self.says.extend(file.says().iter().cloned());
        id
    }
}

impl Made {
    /// Environments to each of which files belong as a whole.
    fn whole_files(
        &mut self,
        parts: &[&Parts],
        state: &State,
    ) -> Option<(Arc<Vec<Document>>, Vec<Environment>)> {
        let mut ids = HashMap::new();
        let environments = parts
            .iter()
            .map(|parts| parts.environment(state, self, &mut ids))
            .collect::<Option<_>>()?;
        Some((Arc::new(std::mem::take(&mut self.documents)), environments))
    }

    /// Environments that are rendered from files, and from these alone. Nothing where one of them is
    /// not: what lies around it may have to do with it.
    fn rendered(
        &mut self,
        parts: &[&Parts],
        state: &State,
        guide: &Guide,
    ) -> Option<(Arc<Vec<Document>>, Vec<Environment>)> {
        let mut names = BTreeSet::new();
        for parts in parts {
            parts.is_rendered.then(|| names.extend(&parts.names))?;
        }
        for name in names {
            self.add(state.files.get(name)?);
        }
        let documents = std::mem::take(&mut self.documents);
        let problems = std::mem::take(&mut self.problems);
        let mut parsed = scan::sort(guide, &self.sources, documents, problems);
        self.says_of_made(&parsed.documents);
        let is_one = |one: &Environment| parts.iter().any(|parts| *parts.name == *one.name);
        parsed.environments.retain(is_one);
        let are_all = parsed.environments.len() == parts.len();
        are_all.then_some((parsed.documents, parsed.environments))
    }

    /// Notes what documents say that were made of others.
    fn says_of_made(&mut self, documents: &[Document]) {
        let made = documents.get(self.says.len()..).unwrap_or(&[]);
        let says: Vec<_> = made
            .par_iter()
            .map(|document| Arc::new(DocumentSays::of(document, &resources(document))))
            .collect();
        self.says.extend(says);
    }
}

impl Parts {
    fn of(environment: &Environment, documents: &[Document], sources: &Sources) -> Self {
        let name = |file: FileId| -> Arc<str> { sources.get(file).name().into() };
        let mut all: HashMap<FileId, usize> = HashMap::new();
        for document in documents.iter().filter(|document| !document.is_made()) {
            *all.entry(document.file()).or_default() += 1;
        }
        let members = environment.members.iter();
        let mut is_whole = members.clone().all(|one| one.namespace.is_none());
        let members = members.map(|one| (one.document, false));
        let values = environment.values.iter();
        let values = values.map(|one| (one.document, true));
        let mut files: Vec<Part> = Vec::new();
        let mut names = HashSet::new();
        let mut last: Option<(FileId, bool, usize)> = None;
        for (document, is_values) in members.chain(values) {
            let Some(file) = documents.get(document).map(Document::file) else {
                continue;
            };
            match &mut last {
                Some((known, values, left)) if (*known, *values) == (file, is_values) => {
                    *left = left.wrapping_sub(1);
                }
                _ => {
                    is_whole &= last.is_none_or(|(.., left)| left == 0);
                    is_whole &= names.insert(name(file)) || is_values;
                    let left = all.get(&file).map_or(0, |count| count - 1);
                    last = Some((file, is_values, left));
                    files.push(Part {
                        name: name(file),
                        is_values,
                    });
                }
            }
        }
        is_whole &= last.is_none_or(|(.., left)| left == 0);
        let is_rendered = !environment.rendered_from.is_empty();
        is_whole &= !is_rendered;
        names.extend(environment.rendered_from.iter().map(|&file| name(file)));
        Self {
            name: environment.name.as_str().into(),
            files: is_whole.then_some(files),
            is_rendered,
            names,
        }
    }

    /// The environment as it is in a state.
    fn environment(
        &self,
        state: &State,
        made: &mut Made,
        ids: &mut HashMap<Arc<str>, (FileId, usize)>,
    ) -> Option<Environment> {
        let files = self.files.as_ref()?;
        let mut file = |name: &Arc<str>, made: &mut Made| -> Option<(FileId, usize)> {
            if let Some(known) = ids.get(name) {
                return Some(*known);
            }
            let first = made.documents.len();
            let id = made.add(state.files.get(name)?);
            ids.insert(Arc::clone(name), (id, first));
            Some((id, first))
        };
        // places are compared by the numbers of files, which go by their names
        let names: BTreeSet<&Arc<str>> = files.iter().map(|part| &part.name).collect();
        for name in names {
            file(name, made)?;
        }
        let mut environment = Environment {
            name: self.name.to_string(),
            members: Vec::new(),
            values: Vec::new(),
            rendered_from: BTreeSet::new(),
        };
        for part in files {
            let (_, first) = file(&part.name, made)?;
            let count = state.files.get(&part.name)?.says().len();
            for document in first..first + count {
                match part.is_values {
                    true => environment.values.push(Values {
                        document,
                        file: Arc::clone(&part.name),
                    }),
                    false => environment.members.push(Member {
                        document,
                        namespace: None,
                    }),
                }
            }
        }
        Some(environment)
    }
}

impl Made {
    /// Nothing where two objects have one name: whether they are one shows in the last of their fields.
    fn signature(&self, environment: &Environment, documents: &[Document]) -> Option<Signature> {
        let members = environment.members.iter().map(|member| {
            let namespace = member.namespace.as_ref();
            (member.document, namespace.map(|one| &one.name))
        });
        let values = environment.values.iter();
        let all = members.chain(values.map(|values| (values.document, None)));
        let mut names = HashSet::new();
        let (mut parts, mut own, mut has_twins) = (Vec::new(), Vec::new(), false);
        for (index, namespace) in all {
            let Some((document, says)) = documents.get(index).zip(self.says.get(index)) else {
                continue;
            };
            let file = self.sources.get(document.file()).name();
            parts.push((file, document.number(), says.digest, namespace));
            own.push(document);
            has_twins |= says.names.iter().any(|name| !names.insert(*name));
        }
        if has_twins && !self.to_the_last {
            return None;
        }
        let exactly = || own.into_iter().map(exact).collect::<Vec<_>>();
        let exactly = has_twins.then(exactly);
        Some(hash(&(parts, exactly)))
    }
}
