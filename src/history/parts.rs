//! What environments are made up of, and environments made of that.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::reading::Changed;
use super::state::{DocumentSays, File, State, hash};
use crate::change::exact;
use crate::k8s::namespace_of;
use crate::model::Problem;
use crate::render::{Environment, Guide, Member, Values};
use crate::scan::{self, Parsed};
use crate::syntax::Document;
use crate::text::{FileId, Sources};

/// What tells whether an environment is as it is in another state: what all that it consists of says,
/// and where that stands.
pub(super) type Signature = u64;

/// What an environment is made up of.
pub(super) struct Parts {
    /// The name of the environment.
    pub name: Arc<str>,
    /// In their order; nothing if not each file belongs to it as a whole.
    files: Option<Vec<Part>>,
    /// Whether something says what belongs to it, so that it is made of the files of these names alone.
    is_built: bool,
    names: HashSet<Arc<str>>,
}

/// A file of an environment.
struct Part {
    name: Arc<str>,
    /// Whether it is there for the values in it.
    is_values: bool,
}

/// Files, read for one state.
#[derive(Default)]
pub(super) struct Made {
    /// Whether files are read to the last field, and not as others that say the same.
    to_the_last: bool,
    pub sources: Sources,
    documents: Vec<Document>,
    problems: Vec<Problem>,
    says: Vec<Arc<DocumentSays>>,
}

impl Made {
    pub fn to(the_last: bool) -> Self {
        Self {
            to_the_last: the_last,
            ..Self::default()
        }
    }

    pub fn add(&mut self, file: &File) -> FileId {
        let file = if self.to_the_last { file } else { file.told() };
        let id = self.sources.add(file.source.clone());
        let (documents, problems) = file.refiled(id);
        self.documents.extend(documents);
        self.problems.extend(problems);
        self.says.extend(file.says().iter().cloned());
        id
    }

    /// Sorts all files that were added.
    pub fn sort(&mut self, guide: &Guide) -> Parsed {
        let documents = std::mem::take(&mut self.documents);
        let problems = std::mem::take(&mut self.problems);
        let parsed = scan::sort(guide, &self.sources, documents, problems);
        self.says_of_made(&parsed.documents);
        parsed
    }

    /// Environments to each of which files belong as a whole.
    pub fn whole_files(&mut self, parts: &[&Parts], state: &State) -> Option<Parsed> {
        let mut ids = HashMap::new();
        let environments = parts
            .iter()
            .map(|parts| parts.environment(state, self, &mut ids))
            .collect::<Option<_>>()?;
        Some(Parsed {
            documents: Arc::new(std::mem::take(&mut self.documents)),
            environments,
            problems: Vec::new(),
            unbuilt: BTreeSet::new(),
        })
    }

    /// All that is built from the files of some environments and the changed ones. Nothing where one of them
    /// is not built: what lies around it may have to do with it.
    pub fn built(
        &mut self,
        parts: &[&Parts],
        changed: &[Changed],
        state: &State,
        guide: &Guide,
    ) -> Option<Parsed> {
        let mut names: BTreeSet<&Arc<str>> = changed.iter().map(|file| &file.name).collect();
        for parts in parts {
            parts.is_built.then(|| names.extend(&parts.names))?;
        }
        for file in names.into_iter().filter_map(|name| state.files.get(name)) {
            self.add(file);
        }
        Some(self.sort(guide))
    }

    /// Notes what documents say that were made of others.
    fn says_of_made(&mut self, documents: &[Document]) {
        let made = documents.get(self.says.len()..).unwrap_or(&[]);
        let says: Vec<_> = made
            .par_iter()
            .map(|document| Arc::new(DocumentSays::of(document)))
            .collect();
        self.says.extend(says);
    }

    /// Those of all environments, and whether two objects of one have one name. Nothing if they have, and
    /// files were not read to the last field: whether they are one shows there.
    pub fn signatures(&self, parsed: &Parsed) -> Option<(Vec<Signature>, bool)> {
        let environments = parsed.environments.iter();
        let signed = environments.map(|one| self.signature(one, &parsed.documents));
        let (signatures, twins): (Vec<Signature>, Vec<bool>) = signed.unzip();
        let has_twins = twins.contains(&true);
        (self.to_the_last || !has_twins).then_some((signatures, has_twins))
    }

    /// That of one, and whether two of its objects have one name.
    fn signature(&self, environment: &Environment, documents: &[Document]) -> (Signature, bool) {
        let members = environment.members.iter();
        let members = members.map(|member| (member.document, member.namespace.as_ref()));
        let values = environment.values.iter();
        let all = members.chain(values.map(|values| (values.document, None)));
        let mut names = HashSet::new();
        let (mut parts, mut own, mut has_twins) = (Vec::new(), Vec::new(), false);
        for (index, namespace) in all {
            let Some((document, says)) = documents.get(index).zip(self.says.get(index)) else {
                continue;
            };
            let file = self.sources.get(document.file()).name();
            let placed = namespace.map(|one| (&one.name, one.only_if_none));
            parts.push((file, document.number(), says.digest, placed));
            own.push(document);
            for one in &says.names {
                let namespace = namespace_of(&one.kind, one.namespace.as_deref(), namespace);
                has_twins |= !names.insert((&one.group, &one.kind, namespace, &one.name));
            }
        }
        let exactly = || own.into_iter().map(exact).collect::<Vec<_>>();
        let exactly = has_twins.then(exactly);
        (hash(&(parts, exactly)), has_twins)
    }
}

impl Parts {
    /// Those of all environments.
    pub fn all(parsed: &Parsed, sources: &Sources) -> Vec<Arc<Self>> {
        let mut counts: HashMap<FileId, usize> = HashMap::new();
        for document in parsed.documents.iter().filter(|one| !one.is_made()) {
            *counts.entry(document.file()).or_default() += 1;
        }
        let environments = parsed.environments.iter();
        let parts = |one| Arc::new(Self::of(one, &parsed.documents, sources, &counts));
        environments.map(parts).collect()
    }

    /// `counts` says how many documents there are of each file.
    fn of(
        environment: &Environment,
        documents: &[Document],
        sources: &Sources,
        counts: &HashMap<FileId, usize>,
    ) -> Self {
        let name = |file: FileId| -> Arc<str> { sources.get(file).name().into() };
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
                    let left = counts.get(&file).map_or(0, |count| count - 1);
                    last = Some((file, is_values, left));
                    files.push(Part {
                        name: name(file),
                        is_values,
                    });
                }
            }
        }
        is_whole &= last.is_none_or(|(.., left)| left == 0);
        is_whole &= !environment.is_rendered;
        names.extend(environment.made_from.iter().map(|&file| name(file)));
        Self {
            name: environment.name.as_str().into(),
            files: is_whole.then_some(files),
            is_built: !environment.made_from.is_empty(),
            names,
        }
    }

    /// Whether a file has to do with it.
    pub fn has(&self, file: &str) -> bool {
        self.names.contains(file)
    }

    /// Whether each of its files belongs to it as a whole.
    pub fn is_whole(&self) -> bool {
        self.files.is_some()
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
            made_from: BTreeSet::new(),
            is_rendered: false,
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
