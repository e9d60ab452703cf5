//! Who may write what decides what is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Context;
use super::{Grant, Holder};
use crate::k8s::rbac::{Binding, Rbac, Request, Rule, Subject};
use crate::mesh::{Mesh, PolicyResource, Residence};
use crate::model::At;

/// How many holders of one line are told apart.
const MOST: usize = 50;

/// How far a binding reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Everywhere.
    Cluster,
    /// A namespace whose objects count for the whole mesh.
    Central,
    /// Another namespace.
    Namespace,
}

/// Someone whom a binding names.
#[derive(Clone, Copy)]
struct Named<'a> {
    binding: &'a Binding,
    subject: &'a Subject,
    at: &'a At,
    class: &'static str,
    /// Whom to keep where there are too many: those whose rank is low.
    rank: u8,
}

impl Named<'_> {
    /// Whether it matters that someone like this has a right: not to those who are meant to have it,
    /// nor to people in a namespace of theirs.
    fn counts(&self) -> bool {
        self.rank < 3
    }
}

/// What holders are classed by.
struct Cast<'a> {
    context: &'a Context<'a>,
    mesh: &'a dyn Mesh,
    /// What rights are about.
    resources: &'static [PolicyResource],
    /// Service accounts that run pods, and the namespaces they are in.
    running: BTreeSet<(&'a str, &'a str)>,
    inhabited: BTreeSet<&'a str>,
    /// Users and groups that may do everything.
    administrators: BTreeSet<&'a Subject>,
    /// Namespaces whose objects count for the whole mesh.
    central: BTreeSet<String>,
}

/// The grants of an environment, those of one line together.
pub(super) fn grants(context: &Context<'_>) -> Vec<Grant> {
    let meshes = context.world.meshes.iter();
    meshes
        .flat_map(|mesh| Cast::new(context, &**mesh, mesh.policy_resources()).grants())
        .collect()
}

/// The rights to watch calls as they are made, those of one line together.
pub(super) fn watchers(context: &Context<'_>) -> Vec<Grant> {
    let meshes = context.world.meshes.iter();
    let can = meshes.filter(|mesh| !mesh.watched_resources().is_empty());
    can.flat_map(|mesh| Cast::new(context, &**mesh, mesh.watched_resources()).grants())
        .collect()
}

/// Rights of one rule.
type Granted = Arc<[&'static PolicyResource]>;

/// Who holds the rights of one line.
#[derive(Default)]
struct Line<'a> {
    holders: Vec<(Named<'a>, Granted)>,
    unseen: usize,
}

impl<'a> Line<'a> {
    fn add(&mut self, named: &Kept<'a>, granted: &Granted) {
        let holders = named.first.iter().map(|&one| (one, Arc::clone(granted)));
        self.holders.extend(holders);
        self.unseen += named.unseen;
        self.holders.sort_by_key(|(one, _)| one.rank);
        let dropped = self.holders.split_off(self.holders.len().min(MOST));
        self.unseen += dropped.iter().filter(|(one, _)| one.counts()).count();
    }
}

/// Those of many who can do most.
struct Kept<'a> {
    first: Vec<Named<'a>>,
    /// How many others count.
    unseen: usize,
}

impl<'a> Kept<'a> {
    fn of(mut named: Vec<Named<'a>>) -> Self {
        named.sort_by_key(|one| one.rank);
        let dropped = named.split_off(named.len().min(MOST));
        Self {
            first: named,
            unseen: dropped.iter().filter(|one| one.counts()).count(),
        }
    }
}

impl<'a> Cast<'a> {
    fn new(
        context: &'a Context<'a>,
        mesh: &'a dyn Mesh,
        resources: &'static [PolicyResource],
    ) -> Self {
        let index = &context.world.index;
        let workloads = index.workloads();
        let settings = mesh.settings();
        let beside = &index.resource(settings.at.resource).key.namespace;
        let beside = beside.as_ref().filter(|_| settings.known);
        let central = beside.into_iter().chain([&settings.root_namespace.value]);
        Self {
            context,
            mesh,
            resources,
            running: workloads
                .iter()
                .map(|w| (&*w.namespace, &*w.service_account))
                .collect(),
            inhabited: workloads.iter().map(|w| &*w.namespace).collect(),
            administrators: administrators(index.rbac()),
            central: central.map(ToString::to_string).collect(),
        }
    }

    fn grants(&self) -> Vec<Grant> {
        let mut lines: BTreeMap<&At, Line<'a>> = BTreeMap::new();
        for ((_, _, reach), bindings) in self.by_role() {
            let named = Kept::of(bindings.iter().flat_map(|b| self.named(b)).collect());
            for rule in bindings.iter().take(1).flat_map(|one| one.rules.iter()) {
                let granted = self.granted(reach, rule);
                if granted.is_empty() {
                    continue;
                }
                if let Some(at) = &rule.at {
                    lines.entry(at).or_default().add(&named, &granted);
                    continue;
                }
                for binding in &bindings {
                    let named = Kept::of(self.named(binding).collect());
                    let line = lines.entry(&binding.role_at).or_default();
                    line.add(&named, &granted);
                }
            }
        }
        lines
            .into_iter()
            .map(|(at, line)| self.grant(at, line))
            .collect()
    }

