//! What a sidecar knows of, and what becomes of calls to anything else: `Sidecar`, `exportTo`.
//!
//! `istio/istio: pilot/pkg/model/sidecar.go`, `istio/istio: pilot/pkg/model/push_context.go`
//! (initSidecarScopes).

use serde::Deserialize;

use crate::k8s::Index;
use crate::mesh::istio::crd::{Selecting, WorkloadSelector};
use crate::mesh::istio::policy::{Object, Objects};
use crate::mesh::istio::routes::covers;
use crate::model::{At, Labels, Problem, Workload};

/// `Sidecar`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sidecar {
    /// The pods it is about.
    pub workload_selector: Option<WorkloadSelector>,
    /// What they know of; absent is everything.
    pub egress: Vec<Egress>,
    /// What they serve, where that is set by hand.
    pub ingress: Vec<serde::de::IgnoredAny>,
    /// What becomes of calls to anything else.
    pub outbound_traffic_policy: Option<OutboundPolicy>,
}

impl Selecting for Sidecar {
    fn labels(&self) -> Option<&Labels> {
        let labels = self.workload_selector.as_ref().map(|s| &s.labels);
        labels.filter(|labels| !labels.is_empty())
    }
}

/// `egress[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Egress {
    /// The port it is about; absent is all.
    pub port: Option<crate::mesh::istio::crd::PortSelector>,
    /// Namespaces and hosts.
    pub hosts: Vec<String>,
}

/// `outboundTrafficPolicy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OutboundPolicy {
    /// Absent is `REGISTRY_ONLY`, the zero of its enumeration.
    pub mode: Option<String>,
    /// Where such calls are sent instead.
    pub egress_proxy: Option<serde::de::IgnoredAny>,
}

/// The Sidecars of an environment.
#[derive(Debug, Default)]
pub struct Sidecars {
    all: Objects<Sidecar>,
}

/// Whether a sidecar knows of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It does.
    Yes,
    /// It does not, because of this line.
    No(At),
}

impl Sidecars {
    /// Finds them.
    pub fn find(index: &Index, problems: &mut Vec<Problem>) -> Self {
        let all = Objects::read(index, "networking.istio.io", "Sidecar", problems);
        Self { all }
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.all.iter().next().is_none()
    }

    /// The one that counts for a workload: one that selects it, else its namespace's, else the root's.
    pub fn of(&self, workload: &Workload, root: &str, revision: &str) -> Option<&Object<Sidecar>> {
        let near = || {
            let found = self.all.selecting_from(&workload.namespace, workload);
            found.filter(|s| s.is_read_by(revision))
        };
        let own = near()
            .find(|s| s.spec.labels().is_some())
            .or_else(|| near().next());
        own.or_else(|| {
            let mut of_root = self.all.of_namespace(root);
            of_root.find(|s| s.spec.labels().is_none() && s.is_read_by(revision))
        })
    }
}

/// Whether the pods a Sidecar is about know of a host on a port.
pub fn knows(
    sidecar: &Object<Sidecar>,
    (own, namespace): (&str, &str),
    host: &str,
    port: u16,
) -> Known {
    let egress = &sidecar.spec.egress;
    if egress.is_empty() {
        return Known::Yes;
    }
    let is_for = |one: &Egress| {
        one.port
            .as_ref()
            .is_some_and(|p| p.number == u32::from(port))
    };
    let special = egress.iter().any(is_for);
    let counting = egress.iter().filter(|one| match special {
        true => is_for(one),
        false => one.port.as_ref().is_none_or(|p| p.number == 0),
    });
    let mut taken = false;
    for entry in counting.flat_map(|one| &one.hosts) {
        let Some((there, pattern)) = entry.split_once('/') else {
            continue;
        };
        let (excludes, there) = match there.strip_prefix('~') {
            Some(rest) => (true, rest),
            None => (false, there),
        };
        let fits = match there {
            "" | "*" => true,
            "." => namespace == own,
            there => there == namespace,
        };
        if fits && covers(pattern, host) {
            if excludes {
                return Known::No(sidecar.at("/spec/egress"));
            }
            taken = true;
        }
    }
    match taken {
        true => Known::Yes,
        false => Known::No(sidecar.at("/spec/egress")),
    }
}

/// Whether `exportTo` lets clients of a namespace know of what lies in another one.
pub fn is_exported(export: &[String], own: &str, to: &str) -> bool {
    export.is_empty()
        || export
            .iter()
            .any(|e| e == "*" || e == to || (e == "." && own == to))
}

/// What becomes of calls to what a Sidecar's pods do not know of, if it says.
pub fn outbound_mode(sidecar: &Object<Sidecar>) -> Option<(String, At)> {
    let policy = sidecar.spec.outbound_traffic_policy.as_ref()?;
    let mode = policy
        .mode
        .clone()
        .unwrap_or_else(|| "REGISTRY_ONLY".to_owned());
    Some((mode, sidecar.at("/spec/outboundTrafficPolicy")))
}

/// The namespace-and-label selection of a Sidecar, for telling clients apart.
pub fn key(sidecar: Option<&Object<Sidecar>>) -> String {
    sidecar.map_or_else(String::new, |s| format!("{}", s.id.0))
}
