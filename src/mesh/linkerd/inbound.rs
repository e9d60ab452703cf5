//! What a workload's proxy takes.

use super::Linkerd;
use crate::model::{Decided, Listener, TlsAcceptance, Workload};

impl Linkerd {
    /// Everything in force on a port.
    pub(super) fn listener_of(&self, workload: &Workload, port: u16) -> Listener {
        let default = "not worked out yet";
        Listener {
            workload: workload.id,
            port,
            protocol: Decided::default("auto", default, workload.at()),
            tls: Decided::default(TlsAcceptance::Permissive, default, workload.at()),
            inlets: Vec::new(),
            conditions: Vec::new(),
            serves_others: false,
            unjudged: Some((default.to_owned(), workload.at())),
        }
    }
}
