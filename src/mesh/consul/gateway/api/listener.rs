//! Listeners of a `Gateway` of the Gateway API: what they take, and which routes.
//!
//! `hashicorp/consul-k8s: control-plane/api-gateway/common/translation.go` (toAPIGatewayListener),
//! `control-plane/api-gateway/binding/validation.go`.

use super::class::Family;
use crate::k8s::selector::LabelSelector;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::GROUP;
use crate::mesh::consul::written::Written;
use crate::model::{At, Layer, TlsOrigination, Tri};
use crate::syntax::from_node;

/// The annotation and option by which certificates come from elsewhere.
const ELSEWHERE: &str = "api-gateway.consul.hashicorp.com/tls_sds_cert_resource";

/// What clients send to a listener, how it is read, and what has to hold for that.
pub struct Taken {
    pub sends: TlsOrigination,
    pub layer: Layer,
    pub needs: Vec<(String, At)>,
}

/// An object that names others.
pub struct Referrer<'a> {
    pub family: Family,
    pub kind: &'a str,
    pub namespace: &'a str,
}

impl Consul {
    /// What a listener takes; nothing of one that is not served.
    pub(super) fn taken(&self, gateway: &Referrer<'_>, listener: &Written<'_>) -> Option<Taken> {
        let (layer, sealed) = match listener.text("protocol")? {
            "HTTP" => (Layer::Http, false),
            "HTTPS" => (Layer::Http, true),
            "TCP" => (Layer::Tcp, false),
            _ => return None,
        };
        let mut taken = Taken {
            sends: TlsOrigination::Plaintext,
            layer,
            needs: Vec::new(),
        };
        let Some(tls) = listener.get("tls") else {
            // the API server refuses one for HTTPS without certificates
            return (!sealed).then_some(taken);
        };
        taken.sends = TlsOrigination::ForeignTls;
        if tls.text("mode") == Some("Passthrough") {
            let what = "what Consul makes of a listener that passes TLS through, which it does not support";
            taken.needs.push((what.to_owned(), tls.field("mode")));
        }
        let certificates = tls.each("certificateRefs");
        let from_elsewhere = tls.path(&["options", ELSEWHERE]).is_some();
        if certificates.is_empty() && !from_elsewhere {
            let what = "a listener for TLS names no certificate in the input";
            taken.needs.push((what.to_owned(), tls.at().clone()));
        }
        for certificate in certificates {
            let name = certificate.text("name").unwrap_or_default();
            let own = certificate.text("namespace").unwrap_or(gateway.namespace);
            if !self.is_granted(gateway, ("Secret", own, name)) {
                return None;
            }
            if self.index.find("", "Secret", Some(own), name).is_none() {
                let what = format!("the certificate {own}/{name} is not in the input");
                taken.needs.push((what, certificate.at().clone()));
            }
        }
        Some(taken)
    }

    /// Whether a listener lets routes of a kind in from a namespace.
    pub(super) fn admits(
        &self,
        own: &str,
        listener: &Written<'_>,
        kind: &str,
        namespace: &str,
    ) -> Tri {
        let allowed = listener.get("allowedRoutes");
        let kinds = allowed
            .as_ref()
            .map_or_else(Vec::new, |it| it.each("kinds"));
        let mut listed = kinds.iter();
        if !kinds.is_empty() && !listed.any(|one| one.text("kind") == Some(kind)) {
            return Tri::No;
        }
        let namespaces = allowed.and_then(|it| it.get("namespaces"));
        let from = namespaces.as_ref().and_then(|it| it.text("from"));
        match from.unwrap_or("Same") {
            "All" => Tri::Yes,
            "Same" => (own == namespace).into(),
            "Selector" => {
                let labels = self.index.namespace(namespace);
                let labels = labels.and_then(|it| it.labels.as_ref());
                let selector = namespaces.and_then(|it| it.get("selector"));
                let selector = selector.and_then(|it| from_node::<LabelSelector>(it.node()).ok());
                selector.map_or(Tri::No, |selector| selector.matches(labels))
            }
            _ => Tri::No,
        }
    }

    /// Whether an object may name one of another namespace: its kind, its namespace and its name.
    /// `hashicorp/consul-k8s: control-plane/api-gateway/binding/reference_grant.go`.
    pub(super) fn is_granted(&self, from: &Referrer<'_>, to: (&str, &str, &str)) -> bool {
        let (kind, namespace, name) = to;
        if from.namespace == namespace {
            return true;
        }
        let grants = self
            .index
            .of_kind(from.family.group, "ReferenceGrant")
            .iter();
        let mut grants = grants
            .filter(|&&id| self.index.resource(id).key.namespace.as_deref() == Some(namespace));
        grants.any(|&id| {
            let Some(spec) = Written::object(&self.index, At::new(id, "/spec")) else {
                return false;
            };
            let group = if kind == "MeshService" { GROUP } else { "" };
            let of = spec.each("from").iter().any(|one| {
                one.text("group") == Some(from.family.group)
                    && one.text("kind") == Some(from.kind)
                    && one.text("namespace") == Some(from.namespace)
            });
            of && spec.each("to").iter().any(|one| {
                one.text("group").unwrap_or("") == group
                    && one.text("kind") == Some(kind)
                    && one.text("name").is_none_or(|own| own == name)
            })
        })
    }
}
