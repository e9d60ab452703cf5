//! What the server side takes: PeerAuthentication.
//!
//! `istio/istio: pilot/pkg/security/authn/policy_applier.go` (ComposePeerAuthentication),
//! `istio/istio: pilot/pkg/model/authentication.go`.

use super::crd::Selecting as _;
use super::crd::{Mode, PeerAuthentication};
use super::policy::{Object, Objects};
use crate::k8s::Index;
use crate::model::{At, Decided, Problem, ProblemKind, TlsAcceptance, Workload};

/// What nobody configured.
const DEFAULT: &str = "no PeerAuthentication sets a mode, and Istio's default takes plaintext too";

/// Drops what the admission webhook refuses: it will not exist.
/// `istio/istio: pkg/config/validation/validation.go` (ValidatePeerAuthentication).
pub fn admit(policies: &mut Objects<PeerAuthentication>, problems: &mut Vec<Problem>) {
    policies.retain(|policy| {
        let spec = &policy.spec;
        let by_port = policy.at("/spec/portLevelMtls");
        let labels = spec.labels();
        let starred = labels.is_some_and(|labels| {
            labels.iter().any(|(key, value)| key.contains('*') || value.contains('*'))
        });
        let bad_port = spec.port_level_mtls.keys().find(|port| !matches!(port.parse::<u16>(), Ok(1..)));
        let reason = if !spec.port_level_mtls.is_empty() && labels.is_none() {
            Some(("portLevelMtls needs a selector".to_owned(), by_port))
        } else if let Some(port) = bad_port {
            Some((format!("{port:?} is no port"), by_port.join(port)))
        } else if starred {
            Some(("a selector takes no *".to_owned(), policy.at("/spec/selector")))
        } else {
            None
        };
        let Some((reason, at)) = reason else { return true };
        problems.push(Problem::at(
            ProblemKind::Rejected,
            format!("Istio's admission webhook refuses this PeerAuthentication, so it is not in force: {reason}"),
            at,
        ));
        false
    });
}

/// The policies that may have a say about a workload, the nearest level last.
struct Candidates<'a> {
    mesh: Vec<&'a Object<PeerAuthentication>>,
    namespace: Vec<&'a Object<PeerAuthentication>>,
    workload: Vec<&'a Object<PeerAuthentication>>,
}

/// The PeerAuthentications of an environment.
#[derive(Debug)]
pub struct PeerPolicies<'a> {
    /// All of them.
    pub all: &'a Objects<PeerAuthentication>,
    /// Where selector-less ones count for the whole mesh.
    pub root: &'a str,
    /// The objects.
    pub index: &'a Index,
}

