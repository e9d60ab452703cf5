//! The repository of the README's examples: how the shop of `testdata/scenarios/payments` may have
//! come to be as it is.

use std::fs;

use super::{ANN, BO, Past};
use crate::cli::root;

const PAYMENTS: &str = "deploy/payments.yaml";

/// Three steps: a strict mesh, a branch that is merged, a log that got too big.
pub fn shop() -> Past {
    let past = Past::new();
    let scenario = root().join("testdata/scenarios/payments");
    for name in [
        "batch.yaml",
        "mesh.yaml",
        "payments.yaml",
        "reports.yaml",
        "web.yaml",
    ] {
        let text = fs::read_to_string(scenario.join(name)).unwrap();
        past.shop.write(&format!("deploy/{name}"), text);
    }
    let reports = past.read("deploy/reports.yaml");
    let (without, _) = reports.split_once("---\n# the logs").unwrap();
    past.shop.write("deploy/reports.yaml", without);
    past.replace(PAYMENTS, "mode: PERMISSIVE", "mode: STRICT");
    // a port past the proxy is another story
    let past_the_proxy = "traffic.sidecar.istio.io/excludeInboundPorts: \"9090\"";
    past.replace(PAYMENTS, past_the_proxy, "team: payments");
    past.commit("A mesh that requires mutual TLS");

    past.wait(8);
    let before = past.head().unwrap();
    past.replace(PAYMENTS, "mode: STRICT", "mode: PERMISSIVE");
    let branch = past.record(BO, BO, "Let the nightly job in", &[before]);
    past.wait(1);
    let merge = "Merge pull request #12 from shop/nightly";
    let merge = past.record(ANN, ANN, merge, &[before, branch]);
    past.advance(merge);

    past.wait(20);
    past.shop.write("deploy/reports.yaml", reports);
    past.commit_by(BO, BO, "The logs got too big (#19)");
    past
}
