//! Intentions as the proxies enforce them.
//!
//! A proxy has one list of callers, and what it does to them is the opposite of the default. Whoever
//! is on it twice is on it: what intentions of other sources say does not take him off, unless these
//! sources are parts of the one that put him there.
//! `hashicorp/consul: agent/xds/rbac.go` (makeRBACRules, removeSourcePrecedence,
//! removePermissionPrecedence).

use std::sync::Arc;

use super::jwt::Requirement;
use super::{Action, Intention, Permission};
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::Kind;
use crate::model::{
    At, Because, Effect, EscapedSlashes, Layer, Normalization, Rule, Ruleset, Test, TokenRule,
    Underscores, When,
};

/// The rules of a destination that has these intentions.
pub fn rules(intentions: &[Intention], consul: &Consul, layer: Layer) -> Ruleset {
    let default = &consul.config.default_allow;
    let list = List {
        intentions,
        consul,
        layer,
    };
    let rules = match default.value {
        Some(allows) => list
            .opposing(allows)
            .into_iter()
            .chain(list.agreeing(allows))
            .collect(),
        None => list.undecided(&default.because),
    };
    Ruleset {
        rules,
        otherwise: effect(default.value.unwrap_or(false)),
        because: default.because.clone(),
        normalization: consul.normalization(),
        tokens: match layer {
            Layer::Http => Some(list.tokens()),
            Layer::Tcp => None,
        },
    }
}

fn effect(allows: bool) -> Effect {
    match allows {
        true => Effect::Allow,
        false => Effect::Deny,
    }
}

/// The intentions about one destination.
struct List<'a> {
    intentions: &'a [Intention],
    consul: &'a Consul,
    layer: Layer,
}

impl List<'_> {
    /// Whether a caller is an intention's source, and no part of it that one before is about.
    fn source(&self, place: usize, intention: &Intention) -> When {
        let before = self.intentions.iter().take(place);
        let parts = before.filter(|one| one.source.is_within(&intention.source));
        let home = &self.consul.config.neutral.trust_domain.value;
        let mut all = vec![intention.source.when(&intention.at, home)];
        all.extend(parts.map(|one| one.source.when(&one.at, home).not()));
        When::all(all)
    }

    fn shows(&self, token: Option<&Requirement>) -> When {
        let asked = token.filter(|_| self.layer == Layer::Http);
        asked.map_or(When::Always, |token| token.when(&self.consul.providers))
    }

    /// What is on the list of the proxy, where the default lets everyone in or nobody.
    fn opposing(&self, default: bool) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (place, intention) in self.intentions.iter().enumerate() {
            let who = When::all(vec![
                self.source(place, intention),
                self.shows(intention.token.as_ref()),
            ]);
            match &intention.action {
                Action::All(allows, at) if *allows != default => {
                    rules.push(rule(who, !default, at));
                }
                Action::All(..) => {}
                Action::ByRequest(permissions, at) if self.layer == Layer::Tcp => {
                    rules.extend(default.then(|| rule(who.clone(), false, at)));
                    let _ = permissions;
                }
                Action::ByRequest(permissions, _) => {
                    let all = permissions.iter().enumerate();
                    rules.extend(
                        all.filter(|(_, one)| one.allows != default)
                            .map(|(i, one)| {
                                let shows = self.shows(one.token.as_ref());
                                let when = vec![who.clone(), requests(permissions, i, one), shows];
                                rule(When::all(when), one.allows, &one.at)
                            }),
                    );
                }
            }
        }
        rules
    }

    /// What says the same as the default: it decides nothing, and is the line to point at.
    fn agreeing(&self, default: bool) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (place, intention) in self.intentions.iter().enumerate() {
            let who = self.source(place, intention);
            let listed = match default {
                true => Effect::Allow,
                false => Effect::Unlisted,
            };
            let none_fits = |at: &At| Rule {
                when: who.clone(),
                then: listed.clone(),
                at: at.clone(),
            };
            match &intention.action {
                Action::All(allows, at) if *allows == default => {
                    rules.push(rule(who.clone(), default, at));
                }
                Action::All(..) => rules.extend(intention.token.iter().map(|it| none_fits(&it.at))),
                Action::ByRequest(_, at) if self.layer == Layer::Tcp => {
                    rules.push(rule(who.clone(), default, at));
                }
                Action::ByRequest(permissions, at) => {
                    let all = permissions.iter().enumerate();
                    rules.extend(
                        all.filter(|(_, one)| one.allows == default)
                            .map(|(i, one)| {
                                let when = vec![who.clone(), requests(permissions, i, one)];
                                rule(When::all(when), one.allows, &one.at)
                            }),
                    );
                    rules.push(none_fits(at));
                }
            }
        }
        rules
    }

    /// What holds whatever the default is; the rest depends on it.
    fn undecided(&self, because: &Because) -> Vec<Rule> {
        let (denied, allowed) = (self.opposing(true), self.opposing(false));
        let none_of =
            |rules: &[Rule]| When::any(rules.iter().map(|rule| rule.when.clone()).collect()).not();
        let both = |rules: &[Rule], others: &[Rule]| {
            let others = none_of(others);
            let one = |rule: &Rule| Rule {
                when: When::all(vec![rule.when.clone(), others.clone()]),
                ..rule.clone()
            };
            rules.iter().map(one).collect::<Vec<_>>()
        };
        let mut rules = both(&allowed, &denied);
        rules.extend(both(&denied, &allowed));
        let open = match because {
            Because::Assumed { what, .. } => what,
            _ => "what its servers run with is not known",
        };
        let default = because.at();
        let what = format!("what Consul does with calls that no intention is about ({open})");
        rules.push(rule(
            When::Is(Test::Unknowable(what.into()), default.clone()),
            true,
            default,
        ));
        rules
    }

    /// The tokens that are looked at.
    fn tokens(&self) -> Arc<[TokenRule]> {
        let by_request = |one: &Intention| match &one.action {
            Action::ByRequest(permissions, _) => permissions
                .iter()
                .filter_map(|it| it.token.clone())
                .collect(),
            Action::All(..) => Vec::new(),
        };
        let asked = self
            .intentions
            .iter()
            .flat_map(|one| one.token.clone().into_iter().chain(by_request(one)));
        let wanted = asked.flat_map(|it| it.providers);
        let mut known: Vec<TokenRule> = Vec::new();
        for wanted in wanted {
            let provider = self.consul.providers.named(&wanted.name);
            known.extend(provider.filter(|one| !known.contains(one)).cloned());
        }
        known.into()
    }
}

