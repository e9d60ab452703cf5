//! What servers run with: access control, what is logged, and what others may make agents run.
//!
//! `hashicorp/consul: agent/config/config.go`, `agent/config/default.go`.

use super::{known, setting, written};
use crate::k8s::Index;
use crate::mesh::consul::settings::{
    Config, Origin, Server, acls_of, default_allow, default_policy, intention_policy,
};
use crate::model::{At, Because, Setting};

pub(super) fn all(index: &Index, config: &Config) -> Vec<Setting> {
    let mut found = Vec::new();
    for server in &config.servers {
        found.extend(access(index, server));
        found.extend(logs(index, server));
    }
    for agent in config.servers.iter().chain(&config.clients) {
        found.extend(commands(index, agent));
    }
    if let Some(void) = &config.audit_void {
        found.push(written("audit_without_effect", void.why, void.at.clone()));
    }
    if !config.servers.is_empty() {
        let edition = match config.enterprise.value {
            true => "enterprise",
            false => "community",
        };
        found.extend(known("edition", edition, &config.enterprise.because));
    }
    found
}

/// Whether ACLs are on, and what holds where no intention says anything. A default for intentions alone
/// may open again what ACLs close.
fn access(index: &Index, server: &Server) -> Vec<Setting> {
    let acls = acls_of(index, server);
    let mut found = vec![setting("acl", on_or_off(acls.value), acls.because)];
    let default = default_allow(index, server);
    let word = |allow| if allow { "allow" } else { "deny" };
    if let Some(allow) = default.value {
        found.push(setting("intention_default", word(allow), default.because));
    }
    let policy = default_policy(index, server).value;
    let own = intention_policy(index, server);
    if let Some(own) = own.filter(|own| own.value == Some(true) && policy == Some(false)) {
        found.push(setting("intention_default_reopened", "allow", own.because));
    }
    found
}

/// How much servers write to their logs, and whether they answer questions about their insides.
fn logs(index: &Index, server: &Server) -> Vec<Setting> {
    let of_chart = || {
        let paths = [&["server", "logLevel"][..], &["global", "logLevel"]];
        paths.iter().find_map(|path| {
            let written = server.value(index, path)?;
            Some((written.as_text()?.to_owned(), written.at().clone()))
        })
    };
    let own = server.own(index, &[&["log_level"]]);
    let own = own.and_then(|it| Some((it.as_text()?.to_owned(), it.at().clone())));
    let level = own.or_else(of_chart);
    let mut found: Vec<Setting> = level
        .map(|(level, at)| written("control_plane_log_level", level, at))
        .into_iter()
        .collect();
    let debug = server.own(index, &[&["enable_debug"]]);
    let debug = debug.or_else(|| server.value(index, &["server", "enableAgentDebug"]));
    if let Some(debug) = debug.filter(|it| it.as_flag() == Some(true)) {
        found.push(written("debug_endpoints", "on", debug.at().clone()));
    }
    found
}

/// Programs that whoever may register a check, or write a key, makes agents run.
fn commands(index: &Index, agent: &Server) -> Vec<Setting> {
    let is = |key: &str, wanted: bool| -> Option<At> {
        let written = agent.own(index, &[&[key]])?;
        (written.as_flag() == Some(wanted)).then(|| written.at().clone())
    };
    let checks = is("enable_script_checks", true).map(|at| ("script_checks", at));
    let exec = is("disable_remote_exec", false).map(|at| ("remote_exec", at));
    let both = checks.into_iter().chain(exec);
    both.map(|(value, at)| written("remote_commands", value, at))
        .collect()
}

pub(super) fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Whether the command line, which is not looked at, may say more.
pub(super) fn has_command_line(server: &Server) -> bool {
    server.origin == Origin::Rendered
}

/// What decided a value that is nowhere written.
pub(super) fn unwritten(rule: &'static str, server: &Server) -> Because {
    Because::Default {
        rule,
        near: server.at.clone(),
    }
}
