use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{At, Pointer, ResourceId};

/// Labels or annotations.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// A workload of one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkloadId(pub u32);

/// A service of one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(pub u32);

/// Something that runs pods: all pods of one template.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its place in the environment.
    pub id: WorkloadId,
    /// The object that describes it.
    pub resource: ResourceId,
    /// Kind of that object (`Deployment`, `Pod`, …).
    pub kind: Arc<str>,
    /// Namespace; empty of what runs outside Kubernetes.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Labels of the pods, not of the object.
    pub labels: Labels,
    /// Annotations of the pods, not of the object.
    pub annotations: Labels,
    /// Service account of the pods; `default` where none is named.
    pub service_account: Arc<str>,
    /// Containers and init containers.
    pub containers: Vec<Container>,
    /// Whether the pods share the node's network.
    pub host_network: bool,
    /// Where the pod template is in the object: `/spec/template`; empty for a Pod. Of what runs
    /// outside Kubernetes: where it is described.
    pub template: Pointer,
    /// Whether it runs nothing at present (no replicas, suspended).
    pub dormant: bool,
    /// Whether it is a pod that a node runs already: what it was given at its start is all it has.
    pub started: bool,
}

impl Workload {
    /// The object as a whole; of a file that describes several, the part that is about this one.
    pub fn at(&self) -> At {
        let pointer = match self.is_outside() {
            true => self.template.clone(),
            false => Pointer::root(),
        };
        At {
            resource: self.resource,
            pointer,
        }
    }

    /// Whether it runs outside Kubernetes.
    pub fn is_outside(&self) -> bool {
        self.namespace.is_empty()
    }

    /// A place in the pod template; `below` is a pointer as it is written.
    pub fn template_at(&self, below: &str) -> At {
        At {
            resource: self.resource,
            pointer: self.template.append(below),
        }
    }

    /// The images of its containers, each with its line.
    pub fn images(&self) -> impl Iterator<Item = (&str, At)> {
        self.containers.iter().map(|container| {
            let at = At {
                resource: self.resource,
                pointer: container.at.join("image"),
            };
            (&*container.image, at)
        })
    }

    /// A label of the pods.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|v| &**v)
    }

    /// An annotation of the pods.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(|v| &**v)
    }

    /// Where an annotation of the pods is written.
    pub fn annotation_at(&self, key: &str) -> At {
        self.template_at("/metadata/annotations").join(key)
    }

    /// Where a label of the pods is written.
    pub fn label_at(&self, key: &str) -> At {
        self.template_at("/metadata/labels").join(key)
    }
}

/// `shop/cart`; `cart` outside Kubernetes.
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_outside() {
            return f.write_str(&self.name);
        }
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A container of a workload.
#[derive(Debug, Clone)]
pub struct Container {
    /// Name.
    pub name: Arc<str>,
    /// Image.
    pub image: Arc<str>,
    /// Whether it starts before the others (`initContainers`).
    pub init: bool,
    /// Whether it keeps running beside them (`restartPolicy: Always` of an init container).
    pub sidecar: bool,
    /// The ports it declares.
    pub ports: Vec<ContainerPort>,
    /// Where it is in the object.
    pub at: Pointer,
}

/// A port that a container declares.
#[derive(Debug, Clone)]
pub struct ContainerPort {
    /// Name, if it has one.
    pub name: Option<Arc<str>>,
    /// Number.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
    /// The node's port it is published on, if it is.
    pub host_port: Option<u16>,
    /// Where it is in the object.
    pub at: Pointer,
    /// Where its number is.
    pub number_at: Pointer,
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// TCP, the default.
    Tcp,
    /// UDP: outside every mesh.
    Udp,
    /// SCTP: outside every mesh.
    Sctp,
}

/// A Kubernetes Service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its place in the environment.
    pub id: ServiceId,
    /// The object that describes it.
    pub resource: ResourceId,
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Labels its pods have; `None` where it selects none by itself.
    pub selector: Option<Labels>,
    /// Whether clients get pod addresses (`clusterIP: None`).
    pub headless: bool,
    /// The name it is an alias of (`type: ExternalName`).
    pub external_name: Option<Arc<str>>,
    /// How it lets clients in from outside the cluster, with the field that says so.
    pub exposed: Option<(Arc<str>, At)>,
    /// Ports.
    pub ports: Vec<ServicePort>,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A port of a Service.
#[derive(Debug, Clone)]
pub struct ServicePort {
    /// Name, if it has one.
    pub name: Option<Arc<str>>,
    /// The port that clients dial.
    pub number: u16,
    /// The port of the pods.
    pub target: TargetPort,
    /// Transport protocol.
    pub protocol: Protocol,
    /// What is spoken on it, if it says so (`appProtocol`).
    pub app_protocol: Option<Arc<str>>,
    /// Where it is in the Service.
    pub at: At,
}

/// The port of a pod that a Service port leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// This number, whether the pod declares it or not.
    Number(u16),
    /// The declared port of this name.
    Name(Arc<str>),
}

/// A namespace, written or only named by others.
#[derive(Debug, Clone)]
pub struct Namespace {
    /// Name.
    pub name: Arc<str>,
    /// Its labels; `None` where its object is not in the input, so that they are not known.
    pub labels: Option<Labels>,
    /// Its object, or the first one that lies in it.
    pub at: At,
}

/// Whether a workload's traffic passes through a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Membership {
    /// A proxy is in front of it.
    Meshed,
    /// No proxy.
    Unmeshed,
    /// It depends on something that is not in the input.
    Unknown,
}

impl Membership {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meshed => "meshed",
            Self::Unmeshed => "unmeshed",
            Self::Unknown => "unknown",
        }
    }
}