fn rule(when: When, allows: bool, at: &At) -> Rule {
    Rule {
        when,
        then: effect(allows),
        at: at.clone(),
    }
}

/// The requests that a permission is about, and none before it.
fn requests(permissions: &[Permission], place: usize, permission: &Permission) -> When {
    let before = permissions.iter().take(place);
    let mut all = vec![permission.when.clone()];
    all.extend(before.map(|one| one.when.clone().not()));
    When::all(all)
}

/// The first release whose proxies change paths before they compare them.
const NORMALIZING: (u32, u32, u32) = (1, 20, 1);

impl Consul {
    /// How the proxies of services change requests before they compare them.
    /// `hashicorp/consul: agent/structs/config_entry_mesh.go` (RequestNormalizationMeshConfig),
    /// `agent/xds/listeners.go` (makeHTTPFilter).
    pub(super) fn normalization(&self) -> Normalization {
        let older = self.config.release.is_some_and(|(major, minor, patch)| {
            (major, minor, patch.unwrap_or(u32::MAX)) < NORMALIZING
        });
        let usual = Normalization {
            resolves_paths: !older || self.config.enterprise.value,
            refuses_fragments: true,
            ..Normalization::BASE
        };
        let mesh = self.entries.only(Kind::Mesh);
        let fields = mesh.and_then(|entry| entry.fields(&self.index));
        let written = fields.and_then(|it| it.path(&["http", "incoming", "requestNormalization"]));
        let Some(written) = written else {
            return usual;
        };
        Normalization {
            resolves_paths: usual.resolves_paths
                && !written.is_on("insecureDisablePathNormalization"),
            merges_slashes: written.is_on("mergeSlashes"),
            escaped_slashes: match written.text("pathWithEscapedSlashesAction") {
                Some("UNESCAPE_AND_FORWARD") => EscapedSlashes::Decode,
                Some("UNESCAPE_AND_REDIRECT") => EscapedSlashes::Redirect,
                Some("REJECT_REQUEST") => EscapedSlashes::Refuse,
                _ => EscapedSlashes::Keep,
            },
            underscores: match written.text("headersWithUnderscoresAction") {
                Some("REJECT_REQUEST") => Underscores::Refuse,
                Some("DROP_HEADER") => Underscores::Drop,
                _ => Underscores::Keep,
            },
            ..usual
        }
    }
}
