//! NetworkPolicies, which are not worked out yet: what they select is conditional on them.

use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::model::{At, Problem, ProblemKind, Tri, Workload};
use crate::syntax::Node;

/// One NetworkPolicy.
#[derive(Debug)]
struct NetworkPolicy {
    namespace: String,
    pods: LabelSelector,
    ingress: bool,
    egress: bool,
    at: At,
}

/// All NetworkPolicies of an environment.
#[derive(Debug, Default)]
pub struct NetworkPolicies(Vec<NetworkPolicy>);

impl NetworkPolicies {
    /// Finds them; each is a problem as well.
    pub fn read(index: &Index, problems: &mut Vec<Problem>) -> Self {
        let mut found = Vec::new();
        for &id in index.of_kind("networking.k8s.io", "NetworkPolicy") {
            let spec = index.node(id).get("spec");
            let field = |key| spec.and_then(|s: Node<'_>| s.get(key));
            let pods = field("podSelector").and_then(|node| crate::syntax::from_node(node).ok());
            let types: Vec<&str> = field("policyTypes")
                .into_iter()
                .flat_map(Node::items)
                .filter_map(Node::as_str)
                .collect();
            let has_egress_rules =
                field("egress").is_some_and(|rules| rules.items().next().is_some());
            let at = At::new(id, "/kind");
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "NetworkPolicies are not worked out yet; verdicts on what it selects are conditional",
                at.clone(),
            ));
            found.push(NetworkPolicy {
                namespace: index
                    .resource(id)
                    .key
                    .namespace
                    .as_deref()
                    .unwrap_or("")
                    .to_owned(),
                pods: pods.unwrap_or_default(),
                ingress: types.is_empty() || types.contains(&"Ingress"),
                egress: types.contains(&"Egress") || (types.is_empty() && has_egress_rules),
                at,
            });
        }
        Self(found)
    }

    fn touching(
        &self,
        workload: &Workload,
        which: impl Fn(&NetworkPolicy) -> bool,
    ) -> Vec<(String, At)> {
        self.0
            .iter()
            .filter(|policy| {
                which(policy)
                    && policy.namespace == *workload.namespace
                    && policy.pods.matches(Some(&workload.labels)) == Tri::Yes
            })
            .map(|policy| {
                (
                    "a NetworkPolicy has to let it pass".to_owned(),
                    policy.at.clone(),
                )
            })
            .collect()
    }

    /// What limits calls to a workload.
    pub fn inbound(&self, workload: &Workload) -> Vec<(String, At)> {
        self.touching(workload, |policy| policy.ingress)
    }

    /// What limits calls of a workload.
    pub fn outbound(&self, workload: &Workload) -> Vec<(String, At)> {
        self.touching(workload, |policy| policy.egress)
    }
}
