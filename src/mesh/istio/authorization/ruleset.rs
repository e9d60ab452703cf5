//! All policies that select a workload, as one ordered list of rules.
//!
//! CUSTOM, then tokens, then AUDIT, DENY and ALLOW:
//! `istio/istio: pilot/pkg/security/authz/builder/builder.go`, filter order in
//! `istio/istio: pilot/pkg/networking/core/listener_builder.go`.

use std::sync::Arc;

use super::{Compiled, Reader};
use crate::mesh::istio::crd::{Action, RequestAuthentication};
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::settings::{MeshConfig, Provider};
use crate::model::{At, Because, Delegate, Effect, Layer, Rule, Ruleset, Test, TokenRule, When};

/// What happens to requests that match a CUSTOM rule.
fn custom_effect(found: Result<&Provider, String>, alone: bool, reader: Reader) -> Option<Effect> {
    match found {
        // several providers on one workload are as bad as none: the rules refuse
        Ok(_) if !alone => Some(Effect::Deny),
        Err(_) => Some(Effect::Deny),
        // a provider that speaks HTTP is not asked about other connections
        Ok(provider)
            if reader == Reader::Envoy(Layer::Tcp) && provider.kind == "envoyExtAuthzHttp" =>
        {
            None
        }
        Ok(provider) => Some(Effect::Delegate(Delegate {
            provider: provider.name.as_str().into(),
        })),
    }
}

/// The provider of a CUSTOM policy, or why it can not be asked.
pub fn provider<'a>(config: &'a MeshConfig, name: &str) -> Result<&'a Provider, String> {
    let Some(provider) = config
        .providers
        .iter()
        .find(|provider| provider.name == name)
    else {
        return Err(format!("extensionProviders has no {name:?}"));
    };
    if !provider.authorizes() {
        return Err(format!(
            "{name:?} is a provider of another sort ({})",
            provider.kind
        ));
    }
    match &provider.unusable {
        Some(reason) => Err(reason.clone()),
        None => Ok(provider),
    }
}

/// The rules of a proxy; without an ALLOW, the default is shown at `near`.
pub fn assemble(
    near: At,
    policies: &[(At, &Compiled)],
    tokens: &[&Object<RequestAuthentication>],
    reader: Reader,
    config: &MeshConfig,
) -> Ruleset {
    let enforced = |action| {
        policies
            .iter()
            .filter(move |(_, policy)| policy.action == action && policy.dry_run.is_none())
    };
    // the node's proxy reads no requests, and asks nobody
    let accepted = token_rules(tokens).filter(|_| reader != Reader::Node);
    let mut rules = Vec::new();
    let custom: Vec<_> = policies
        .iter()
        .filter(|(_, p)| p.action == Action::Custom && reader != Reader::Node)
        .collect();
    let alone = custom.windows(2).all(|pair| match pair {
        [(_, a), (_, b)] => a.provider == b.provider,
        _ => true,
    });
    for (_, policy) in custom {
        let found = provider(config, &policy.provider);
        let Some(then) = custom_effect(found, alone, reader) else {
            continue;
        };
        for (when, at) in policy.rules(reader) {
            // trying out is not supported for CUSTOM, and what becomes of it is not certain
            let when = match &policy.dry_run {
                Some(_) => When::all(vec![
                    when.clone(),
                    When::Is(
                        Test::Unknowable("dry-run of a CUSTOM policy".into()),
                        at.clone(),
                    ),
                ]),
                None => when.clone(),
            };
            rules.push(Rule {
                when,
                then: then.clone(),
                at: at.clone(),
            });
        }
    }
    if let (Some(accepted), Some(first)) = (&accepted, tokens.first()) {
        let at = first.at("/spec/jwtRules");
        rules.push(Rule {
            when: When::Is(Test::TokenRefused(Arc::clone(accepted)), at.clone()),
            then: Effect::Deny,
            at,
        });
    }
    for (action, then) in [
        (Action::Audit, Effect::Audit),
        (Action::Deny, Effect::Deny),
        (Action::Allow, Effect::Allow),
    ] {
        for (_, policy) in enforced(action) {
            for (when, at) in policy.rules(reader) {
                rules.push(Rule {
                    when: when.clone(),
                    then: then.clone(),
                    at: at.clone(),
                });
            }
        }
    }
    let (otherwise, because) = match enforced(Action::Allow).next() {
        Some((at, _)) => (Effect::Deny, Because::Configured(at.clone())),
        None => (
            Effect::Allow,
            Because::Default {
                rule: "no ALLOW policy selects the workload",
                near,
            },
        ),
    };
    Ruleset {
        rules,
        otherwise,
        because,
        normalization: config.normalization,
        tokens: accepted,
    }
}

/// The tokens that all RequestAuthentications together accept.
fn token_rules(tokens: &[&Object<RequestAuthentication>]) -> Option<Arc<[TokenRule]>> {
    let rules: Vec<TokenRule> = tokens
        .iter()
        .flat_map(|policy| &policy.spec.jwt_rules)
        .map(|rule| TokenRule {
            issuer: rule.issuer.as_str().into(),
            audiences: rule.audiences.iter().map(|a| a.as_str().into()).collect(),
            default_location: rule.from_headers.is_empty()
                && rule.from_params.is_empty()
                && rule.from_cookies.is_empty(),
            forwards: rule.forward_original_token,
        })
        .collect();
    (!rules.is_empty()).then(|| rules.into())
}
