//! Who may write what decides what is in force.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::{Grant, Holder};
use crate::k8s::rbac::{Binding, Rbac, Request, Rule, Subject};
use crate::mesh::{Mesh, PolicyResource, Residence};
use crate::model::At;

/// What holders are classed by.
struct Cast<'a> {
    context: &'a Context<'a>,
    mesh: &'a dyn Mesh,
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
    let mut found: Vec<Grant> = Vec::new();
    for mesh in &context.world.meshes {
        let cast = Cast::new(context, &**mesh);
        let mut by_line: BTreeMap<At, usize> = BTreeMap::new();
        for binding in &context.world.index.rbac().bindings {
            for rule in binding.rules.iter() {
                let granted = cast.granted(binding, rule);
                if granted.is_empty() {
                    continue;
                }
                let at = rule.at.as_ref().unwrap_or(&binding.role_at);
                let place = *by_line.entry(at.clone()).or_insert_with(|| {
                    found.push(Grant {
                        mesh: mesh.kind(),
                        at: context.address(at),
                        holders: Vec::new(),
                    });
                    found.len() - 1
                });
                if let Some(grant) = found.get_mut(place) {
                    cast.add(&mut grant.holders, binding, &granted);
                }
            }
        }
    }
    found
}

impl<'a> Cast<'a> {
    fn new(context: &'a Context<'a>, mesh: &'a dyn Mesh) -> Self {
        let index = &context.world.index;
        let workloads = index.workloads();
        let settings = mesh.settings();
        let beside = &index.resource(settings.at.resource).key.namespace;
        let beside = beside.as_ref().filter(|_| settings.known);
        let central = beside.into_iter().chain([&settings.root_namespace.value]);
        Self {
            context,
            mesh,
            running: workloads
                .iter()
                .map(|w| (&*w.namespace, &*w.service_account))
                .collect(),
            inhabited: workloads.iter().map(|w| &*w.namespace).collect(),
            administrators: administrators(index.rbac()),
            central: central.map(ToString::to_string).collect(),
        }
    }

    fn is_central(&self, namespace: &str) -> bool {
        self.central.contains(namespace)
    }

    /// What one rule lets people write through a binding.
    fn granted(&self, binding: &Binding, rule: &Rule) -> Vec<&'static PolicyResource> {
        let scope = binding.namespace.as_deref();
        let resources = self.mesh.policy_resources().iter();
        resources
            .filter(|resource| {
                let there = match resource.place {
                    Residence::Namespaces => true,
                    Residence::ControlPlane => scope.is_none_or(|own| self.is_central(own)),
                    Residence::Cluster => scope.is_none(),
                };
                there && writes(rule, resource)
            })
            .collect()
    }

    /// Adds everyone whom a binding names to those who have the rights of a line.
    fn add(&self, holders: &mut Vec<Holder>, binding: &Binding, granted: &[&PolicyResource]) {
        let scope = binding.namespace.as_deref();
        // in the order of the mesh's own list, the gravest first
        let mut parts: Vec<&'static str> = granted.iter().map(|one| one.part).collect();
        let mut seen = BTreeSet::new();
        parts.retain(|part| seen.insert(*part));
        let resources = granted.iter().map(|one| {
            let dot = if one.group.is_empty() { "" } else { "." };
            format!("{}{dot}{}", one.resource, one.group)
        });
        let resources: Vec<String> = resources.collect();
        for (subject, at) in &binding.subjects {
            let (namespace, name) = match subject {
                Subject::User(name) | Subject::Group(name) => (None, name.to_string()),
                Subject::ServiceAccount { namespace, name } => {
                    (Some(namespace.to_string()), format!("{namespace}/{name}"))
                }
            };
            holders.push(Holder {
                name: subject.to_string(),
                class: self.class(subject),
                namespace: namespace.or_else(|| subject.accounts_of().map(str::to_owned)),
                subject: name,
                at: self.context.address(at),
                role: binding.role.clone(),
                scope: scope.map(str::to_owned),
                mesh_wide: scope.is_none_or(|own| self.is_central(own)),
                parts: parts.clone(),
                resources: resources.clone(),
            });
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
        .filter(|one| one.rules.iter().any(Rule::is_everything))
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
