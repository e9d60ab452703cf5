//! The pipeline: files → documents → environments → worlds → facts → findings.
//!
//! Pure up to here: whatever was read comes in as [`Sources`], and everything found goes out.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::facts::{self, Input, Sections};
use crate::finding::{self, Addresses, Finding, ResourceRef, Site, looks_like_place};
use crate::k8s::{Index, step_into};
use crate::mesh;
use crate::model::{Membership, Place, Pointer, Problem, Transport};
use crate::policy::{self, Rules};
use crate::reach::{Graph, Group, Verdict, World};
use crate::render::{self, Environment, Guide, Rendered};
use crate::syntax::{self, Document, Node};
use crate::text::{FileId, SourceFile, Sources};

/// Files, read and sorted into environments.
#[derive(Default)]
pub struct Parsed {
    /// All documents: those that were read, and behind them those that rendering made.
    pub documents: Arc<Vec<Document>>,
    /// The worlds they make up.
    pub environments: Vec<Environment>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The files of kustomizations that are not built.
    pub unbuilt: BTreeSet<FileId>,
}

/// Where the files come from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// `directory`, `stdin`.
    pub kind: &'static str,
    /// The commit that is checked out, where there is one.
    pub revision: Option<String>,
}

/// One environment, worked out.
pub struct Judged {
    /// Its name.
    pub name: String,
    /// Its objects and meshes.
    pub world: World,
    /// Who may call whom.
    pub graph: Graph,
    /// What rules see.
    pub input: Input,
    /// What was not understood.
    pub problems: Vec<Problem>,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings of all environments.
    pub findings: Vec<Finding>,
    /// What could not be read or judged; no address is left in it.
    pub problems: Vec<Problem>,
    /// Figures.
    pub counts: Counts,
}

/// Figures of a scan.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Objects by mesh, and of Kubernetes.
    pub objects: Vec<(&'static str, usize)>,
    /// Documents that are no Kubernetes objects.
    pub foreign: usize,
    /// Workloads of environments with a mesh.
    pub workloads: usize,
    /// Edges that are open.
    pub edges: usize,
    /// Of these, certainly in plaintext.
    pub plaintext_edges: usize,
    /// Of these, from outside.
    pub outside_edges: usize,
    /// The meshes, by the names for people.
    pub meshes: Vec<&'static str>,
}

/// The documents of a file, with those that texts in them hold, and what could not be read.
pub fn documents(id: FileId, file: &SourceFile) -> (Vec<Document>, Vec<Problem>) {
    let (mut documents, mut problems) = syntax::parse(id, file);
    problems.extend(render::embedded::attach(|_| file, &mut documents));
    (documents, problems)
}

