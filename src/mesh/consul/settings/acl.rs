//! Whether Consul's ACLs are on, and who may call whom where no intention says anything.
//!
//! `hashicorp/consul: agent/config/builder.go`, `agent/config/default.go`, `agent/config/deprecated.go`,
//! `hashicorp/consul-k8s: charts/consul/templates/server-config-configmap.yaml`.

use super::server::Server;
use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::Decided;

const MANAGED: &[&str] = &["global", "acls", "manageSystemACLs"];

/// Whether the chart renders an ACL block, which switches ACLs on and denies by default. To its
/// templates every text is true.
fn managed(index: &Index, server: &Server) -> Option<Decided<bool>> {
    let written = server.value(index, MANAGED)?;
    let text = || written.as_text().filter(|text| !is_filled_in(text));
    let on = written.as_flag().or_else(|| text().map(|_| true))?;
    Some(Decided::configured(on, written.at().clone()))
}

/// What may set it, and says nothing that can be read here.
fn unread(index: &Index, server: &Server) -> Option<Decided<Option<bool>>> {
    let managed = server.value(index, MANAGED);
    let filled = managed.filter(|it| it.as_text().is_some_and(is_filled_in));
    let extra = server.value(index, &["server", "extraConfig"]);
    let extra = extra.filter(|it| it.as_text().is_some_and(|text| !text.trim().is_empty()));
    let extra = extra.filter(|it| !it.node().is_map());
    let what = "what is written here is filled in elsewhere, or is no configuration of a server";
    let at = extra.or(filled)?.at().clone();
    Some(Decided::assumed(None, what, at))
}

fn is_filled_in(text: &str) -> bool {
    ["{{", "${", "$("].iter().any(|sign| text.contains(sign))
}

/// `acl.enabled`.
pub fn enabled(index: &Index, server: &Server) -> Decided<bool> {
    let flag = |names: &[&[&str]]| {
        let written = server.own(index, names)?;
        Some(Decided::configured(
            written.as_flag()?,
            written.at().clone(),
        ))
    };
    // an older name of the primary datacenter switches them on
    let older = || {
        let written = server.own(index, &[&["acl_datacenter"]])?;
        Some(Decided::configured(true, written.at().clone()))
    };
    let at = server.at.clone();
    older()
        .or_else(|| flag(&[&["acl", "enabled"]]))
        .or_else(|| managed(index, server))
        .unwrap_or_else(|| Decided::default(false, "Consul's default: ACLs are off", at))
}

/// `acl.default_policy`: whether it lets in.
pub fn default_policy(index: &Index, server: &Server) -> Decided<Option<bool>> {
    let written = server.own(
        index,
        &[&["acl", "default_policy"], &["acl_default_policy"]],
    );
    if let Some(written) = written {
        return decision(&written);
    }
    match managed(index, server) {
        Some(managed) => Decided {
            value: Some(!managed.value),
            because: managed.because,
            rivals: managed.rivals,
        },
        None => Decided::default(
            Some(true),
            "Consul's default: what no intention is about is let in",
            server.at.clone(),
        ),
    }
}

/// `default_intention_policy`, where it says something.
pub fn intention_policy(index: &Index, server: &Server) -> Option<Decided<Option<bool>>> {
    let written = server.own(index, &[&["default_intention_policy"]])?;
    written.as_text().is_some().then(|| decision(&written))
}

/// Whether calls that no intention is about are let in. `acl.enabled` is not asked.
/// `hashicorp/consul: agent/agent_endpoint.go`, `agent/agent.go`.
pub fn default_allow(index: &Index, server: &Server) -> Decided<Option<bool>> {
    intention_policy(index, server)
        .or_else(|| unread(index, server))
        .unwrap_or_else(|| default_policy(index, server))
}

fn decision(written: &Written<'_>) -> Decided<Option<bool>> {
    let at = written.at().clone();
    match written.as_text() {
        Some("allow") => Decided::configured(Some(true), at),
        Some("deny") => Decided::configured(Some(false), at),
        _ => Decided::assumed(None, "what is written is neither allow nor deny", at),
    }
}
