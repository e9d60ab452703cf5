//! What a workload's proxy sends.
//!
//! `linkerd/linkerd2: controller/api/destination/endpoint_translator.go`,
//! `linkerd/linkerd2-proxy-init: pkg/iptables/iptables.go`.

use super::Linkerd;
use super::membership::annotation::{Annotations, is_external};
use crate::mesh::Call;
use crate::model::{At, Because, Decided, TlsOrigination, Way, Workload};

impl Linkerd {
    /// The ways of a call inside the cluster.
    pub(super) fn ways_of(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let service = call.service.map(|(id, _)| self.index.service(id));
        let headless = service.is_none_or(|service| service.headless);
        let dialled = match call.service {
            Some((_, port)) if !headless => port,
            _ => call.port,
        };
        let (sends, conditions) = self.sends(client, call, dialled);
        let mut way = Way::straight(sends, call.service);
        way.conditions = conditions;
        if let Some((service, (_, port))) = service.zip(call.service)
            && self.skipped_outbound(client, dialled).is_none()
            && self.reads_requests(call)
        {
            way.gates.extend(self.routing(client, service, port));
        }
        way.host = service
            .map(|service| format!("{}.{}.svc.cluster.local", service.name, service.namespace));
        vec![way]
    }

    /// Whether requests to a port are read, rather than bytes.
    fn reads_requests(&self, call: &Call<'_>) -> bool {
        let annotations = Annotations::of(&self.index, call.workload);
        self.opaque(&annotations, call.port).is_none()
    }

    /// What a client sends to a port, and what could change it.
    fn sends(
        &self,
        client: &Workload,
        call: &Call<'_>,
        dialled: u16,
    ) -> (Decided<TlsOrigination>, Vec<(String, At)>) {
        let plain = |because| Decided::new(TlsOrigination::Plaintext, because);
        if let Some(because) = self.skipped_outbound(client, dialled) {
            return (plain(because), Vec::new());
        }
        let annotations = Annotations::of(&self.index, client);
        let mut conditions = Vec::new();
        if annotations.may_inherit("skip-outbound-ports") {
            let what = "the annotations of the client's namespace may lead calls past its proxy";
            conditions.push((what.to_owned(), client.at()));
        }
        if !call.meshed {
            let because = Because::Default {
                rule: "Linkerd calls pods without its proxy as the application does",
                near: call.workload.at(),
            };
            return (plain(because), conditions);
        }
        match self.skipped_inbound(call.workload, call.port) {
            // clients are told of the annotation only
            Some(because) if is_annotation(&because) => (plain(because), conditions),
            Some(because) => {
                let what = "clients are not told that calls to this port pass by the proxy, and may send \
                            mutual TLS that the application cannot read";
                conditions.push((what.to_owned(), because.at().clone()));
                (plain(because), conditions)
            }
            None => {
                let rule = "Linkerd uses mutual TLS between pods that have its proxy";
                (
                    Decided::default(TlsOrigination::Mtls, rule, client.at()),
                    conditions,
                )
            }
        }
    }

    /// Why calls to a port go out past the proxy.
    pub(super) fn skipped_outbound(&self, client: &Workload, port: u16) -> Option<Because> {
        if is_external(client) {
            return None;
        }
        let annotations = Annotations::of(&self.index, client);
        annotations.lists("skip-outbound-ports", &self.config.ignore_outbound, port)
    }

    /// What distinguishes clients on their way out.
    pub(super) fn way_out_key(&self, client: &Workload) -> String {
        let annotations = Annotations::of(&self.index, client);
        let skipped = annotations.config("skip-outbound-ports");
        let unknown = annotations.may_inherit("skip-outbound-ports");
        format!("{unknown}|{}", skipped.map_or("-", |(text, _)| text))
    }
}

/// Whether an annotation decided.
fn is_annotation(because: &Because) -> bool {
    let pointer = because.at().pointer.as_str();
    because.is_configured() && pointer.contains("/annotations/")
}
