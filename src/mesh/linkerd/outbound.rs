//! What a workload's proxy sends.

use super::Linkerd;
use crate::mesh::Call;
use crate::model::{Decided, Outside, TlsOrigination, Way, Workload};

impl Linkerd {
    /// The ways of a call inside the cluster.
    pub(super) fn ways_of(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let sends = match call.meshed {
            true => TlsOrigination::Mtls,
            false => TlsOrigination::Plaintext,
        };
        let sends = Decided::default(sends, "Linkerd uses mutual TLS by itself", client.at());
        vec![Way::straight(sends, call.service)]
    }

    /// The ways of a call out of the cluster.
    pub(super) fn ways_outside(&self, client: &Workload, _to: &Outside) -> Vec<Way> {
        let sends = Decided::default(
            TlsOrigination::Plaintext,
            "what leaves the cluster leaves as it is",
            client.at(),
        );
        vec![Way::straight(sends, None)]
    }

    /// What distinguishes clients on their way out.
    pub(super) fn way_out_key(&self, _client: &Workload) -> String {
        String::new()
    }
}
