//! Tokens that API gateways ask for.
//!
//! Only the enterprise edition asks for any (`hashicorp/consul: agent/xds/jwt_authn_ce.go`,
//! `gw_per_route_filters_ce.go` make no filters): the other takes the settings, and does nothing.

use std::sync::Arc;

use crate::mesh::consul::Consul;
use crate::mesh::consul::intention::jwt::Requirement;
use crate::mesh::consul::written::Written;
use crate::model::{At, Because, Effect, Gate, Layer, Normalization, Rule, Ruleset, TokenRule};

/// A token that requests need.
#[derive(Debug, Clone)]
pub struct Token {
    requirement: Requirement,
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.requirement.at == other.requirement.at
    }
}

impl Token {
    /// Reads what stands at `jwt`.
    pub fn read(jwt: Option<&Written<'_>>) -> Option<Self> {
        let requirement = Requirement::read(jwt?)?;
        Some(Self { requirement })
    }

    fn at(&self) -> &At {
        &self.requirement.at
    }
}

/// What a token makes of the ways in.
pub enum Asked {
    /// Nothing.
    Nothing,
    /// Requests need it.
    Needed(Box<Gate>),
    /// Whether anybody asks for it is not known.
    Unknown((String, At)),
}

impl Consul {
    /// What becomes of a token that is configured.
    pub(super) fn asked(&self, token: &Token) -> Asked {
        let edition = &self.config.enterprise;
        match (edition.value, &edition.because) {
            (true, _) => Asked::Needed(Box::new(self.token_gate(token))),
            (false, Because::Assumed { .. }) => {
                let what = "whether this is the enterprise edition of Consul, whose gateways alone ask for tokens";
                Asked::Unknown((what.to_owned(), token.at().clone()))
            }
            (false, _) => Asked::Nothing,
        }
    }

    fn token_gate(&self, token: &Token) -> Gate {
        let wanted = token.requirement.providers.iter();
        let rules: Vec<TokenRule> = wanted
            .filter_map(|one| self.providers.named(&one.name))
            .cloned()
            .collect();
        Gate {
            routes: false,
            rules: Arc::new(Ruleset {
                rules: vec![Rule {
                    when: token.requirement.when(&self.providers),
                    then: Effect::Allow,
                    at: token.at().clone(),
                }],
                otherwise: Effect::Deny,
                because: Because::Configured(token.at().clone()),
                normalization: Normalization::NONE,
                tokens: Some(rules.into()),
            }),
            layer: Layer::Http,
            port: 0,
            rewrite: None,
        }
    }
}
