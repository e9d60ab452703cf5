//! One object of an environment: who it is and where it stands.

use std::fmt;
use std::sync::Arc;

use crate::model::{Labels, Pointer};

/// What names an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// API group; empty is the core group.
    pub group: Arc<str>,
    /// Kind.
    pub kind: Arc<str>,
    /// Namespace, of kinds that have one.
    pub namespace: Option<Arc<str>>,
    /// Name.
    pub name: Arc<str>,
}

impl ResourceKey {
    /// Whether it is this kind of this group.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        &*self.group == group && &*self.kind == kind
    }
}

impl ResourceKey {
    /// `AuthorizationPolicy.security.istio.io/payments/ledger`, `Namespace/shop`.
    pub fn address(&self) -> String {
        let mut address = String::with_capacity(64);
        address.push_str(&self.kind);
        let group = Some(&self.group).filter(|group| !group.is_empty());
        for (separator, part) in [
            ('.', group),
            ('/', self.namespace.as_ref()),
            ('/', Some(&self.name)),
        ] {
            if let Some(part) = part {
                address.push(separator);
                address.push_str(part);
            }
        }
        address
    }
}

/// Its [address](ResourceKey::address).
impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address())
    }
}

/// One object of an environment.
#[derive(Debug, Clone)]
pub struct Resource {
    /// What names it.
    pub key: ResourceKey,
    /// How rules name it: the key, and `~2` behind it for the second object with that key.
    pub address: Arc<str>,
    /// API version without the group.
    pub version: Arc<str>,
    /// Whether its namespace is not written anywhere and `default` was taken.
    pub namespace_assumed: bool,
    /// Labels of the object.
    pub labels: Labels,
    /// Annotations of the object.
    pub annotations: Labels,
    /// When it was made, where that is known (RFC 3339).
    pub created: Option<Arc<str>>,
    /// The document it stands in.
    pub document: usize,
    /// Where in that document: empty, or `/items/3` in a list.
    pub inside: Pointer,
    /// Others with the same key and another content: one of them will be in force.
    pub contested: bool,
}

impl Resource {
    /// A document that is no object.
    pub(super) fn of_values(key: ResourceKey, address: Arc<str>, document: usize) -> Self {
        Self {
            key,
            address,
            version: "".into(),
            namespace_assumed: false,
            labels: Labels::new(),
            annotations: Labels::new(),
            created: None,
            document,
            inside: Pointer::root(),
            contested: false,
        }
    }

    /// What settles which of two objects of equal rank counts: the older one, then the name.
    pub fn age(&self) -> (&str, &str, &str) {
        (
            self.created.as_deref().unwrap_or(""),
            &self.key.name,
            self.key.namespace.as_deref().unwrap_or(""),
        )
    }
}
