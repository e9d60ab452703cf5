use std::fmt;
use std::sync::Arc;

/// Who a workload can prove to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The whole name, as policies of its mesh write it.
    pub name: Arc<str>,
    /// The domain that vouches for it.
    pub trust_domain: Arc<str>,
    /// Namespace of the workload.
    pub namespace: Arc<str>,
    /// Service account of the workload.
    pub service_account: Arc<str>,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