    /// The bindings by the role they hand out and how far they reach: many name the same.
    fn by_role(&self) -> BTreeMap<(&'a str, Option<&'a str>, Reach), Vec<&'a Binding>> {
        let mut found: BTreeMap<_, Vec<&Binding>> = BTreeMap::new();
        for binding in &self.context.world.index.rbac().bindings {
            let namespace = binding.namespace.as_deref();
            let reach = match namespace {
                None => Reach::Cluster,
                Some(own) if self.central.contains(own) => Reach::Central,
                Some(_) => Reach::Namespace,
            };
            // the same name is another role in another namespace
            let of = namespace.filter(|_| !binding.of_cluster);
            let key = (&*binding.role, of, reach);
            found.entry(key).or_default().push(binding);
        }
        found
    }

    fn named(&self, binding: &'a Binding) -> impl Iterator<Item = Named<'a>> {
        let namespace = binding.namespace.as_deref();
        let wide = namespace.is_none_or(|own| self.central.contains(own));
        binding.subjects.iter().map(move |(subject, at)| {
            let class = self.class(subject);
            let rank = match class {
                "everyone" => 0,
                "administrator" | "control_plane" | "platform" => 4,
                _ if wide => 1,
                "workload" => 2,
                _ => 3,
            };
            Named {
                binding,
                subject,
                at,
                class,
                rank,
            }
        })
    }

    /// What one rule lets people do who are bound to it.
    fn granted(&self, reach: Reach, rule: &Rule) -> Granted {
        let resources = self.resources.iter();
        resources
            .filter(|resource| {
                let there = match resource.place {
                    Residence::Namespaces => true,
                    Residence::ControlPlane => reach != Reach::Namespace,
                    Residence::Cluster => reach == Reach::Cluster,
                };
                there && writes(rule, resource)
            })
            .collect()
    }

    fn grant(&self, at: &At, line: Line<'_>) -> Grant {
        let holders = line.holders.iter();
        Grant {
            mesh: self.mesh.kind(),
            at: self.context.address(at),
            holders: holders
                .map(|(named, granted)| self.holder(named, granted))
                .collect(),
            unseen: line.unseen,
        }
    }

    fn holder(&self, named: &Named<'_>, granted: &[&PolicyResource]) -> Holder {
        let scope = named.binding.namespace.as_deref();
        let (namespace, name) = match named.subject {
            Subject::User(name) | Subject::Group(name) => (None, name.to_string()),
            Subject::ServiceAccount { namespace, name } => {
                (Some(namespace.to_string()), format!("{namespace}/{name}"))
            }
        };
        // in the order of the mesh's own list, the gravest first
        let mut parts: Vec<&'static str> = granted.iter().map(|one| one.part).collect();
        let mut seen = BTreeSet::new();
        parts.retain(|part| seen.insert(*part));
        let resources = granted.iter().map(|one| {
            let dot = if one.group.is_empty() { "" } else { "." };
            format!("{}{dot}{}", one.resource, one.group)
        });
        Holder {
            name: named.subject.to_string(),
            class: named.class,
            subject: name,
            namespace: namespace.or_else(|| named.subject.accounts_of().map(str::to_owned)),
            at: self.context.address(named.at),
            role: named.binding.role.clone(),
            scope: scope.map(str::to_owned),
            mesh_wide: scope.is_none_or(|own| self.central.contains(own)),
            parts,
            resources: resources.collect(),
        }
    }

    fn class(&self, subject: &Subject) -> &'static str {
        if subject.is_everyone() {
            return "everyone";
        }
        if subject.is_platform() {
            return "platform";
        }
        if self.administrators.contains(subject) {
            return "administrator";
        }
        match subject {
            Subject::User(_) => "user",
            Subject::Group(_) => match subject.accounts_of() {
                Some(namespace) if self.inhabited.contains(namespace) => "workload",
                Some(_) => "service_account",
                None => "group",
            },
            Subject::ServiceAccount { namespace, name } => {
                if self.mesh.is_own_account(namespace, name) {
                    "control_plane"
                } else if self.running.contains(&(&**namespace, &**name)) {
                    "workload"
                } else {
                    "service_account"
                }
            }
        }
    }
}

/// Service accounts are none: what runs by itself is not meant to do everything.
fn administrators(rbac: &Rbac) -> BTreeSet<&Subject> {
    let everywhere = rbac.bindings.iter().filter(|one| one.namespace.is_none());
    everywhere
        .filter(|one| one.rules.iter().any(|rule| rule.is_everything()))
        .flat_map(|one| one.subjects.iter().map(|(subject, _)| subject))
        .filter(|one| matches!(one, Subject::User(_) | Subject::Group(_)))
        .filter(|one| one.accounts_of().is_none())
        .collect()
}

/// Whether a rule lets someone change such objects: all of them, or one of the names that count.
fn writes(rule: &Rule, resource: &PolicyResource) -> bool {
    let named = rule.names.iter().map(String::as_str);
    let names: Vec<Option<&str>> = match rule.names.is_empty() {
        true => vec![None],
        false => named
            .filter(|name| resource.names.iter().any(|one| is_meant(one, name)))
            .map(Some)
            .collect(),
    };
    names.into_iter().any(|name| {
        resource.verbs.iter().any(|&verb| {
            // neither has a name yet when it is asked for
            let carries_name = !matches!(verb, "create" | "deletecollection");
            rule.allows(&Request {
                verb,
                group: resource.group,
                resource: resource.resource,
                name: name.filter(|_| carries_name),
            })
        })
    })
}

fn is_meant(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
