//! Tokens that intentions ask for, and those who vouch for them.
//!
//! `hashicorp/consul: agent/xds/rbac.go` (addJWTPrincipal), `agent/xds/jwt_authn.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::k8s::Index;
use crate::mesh::consul::entry::{Entries, Kind};
use crate::mesh::consul::written::Written;
use crate::model::{At, StringMatch, Test, TokenRule, When};

/// A token of one of these providers.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The providers, any of which will do.
    pub providers: Vec<Wanted>,
    /// Where they are listed.
    pub at: At,
}

/// A token of one provider.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The provider's name.
    pub name: Arc<str>,
    /// Where it is named.
    pub at: At,
    /// What the token says: the path of a claim, its value, and the line.
    pub claims: Vec<(Vec<Arc<str>>, Arc<str>, At)>,
}

impl Requirement {
    /// Reads one; nothing where no provider is named.
    pub fn read(written: &Written<'_>) -> Option<Self> {
        let providers: Vec<Wanted> = written
            .each("providers")
            .iter()
            .filter_map(wanted)
            .collect();
        (!providers.is_empty()).then(|| Self {
            providers,
            at: written.at().clone(),
        })
    }

    /// Whether a request shows such a token.
    pub fn when(&self, known: &Providers) -> When {
        When::any(
            self.providers
                .iter()
                .map(|wanted| shows(wanted, known))
                .collect(),
        )
    }
}

fn wanted(written: &Written<'_>) -> Option<Wanted> {
    let claim = |claim: &Written<'_>| {
        let path = claim.texts("path").into_iter().map(|(step, _)| step.into());
        let value: Arc<str> = claim.text("value")?.into();
        Some((path.collect(), value, claim.field("value")))
    };
    Some(Wanted {
        name: written.text("name")?.into(),
        at: written.field("name"),
        claims: written
            .each("verifyClaims")
            .iter()
            .filter_map(claim)
            .collect(),
    })
}

fn shows(wanted: &Wanted, known: &Providers) -> When {
    let Some(provider) = known.named(&wanted.name) else {
        return When::Never;
    };
    let exact = |text: &Arc<str>| StringMatch::Exact(Arc::clone(text));
    let issuer = exact(&provider.issuer);
    let is = |path: Vec<Arc<str>>, value: &Arc<str>, at: &At| {
        let (issuer, value) = (issuer.clone(), exact(value));
        let test = Test::TokenText {
            issuer,
            path,
            value,
        };
        When::Is(test, at.clone())
    };
    let mut all = vec![is(vec!["iss".into()], &provider.issuer, &wanted.at)];
    let claims = wanted.claims.iter();
    all.extend(claims.map(|(path, value, at)| is(path.clone(), value, at)));
    When::all(all)
}

/// Who vouches for tokens, by name.
#[derive(Debug, Default)]
pub struct Providers(BTreeMap<Arc<str>, TokenRule>);

impl Providers {
    /// Reads the entries about them.
    pub fn read(index: &Index, entries: &Entries) -> Self {
        let all = entries.of(Kind::JWTProvider).filter_map(|entry| {
            let fields = entry.fields(index)?;
            let audiences = fields.texts("audiences").into_iter();
            let rule = TokenRule {
                issuer: fields.text("issuer").unwrap_or("").into(),
                audiences: audiences.map(|(text, _)| text.into()).collect(),
                default_location: fields.each("locations").is_empty(),
                forwards: true,
            };
            Some((Arc::clone(&entry.name), rule))
        });
        Self(all.collect())
    }

    /// The one of a name.
    pub fn named(&self, name: &str) -> Option<&TokenRule> {
        self.0.get(name)
    }
}
