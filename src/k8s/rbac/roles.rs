//! Roles: written, put together from others by their labels, or built in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::{Rule, builtin};
use crate::k8s::selector::LabelSelector;
use crate::k8s::{Index, whole};
use crate::model::{At, Problem, ProblemKind, ResourceId, Tri};
use crate::syntax::Node;

pub(super) const GROUP: &str = "rbac.authorization.k8s.io";

/// The label by which `view`, `edit` and `admin` take in the rules of other roles.
const AGGREGATE_TO: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// How many roles and rules are looked at in an environment, each as often as it is taken in.
const MOST: usize = 2_000_000;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Written {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

/// Namespace and name of a role; a ClusterRole has no namespace.
type Key = (Option<Arc<str>>, Arc<str>);

/// The roles of an environment.
pub(super) struct Roles<'a> {
    index: &'a Index,
    /// Where each is written: more than once, if it is contested, and all of it may be in force.
    written: HashMap<Key, Vec<ResourceId>>,
    /// What was asked for already.
    known: HashMap<Key, Option<Arc<[Arc<Rule>]>>>,
    /// The rules of each object that was read.
    read: HashMap<ResourceId, Vec<Arc<Rule>>>,
    /// How much may still be looked at: roles that take in one another can be many times what is
    /// written.
    left: usize,
    /// What is wrong with those.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Roles<'a> {
    pub(super) fn new(index: &'a Index) -> Self {
        let mut written: HashMap<Key, Vec<ResourceId>> = HashMap::new();
        for kind in ["Role", "ClusterRole"] {
            for &id in index.of_kind(GROUP, kind) {
                let key = &index.resource(id).key;
                let own = (key.namespace.clone(), Arc::clone(&key.name));
                written.entry(own).or_default().push(id);
            }
        }
        Self {
            index,
            written,
            known: HashMap::new(),
            read: HashMap::new(),
            left: MOST,
            problems: Vec::new(),
        }
    }

    /// What a role allows, if it is in the input or built in; complained about once, at `named`, if
    /// it is neither.
    pub(super) fn rules(
        &mut self,
        namespace: Option<&str>,
        name: &str,
        named: &At,
    ) -> Arc<[Arc<Rule>]> {
        let key = (namespace.map(Arc::from), Arc::from(name));
        if !self.known.contains_key(&key) {
            let found = self.find(&key).map(Arc::from);
            // what belongs to Kubernetes itself is never in files
            if found.is_none() && !name.starts_with("system:") {
                let role = match namespace {
                    Some(own) => format!("Role {own}/{name}"),
                    None => format!("ClusterRole {name}"),
                };
                self.problems.push(Problem::at(
                    ProblemKind::DanglingReference,
                    format!("the {role} is not in these files: what it grants is not known"),
                    named.clone(),
                ));
            }
            self.known.insert(key.clone(), found);
        }
        let known = self.known.get(&key).and_then(Option::as_ref);
        known.map_or_else(|| Arc::from([]), Arc::clone)
    }

    fn find(&mut self, key: &Key) -> Option<Vec<Arc<Rule>>> {
        let own = self.written.get(key).cloned().unwrap_or_default();
        let cluster = key.0.is_none();
        let built_in = builtin::rules(&key.1).filter(|_| cluster);
        if own.is_empty() && built_in.is_none() {
            return None;
        }
        let mut rules = built_in.unwrap_or_default();
        let mut roles = own;
        for role in builtin::aggregates(&key.1).iter().filter(|_| cluster) {
            roles.extend(self.labelled(&format!("{AGGREGATE_TO}{role}")));
        }
        rules.extend(self.gather(roles));
        Some(rules)
    }

    fn labelled(&self, label: &str) -> Vec<ResourceId> {
        let all = self.index.of_kind(GROUP, "ClusterRole").iter().copied();
        all.filter(|&id| {
            let labels = &self.index.resource(id).labels;
            labels.get(label).map(|v| &**v) == Some("true")
        })
        .collect()
    }

    /// The rules of some roles and of all whose rules they take in.
    /// `kubernetes/kubernetes: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
    fn gather(&mut self, mut roles: Vec<ResourceId>) -> Vec<Arc<Rule>> {
        let mut rules = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(&id) = roles.get(next) {
            next += 1;
            if !seen.insert(id) {
                continue;
            }
            let taken_in = self.taken_in(id);
            // the controller overwrites the rules of such a role; of what it takes in elsewhere, they
            // are all there is to see
            let own = match taken_in.is_empty() {
                true => self.of(id),
                false => Vec::new(),
            };
            if !self.may_spend(1 + own.len(), id) {
                break;
            }
            rules.extend(own);
            roles.extend(taken_in);
        }
        rules
    }

    /// Takes from what may still be looked at, and says where it came to an end.
    fn may_spend(&mut self, cost: usize, at: ResourceId) -> bool {
        let had = self.left;
        self.left = had.saturating_sub(cost);
        if self.left == 0 && had > 0 {
            self.problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "roles take in one another in too many ways: what they grant is not followed from here on",
                whole(at),
            ));
        }
        self.left > 0
    }

    /// The other ClusterRoles that an aggregated one selects.
    fn taken_in(&mut self, id: ResourceId) -> Vec<ResourceId> {
        let selectors = self
            .index
            .node(id)
            .path(&["aggregationRule", "clusterRoleSelectors"]);
        let selectors: Vec<LabelSelector> = selectors
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|node| crate::syntax::from_node(node).ok())
            .collect();
        let all = self.index.of_kind(GROUP, "ClusterRole");
        if selectors.is_empty() || !self.may_spend(all.len(), id) {
            return Vec::new();
        }
        let all = all.iter().copied();
        all.filter(|&other| {
            let labels = &self.index.resource(other).labels;
            other != id
                && selectors
                    .iter()
                    .any(|one| one.matches(Some(labels)) == Tri::Yes)
        })
        .collect()
    }

    fn of(&mut self, id: ResourceId) -> Vec<Arc<Rule>> {
        if let Some(known) = self.read.get(&id) {
            return known.clone();
        }
        let rules = self.parse(id);
        self.read.insert(id, rules.clone());
        rules
    }

    fn parse(&mut self, id: ResourceId) -> Vec<Arc<Rule>> {
        let list = self.index.node(id).get("rules");
        let mut rules = Vec::new();
        for (i, node) in list.into_iter().flat_map(Node::items).enumerate() {
            let at = At::new(id, "/rules").join(i);
            match crate::syntax::from_node::<Written>(node) {
                Ok(written) => rules.push(Arc::new(Rule {
                    verbs: written.verbs,
                    groups: written.api_groups,
                    resources: written.resources,
                    names: written.resource_names,
                    at: Some(at),
                })),
                Err(_) => self.problems.push(Problem::at(
                    ProblemKind::Rejected,
                    "a rule of a role holds lists of texts; the API server refuses this one",
                    at,
                )),
            }
        }
        rules
    }
}
