//! The annotations of a pod as its proxy gets them: its own, and those of its namespace that the
//! injector copies.
//!
//! `linkerd/linkerd2: pkg/inject/inject.go` (AppendNamespaceAnnotations, GetConfigOverride).

use crate::k8s::Index;
use crate::mesh::linkerd::port::{self, Ports};
use crate::model::{At, Because, Decided, Labels, ResourceId, Workload};

/// The annotation that asks for a proxy.
pub const INJECT: &str = "linkerd.io/inject";

/// The domain of the annotations that set a proxy up.
const CONFIG: &str = "config.linkerd.io/";

/// What the injector does not copy from the namespace.
const OWN: &[&str] = &[
    "enable-gateway",
    "close-wait-timeout",
    "debug-image",
    "debug-image-pull-policy",
    "debug-image-version",
    "proxy-cpu-ratio-limit",
];

/// The annotations of a workload's pods.
#[derive(Debug, Clone, Copy)]
pub struct Annotations<'a> {
    /// The workload.
    pub workload: &'a Workload,
    /// Its namespace; nothing where its object is not in the input, or no injector has to do with
    /// the workload.
    pub namespace: Option<(ResourceId, &'a Labels)>,
    /// Whether all annotations are known.
    pub known: bool,
}

impl<'a> Annotations<'a> {
    /// Why a port is on a list for the init container: an annotation's, or else the installation's.
    pub fn lists(&self, name: &str, installed: &Decided<Ports>, port: u16) -> Option<Because> {
        match self.config(name) {
            Some((text, at)) => {
                port::contains(&port::each(text), port).then_some(Because::Configured(at))
            }
            None => port::contains(&installed.value, port).then(|| installed.because.clone()),
        }
    }

    /// Those of a workload.
    pub fn of(index: &'a Index, workload: &'a Workload) -> Self {
        let external = is_external(workload);
        let known = index
            .namespace(&workload.namespace)
            .filter(|namespace| namespace.labels.is_some());
        let namespace = known.map(|namespace| {
            let id = namespace.at.resource;
            (id, &index.resource(id).annotations)
        });
        Self {
            workload,
            namespace: namespace.filter(|_| !external),
            known: external || known.is_some(),
        }
    }

    /// One that sets the proxy up, without its domain: `access-log`. One that the pod has counts,
    /// even if it is empty.
    pub fn config(&self, name: &str) -> Option<(&'a str, At)> {
        let key = format!("{CONFIG}{name}");
        self.own(&key).or_else(|| {
            let inherited = !OWN.contains(&name);
            self.of_namespace(&key).filter(|_| inherited)
        })
    }

    /// One of the pod itself.
    pub fn own(&self, key: &str) -> Option<(&'a str, At)> {
        let value = self.workload.annotation(key)?;
        Some((value, self.workload.annotation_at(key)))
    }

    /// One of the namespace.
    pub fn of_namespace(&self, key: &str) -> Option<(&'a str, At)> {
        let (id, annotations) = self.namespace?;
        let value = annotations.get(key)?;
        Some((value, At::new(id, "/metadata/annotations").join(key)))
    }

    /// Whether one that the pod does not have may be in its namespace, which is not in the input.
    pub fn may_inherit(&self, name: &str) -> bool {
        let own = self.own(&format!("{CONFIG}{name}"));
        !self.known && !OWN.contains(&name) && own.is_none()
    }
}

/// A line with this key, and a value that means something, where neither the injector nor a
/// controller looks: a label, or an annotation of what has to do with the workload.
/// `linkerd/linkerd2: controller/proxy-injector/webhook.go`: it reads pods and their namespace.
pub fn misplaced(
    index: &Index,
    workload: &Workload,
    key: &str,
    means: &dyn Fn(&str) -> bool,
) -> Option<At> {
    let has = |labels: &Labels| labels.get(key).is_some_and(|value| means(value));
    let label_of = |id: ResourceId| {
        let at = At::new(id, "/metadata/labels").join(key);
        has(&index.resource(id).labels).then_some(at)
    };
    let annotation_of = |id: ResourceId| {
        let at = At::new(id, "/metadata/annotations").join(key);
        has(&index.resource(id).annotations).then_some(at)
    };
    let namespace = index.namespace(&workload.namespace)?;
    let written = namespace.labels.is_some();
    if let Some(at) = label_of(namespace.at.resource).filter(|_| written) {
        return Some(at);
    }
    if has(&workload.labels) {
        return Some(workload.label_at(key));
    }
    let own = (!workload.template.as_str().is_empty()).then_some(workload.resource);
    let services = index.services_of(workload.id).map(|one| one.resource);
    let account = index.find(
        "",
        "ServiceAccount",
        Some(&workload.namespace),
        &workload.service_account,
    );
    let around: Vec<ResourceId> = own.into_iter().chain(services).chain(account).collect();
    let mut annotations = around.iter().filter_map(|&id| annotation_of(id));
    let mut labels = around.iter().filter_map(|&id| label_of(id));
    annotations.next().or_else(|| labels.next())
}

/// Whether a workload runs outside the cluster.
pub fn is_external(workload: &Workload) -> bool {
    &*workload.kind == "ExternalWorkload"
}
