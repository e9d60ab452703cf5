//! `discoverySelectors`: the namespaces that the control plane looks into. What lies in others it
//! does not read.
//!
//! `istio/istio: pkg/kube/namespace/filter.go`.

use super::place::DEFAULT;
use super::reader::Reader;
use super::sources;
use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::model::{At, Problem, ProblemKind, Tri};
use crate::syntax::from_node;

/// Labels with which a namespace asks for the mesh.
const ASKING: &[&str] = &["istio-injection", "istio.io/rev", "istio.io/dataplane-mode"];

/// Which namespaces are looked into: those that one of the selectors takes.
#[derive(Debug)]
pub struct Discovery {
    selectors: Vec<LabelSelector>,
    /// Where they are written.
    pub at: At,
}

impl Discovery {
    /// Reads the selectors; nothing where every namespace is looked into.
    pub fn find(index: &Index) -> Option<Self> {
        let mut planes = sources::find(index, &mut Vec::new());
        let sources = planes
            .remove(DEFAULT)
            .or_else(|| Some(planes.pop_first()?.1))?;
        let near = sources.mesh.first()?.clone();
        let reader = Reader {
            index,
            sources,
            near,
        };
        let (list, at) = reader.find(&["discoverySelectors"])?;
        let selectors: Vec<_> = list.items().filter_map(|one| from_node(one).ok()).collect();
        (!selectors.is_empty()).then_some(Self { selectors, at })
    }

    /// Whether a namespace is looked into.
    pub fn sees(&self, index: &Index, namespace: &str) -> Tri {
        let labels = index.namespace(namespace).and_then(|n| n.labels.as_ref());
        Tri::any(self.selectors.iter().map(|one| one.matches(labels)))
    }

    /// Namespaces that ask for the mesh and are left out: their proxies get by without services
    /// and policies of their own, which is not worked out.
    pub(super) fn report(&self, index: &Index, problems: &mut Vec<Problem>) {
        for namespace in index.namespaces() {
            let labels = namespace.labels.as_ref();
            let asks =
                labels.is_some_and(|labels| ASKING.iter().any(|&key| labels.contains_key(key)));
            let sees = self.sees(index, &namespace.name);
            let (kind, message) = match sees {
                Tri::No if asks => (
                    ProblemKind::NotUnderstood,
                    "discoverySelectors leave this namespace out, although it asks for the mesh: what its proxies \
                     do without its services and policies is not worked out",
                ),
                Tri::Unknown => (
                    ProblemKind::Assumption,
                    "the labels of this namespace are not in the input; it is taken to be one that discoverySelectors \
                     take in",
                ),
                _ => continue,
            };
            problems.push(Problem::at(kind, message, namespace.at.clone()));
        }
    }
}
