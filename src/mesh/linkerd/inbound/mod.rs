//! What a workload's proxy takes, and from whom.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/index.rs` (inbound_server,
//! default_inbound_server), `policy-controller/grpc/src/inbound.rs` (to_server).

mod bypass;
mod policy;
mod probe;
pub mod server;

use std::sync::Arc;

use super::Linkerd;
use super::membership::annotation::Annotations;
use policy::Policy;
use server::{ADMIN, CONTROL, INBOUND};

use crate::model::{
    At, Because, Decided, Inlet, InletKind, Layer, Listener, TlsAcceptance, Transport, Workload,
};

impl Linkerd {
    /// Everything in force on a port.
    pub(super) fn listener_of(&self, workload: &Workload, port: u16) -> Listener {
        let policy = self.policy_of(workload, port);
        let tls = match &policy.anonymous {
            Some(at) => Decided::new(
                TlsAcceptance::Permissive,
                match &policy.because {
                    because if because.at() == at => because.clone(),
                    _ => Because::Configured(at.clone()),
                },
            ),
            None => Decided::new(TlsAcceptance::Required, policy.because.clone()),
        };
        let (tls, inlets) = match self.skipped_inbound(workload, port) {
            Some(because) => {
                let past = Inlet {
                    kind: InletKind::Bypass,
                    accepts: Transport::Plaintext,
                    layer: Layer::Tcp,
                    authorization: None,
                    because: because.clone(),
                };
                let tls = Decided::new(TlsAcceptance::Plaintext, because);
                (tls, vec![past])
            }
            None => {
                let inlets = self.inlets(workload, port, &policy, &tls.because);
                (tls, inlets)
            }
        };
        Listener {
            workload: workload.id,
            port,
            protocol: policy.protocol.clone(),
            tls,
            inlets,
            conditions: self.conditions(workload, port, &policy),
            passed_over: policy
                .server
                .map(|server| self.authorizations.passed_over(server, &self.config))
                .unwrap_or_default(),
            serves_others: false,
            unjudged: None,
        }
    }

    /// The ways through the proxy, and past it for whom its subnet is skipped.
    fn inlets(
        &self,
        workload: &Workload,
        port: u16,
        policy: &Policy<'_>,
        because: &Because,
    ) -> Vec<Inlet> {
        let mut inlets = Vec::new();
        let skipped = self.skipped_subnets(workload).filter(|_| port != ADMIN.0);
        for (layer, rules) in &policy.layers {
            let mut add = |kind, accepts| {
                inlets.push(Inlet {
                    kind,
                    accepts,
                    layer: *layer,
                    authorization: Some(Arc::clone(rules)),
                    because: because.clone(),
                });
            };
            add(InletKind::Proxied, Transport::Mtls);
            if port == INBOUND.0 {
                continue;
            }
            add(InletKind::Permissive, Transport::Plaintext);
            if policy.protocol.value == "tls" {
                add(InletKind::Permissive, Transport::Tls);
            }
        }
        if let Some(skipped) = skipped {
            inlets.push(Inlet {
                kind: InletKind::Bypass,
                accepts: Transport::Plaintext,
                layer: policy
                    .layers
                    .first()
                    .map_or(Layer::Tcp, |(layer, _)| *layer),
                authorization: Some(Arc::new(skipped.1)),
                because: skipped.0,
            });
        }
        inlets
    }

    /// What could change what becomes of a call, and is not in the input.
    fn conditions(&self, workload: &Workload, port: u16, policy: &Policy<'_>) -> Vec<(String, At)> {
        let annotations = Annotations::of(&self.index, workload);
        let mut unknown = Vec::new();
        let mut may = |name: &str, what: &str| {
            if annotations.may_inherit(name) {
                let what = format!("the annotations of its namespace may {what}");
                unknown.push((what, workload.at()));
            }
        };
        if policy.server.is_none() && port != CONTROL {
            may("default-inbound-policy", "say who may call it");
        }
        if ![ADMIN.0, CONTROL, INBOUND.0].contains(&port) {
            may("skip-inbound-ports", "lead calls past its proxy");
        }
        unknown
    }
}