/// Files that were read, before anybody knows what they make up.
pub struct Unsorted {
    /// The documents of all files, in the order of these.
    pub documents: Vec<Document>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Unsorted {
    /// Sorts the documents into environments, with what charts among them were rendered to.
    pub fn sort(mut self, guide: &Guide, sources: &Sources, rendered: &Rendered) -> Parsed {
        let documents = &mut self.documents;
        let sorted = render::environments(guide, sources, documents, self.problems, rendered);
        Parsed {
            documents: Arc::new(self.documents),
            environments: sorted.environments,
            problems: sorted.problems,
            unbuilt: sorted.unbuilt,
        }
    }
}

/// Parses all files.
pub fn read(sources: &Sources) -> Unsorted {
    let files: Vec<_> = sources.iter().collect();
    let parsed: Vec<_> = files
        .into_par_iter()
        .map(|(id, file)| documents(id, file))
        .collect();
    let (documents, problems): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
    Unsorted {
        documents: documents.into_iter().flatten().collect(),
        problems: problems.concat(),
    }
}

/// Parses all files and sorts their documents into environments, where nothing is known of what lies
/// around them.
pub fn parse(sources: &Sources) -> Parsed {
    read(sources).sort(&Guide::default(), sources, &Rendered::default())
}

/// Sorts the documents of files into environments; `problems` are those of reading them.
pub fn sort(
    guide: &Guide,
    sources: &Sources,
    documents: Vec<Document>,
    problems: Vec<Problem>,
) -> Parsed {
    let unsorted = Unsorted {
        documents,
        problems,
    };
    unsorted.sort(guide, sources, &Rendered::default())
}

/// The world of an environment, and what of it was not understood.
pub fn world(parsed: &Parsed, environment: &Environment) -> (World, Vec<Problem>) {
    let (index, mut problems) = Index::build(environment, Arc::clone(&parsed.documents));
    let index = Arc::new(index);
    let (meshes, more) = mesh::find(&index);
    problems.extend(more);
    let (world, more) = World::new(index, meshes);
    problems.extend(more);
    (world, problems)
}

/// Works out an environment and collects its facts, as far as they are wanted.
pub fn judge(
    parsed: &Parsed,
    environment: &Environment,
    origin: &Origin,
    wanted: &Sections,
) -> Judged {
    let (world, problems) = world(parsed, environment);
    let graph = Graph::build(&world);
    let scan = facts::Scan {
        environment: environment.name.clone(),
        origin: origin.kind.to_owned(),
        revision: origin.revision.clone(),
        complete: Vec::new(),
    };
    let input = facts::collect(&world, &graph, &problems, scan, wanted);
    Judged {
        name: environment.name.clone(),
        world,
        graph,
        input,
        problems,
    }
}

/// Judges every environment in which there is a mesh.
pub fn scan(sources: &Sources, parsed: &Parsed, rules: &Rules, origin: &Origin) -> Outcome {
    scan_each(sources, parsed, rules, origin, |_, _| {})
}

/// Does what [`scan`] does, and shows each environment, with what of it could not be judged, before it
/// is given back.
pub fn scan_each(
    sources: &Sources,
    parsed: &Parsed,
    rules: &Rules,
    origin: &Origin,
    mut see: impl FnMut(&Judged, &[Problem]),
) -> Outcome {
    let mut outcome = Outcome {
        problems: parsed.problems.clone(),
        ..Outcome::default()
    };
    let mut findings = Vec::new();
    let mut twins = Vec::new();
    let wanted = rules.sections();
    for environment in &parsed.environments {
        let mut judged = judge(parsed, environment, origin, &wanted);
        outcome.counts.add(&judged);
        twins.extend(judged.world.index.twins());
        let problems = std::mem::take(&mut judged.problems);
        let mut problems = located(&judged.world.index, problems);
        if !judged.world.meshes.is_empty() {
            let places = Places(&judged.world);
            let (found, failed) = policy::evaluate(rules, &judged.input, &places, &judged.name);
            findings.push(found);
            problems.extend(failed);
        }
        see(&judged, &problems);
        outcome.problems.extend(problems);
        // nobody waits for memory to be given back
        rayon::spawn(move || drop(judged));
    }
    outcome.findings = finding::collect(findings, sources);
    outcome.problems.extend(render::told_apart(sources, &twins));
    outcome.problems = once_each(outcome.problems);
    outcome
}

/// Problems with their addresses turned into places in the files.
pub fn located(index: &Index, problems: Vec<Problem>) -> Vec<Problem> {
    let place = |place: Place| match place {
        Place::At(at) => index.span(&at).map_or(Place::Nowhere, Place::Span),
        other => other,
    };
    problems
        .into_iter()
        .map(|problem| Problem {
            place: place(problem.place),
            ..problem
        })
        .collect()
}

/// Environments share files, so that one thing may be wrong in several of them.
pub fn once_each(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = HashSet::new();
    problems
        .into_iter()
        .filter(|problem| seen.insert(format!("{:?}", problem)))
        .collect()
}

impl Counts {
    fn add(&mut self, judged: &Judged) {
        let index = &judged.world.index;
        if self.objects.is_empty() {
            self.objects = ["Istio", "Linkerd", "Consul", "Kubernetes"]
                .map(|name| (name, 0))
                .to_vec();
        }
        for (_, resource) in index.resources() {
            let of = mesh::product_of(&resource.key.group).unwrap_or("Kubernetes");
            if let Some((_, count)) = self.objects.iter_mut().find(|(name, _)| *name == of) {
                *count += 1;
            }
        }
        self.foreign += index.foreign;
        if judged.world.meshes.is_empty() {
            return;
        }
        self.workloads += index.workloads().len();
        for mesh in &judged.world.meshes {
            if !self.meshes.contains(&mesh.title()) {
                self.meshes.push(mesh.title());
            }
        }
        let graph = &judged.graph;
        for (source, id, edge) in graph.edges() {
            if !matches!(edge.verdict, Verdict::Allow | Verdict::Conditional) {
                continue;
            }
            let server = graph.listener(id).workload;
            let known = graph.membership(source) != Membership::Unknown
                && judged.world.membership(server).value != Membership::Unknown;
            self.edges += 1;
            // where it is not known who has a proxy, it is not known what is sent either
            self.plaintext_edges +=
                usize::from(known && edge.transport == Some(Transport::Plaintext));
            self.outside_edges += usize::from(*source == Group::Outside);
        }
    }
}

/// The places of an environment's addresses.
pub struct Places<'a>(pub &'a World);

impl Addresses for Places<'_> {
    fn resolve(&self, at: &str) -> Option<Site> {
        let index = &self.0.index;
        let at = index.parse_address(at)?;
        let resource = index.resource(at.resource);
        let key = &resource.key;
        let written = index.written(&at);
        Some(Site {
            inside: written
                .map(|(document, pointer)| (document.file(), document.number(), pointer)),
            resource: Some(ResourceRef {
                kind: Arc::clone(&key.kind),
                group: Arc::clone(&key.group),
                namespace: key.namespace.clone(),
                name: Arc::clone(&key.name),
            }),
            keys: keys(index.node(at.resource), &at.pointer),
            field: at.pointer.to_string(),
            span: index.span(&at),
        })
    }

    fn mesh(&self, at: &str) -> Option<&'static str> {
        let at = self.0.index.parse_address(at)?;
        self.0.mesh_at(at.resource)
    }
}

/// The steps of a pointer that are keys though they look like places in a list.
fn keys(root: Node<'_>, pointer: &Pointer) -> Vec<usize> {
    let mut keys = Vec::new();
    let mut node = Some(root);
    for (number, step) in pointer.steps().enumerate() {
        let around = node.map(|node| {
            node.document()
                .attached(node.id())
                .map_or(node, Document::root)
        });
        if looks_like_place(&step) && around.is_some_and(|around| around.is_map()) {
            keys.push(number);
        }
        node = around.and_then(|around| step_into(around, &step));
    }
    keys
}
