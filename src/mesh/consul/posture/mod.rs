//! What is set for the whole mesh and matters to its security, under names that rules judge.
//!
//! A control plane that is not in the input says nothing: what it would be by default is left out.

mod admission;
mod exposure;
mod intentions;
mod policies;
mod secrets;
mod servers;
#[cfg(test)]
mod tests;
mod tls;

use super::entry::Entries;
use super::settings::Config;
use crate::k8s::Index;
use crate::model::{At, Because, Setting};

/// All that is set.
pub(super) fn read(index: &Index, config: &Config, entries: &Entries) -> Vec<Setting> {
    let mut found = servers::all(index, config);
    found.extend(intentions::all(index, entries));
    found.extend(tls::all(index, config));
    found.extend(exposure::all(index, config));
    found.extend(admission::all(index, config));
    found.extend(policies::all(index));
    found.extend(secrets::all(index, config));
    found
}

fn setting(name: &'static str, value: impl Into<String>, because: Because) -> Setting {
    Setting {
        name,
        value: value.into(),
        because,
    }
}

fn written(name: &'static str, value: impl Into<String>, at: At) -> Setting {
    setting(name, value, Because::Configured(at))
}

/// A setting, if the control plane that it is about is in the input.
fn known(name: &'static str, value: impl Into<String>, because: &Because) -> Option<Setting> {
    let is_known = !matches!(because, Because::Assumed { .. });
    is_known.then(|| setting(name, value, because.clone()))
}
