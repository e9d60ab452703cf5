//! What becomes of calls that leave the cluster.

use super::Linkerd;
use crate::model::{Decided, Outside, TlsOrigination, Way, Workload};

impl Linkerd {
    /// The ways of a call out of the cluster.
    pub(super) fn ways_outside(&self, client: &Workload, _to: &Outside) -> Vec<Way> {
        let sends = Decided::default(
            TlsOrigination::Plaintext,
            "what leaves the cluster leaves as it is",
            client.at(),
        );
        vec![Way::straight(sends, None)]
    }
}