impl PeerPolicies<'_> {
    /// What a port of a workload takes.
    pub fn acceptance(
        &self,
        workload: &Workload,
        revision: &str,
        port: u16,
    ) -> Decided<TlsAcceptance> {
        let found = self.candidates(&workload.namespace, Some(workload), revision);
        let whole = self.mode(&found, workload.at());
        self.of_port(&found, whole, port)
    }

    /// What a port takes: what is said about it, or about all.
    fn of_port(
        &self,
        found: &Candidates<'_>,
        whole: Decided<Mode>,
        port: u16,
    ) -> Decided<TlsAcceptance> {
        let by_port = found.workload.first().and_then(|policy| {
            let key = port.to_string();
            let mode = policy.spec.port_level_mtls.get(&key)?.mode;
            let at = policy.at("/spec/portLevelMtls").join(&key).join("mode");
            (mode != Mode::Unset).then_some((mode, at, policy))
        });
        let decided = match by_port {
            Some((mode, at, policy)) => Decided {
                rivals: self.rivals(policy, &found.workload),
                ..Decided::configured(mode, at)
            },
            None => whole,
        };
        Decided {
            value: acceptance(decided.value),
            because: decided.because,
            rivals: decided.rivals,
        }
    }

    /// What a port of a workload in ambient mode takes. Mutual TLS is never switched off there: all
    /// that is decided is whether plaintext is refused.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go`
    /// (convertedSelectorPeerAuthentications, convertPeerAuthentication).
    pub fn at_node(
        &self,
        workload: &Workload,
        revision: &str,
        port: u16,
    ) -> Decided<TlsAcceptance> {
        let mut found = self.candidates(&workload.namespace, Some(workload), revision);
        if *workload.namespace != *self.root {
            // an empty selector is one, there
            found.mesh.retain(|policy| policy.spec.selector.is_none());
        }
        let whole = self.mode(&found, workload.at());
        let mut decided = self.of_port(&found, whole.clone(), port);
        if decided.value == TlsAcceptance::Plaintext {
            decided.value = TlsAcceptance::Permissive;
        }
        let Some(policy) = found.workload.first() else {
            return decided;
        };
        let ports = &policy.spec.port_level_mtls;
        let of_port = ports.get(&port.to_string()).map(|mtls| mtls.mode);
        let own = policy.spec.mtls.as_ref().map_or(Mode::Unset, |m| m.mode);
        let any_permissive = ports.values().any(|mtls| mtls.mode == Mode::Permissive);
        if own == Mode::Unset
            && any_permissive
            && let Some(at) = self.lost_below(&found)
        {
            return Decided::configured(TlsAcceptance::Permissive, at);
        }
        let overruled = match (own, of_port) {
            // below another level's STRICT, a port is let off by DISABLE only next to a PERMISSIVE one
            (Mode::Unset, Some(Mode::Disable)) => whole.value == Mode::Strict && !any_permissive,
            // below a mesh that is STRICT, a STRICT port of a policy that is not goes missing
            (Mode::Permissive | Mode::Disable, Some(Mode::Strict)) => self.inherits_strict(&found),
            _ => false,
        };
        if !overruled {
            return decided;
        }
        Decided {
            value: acceptance(match whole.value {
                Mode::Disable => Mode::Permissive,
                mode => mode,
            }),
            because: whole.because,
            rivals: whole.rivals,
        }
    }

    /// The namespace's policy that says nothing below a mesh that is STRICT: there a policy for
    /// ports takes the place of the mesh's and is not made itself, so plaintext passes everywhere.
    fn lost_below(&self, found: &Candidates<'_>) -> Option<At> {
        let unset = found.namespace.first()?;
        self.inherits_strict(found).then(|| unset.at("/spec/mtls"))
    }

    /// Whether the mesh says STRICT and the namespace nothing.
    fn inherits_strict(&self, found: &Candidates<'_>) -> bool {
        let mode = |level: &Vec<&Object<PeerAuthentication>>| {
            let first = level.first();
            first.and_then(|policy| policy.spec.mtls.as_ref().map(|mtls| mtls.mode))
        };
        mode(&found.mesh) == Some(Mode::Strict)
            && mode(&found.namespace).is_none_or(|mode| mode == Mode::Unset)
    }

    /// What the ports of a workload take for which nothing is said port by port.
    pub fn whole(&self, workload: &Workload, revision: &str) -> Decided<TlsAcceptance> {
        let found = self.candidates(&workload.namespace, Some(workload), revision);
        let decided = self.mode(&found, workload.at());
        Decided {
            value: acceptance(decided.value),
            because: decided.because,
            rivals: decided.rivals,
        }
    }

    /// Whether clients take a whole namespace for plaintext only; workload policies do not count.
    /// `istio/istio: pilot/pkg/model/push_context.go` (BestEffortInferServiceMTLSMode).
    pub fn namespace_is_disabled(&self, namespace: &str, near: At) -> Option<At> {
        let found = self.candidates(namespace, None, "default");
        let decided = self.mode(&found, near);
        (decided.value == Mode::Disable).then(|| decided.because.at().clone())
    }

    fn candidates(
        &self,
        namespace: &str,
        workload: Option<&Workload>,
        revision: &str,
    ) -> Candidates<'_> {
        let whole = |namespace: &str| -> Vec<_> {
            self.all
                .of_namespace(namespace)
                .filter(|p| p.is_read_by(revision) && p.spec.labels().is_none())
                .collect()
        };
        let own = namespace != self.root;
        Candidates {
            mesh: whole(self.root),
            namespace: if own { whole(namespace) } else { Vec::new() },
            workload: workload.filter(|_| own).map_or_else(Vec::new, |workload| {
                self.all
                    .selecting_from(namespace, workload)
                    .filter(|p| p.is_read_by(revision) && p.spec.labels().is_some())
                    .collect()
            }),
        }
    }

    fn mode(&self, found: &Candidates<'_>, near: At) -> Decided<Mode> {
        let mut decided = Decided::default(Mode::Permissive, DEFAULT, near);
        for level in [&found.mesh, &found.namespace, &found.workload] {
            let Some(policy) = level.first() else {
                continue;
            };
            let mode = policy
                .spec
                .mtls
                .as_ref()
                .map_or(Mode::Unset, |mtls| mtls.mode);
            let rivals = self.rivals(policy, level);
            if mode != Mode::Unset {
                decided = Decided {
                    rivals,
                    ..Decided::configured(mode, policy.at("/spec/mtls/mode"))
                };
            } else if !rivals.is_empty() {
                decided.rivals = rivals;
            }
        }
        decided
    }

    /// The others of a level that say something else, where no times tell which is the oldest.
    fn rivals(
        &self,
        chosen: &Object<PeerAuthentication>,
        level: &[&Object<PeerAuthentication>],
    ) -> Vec<At> {
        let resource = self.index.resource(chosen.id);
        level
            .iter()
            .filter(|other| {
                let theirs = self.index.resource(other.id);
                let times_are_known = resource.created.is_some() && theirs.created.is_some();
                other.id != chosen.id && !times_are_known && !same(&other.spec, &chosen.spec)
            })
            .map(|other| other.at("/spec/mtls"))
            .collect()
    }
}

fn same(a: &PeerAuthentication, b: &PeerAuthentication) -> bool {
    let mode = |p: &PeerAuthentication| p.mtls.as_ref().map_or(Mode::Unset, |mtls| mtls.mode);
    let ports = |p: &PeerAuthentication| -> Vec<_> {
        p.port_level_mtls
            .iter()
            .map(|(port, mtls)| (port.clone(), mtls.mode))
            .collect()
    };
    mode(a) == mode(b) && ports(a) == ports(b)
}

fn acceptance(mode: Mode) -> TlsAcceptance {
    match mode {
        Mode::Strict => TlsAcceptance::Required,
        Mode::Disable => TlsAcceptance::Plaintext,
        Mode::Permissive | Mode::Unset => TlsAcceptance::Permissive,
    }
}
