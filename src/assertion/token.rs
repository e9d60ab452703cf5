//! The tokens that a test's request presents.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::{Request, Token};
use crate::reach::World;

/// A token as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Jwt {
    issuer: Option<String>,
    provider: Option<String>,
    claims: serde_json::Map<String, serde_json::Value>,
    valid: Option<bool>,
}

impl Jwt {
    pub(super) fn token(self) -> Token {
        let provider = self.provider.filter(|_| self.issuer.is_none());
        Token {
            issuer: self.issuer.or(provider.clone()).unwrap_or_default(),
            provider,
            claims: self.claims,
            valid: self.valid.unwrap_or(true),
        }
    }
}

/// The request with tokens that its providers vouch for, as far as a mesh knows them.
pub(super) fn vouched_for<'r>(request: &'r Request, world: &World) -> Cow<'r, Request> {
    let mut request = Cow::Borrowed(request);
    for number in 0..request.tokens.len() {
        let named = request.tokens.get(number);
        let provider = named.and_then(|token| token.provider.as_deref());
        let mut meshes = world.meshes.iter();
        let known = provider.and_then(|name| meshes.find_map(|mesh| mesh.token_provider(name)));
        if let Some(rule) = known
            && let Some(token) = request.to_mut().tokens.get_mut(number)
        {
            token.issuer = rule.issuer.to_string();
            if let Some(audience) = rule.audiences.first()
                && !token.claims.contains_key("aud")
            {
                token.claims.insert("aud".to_owned(), (**audience).into());
            }
        }
    }
    request
}

/// One token, or a list of them.
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Jwt>, D::Error> {
    struct Tokens;

    impl<'de> Visitor<'de> for Tokens {
        type Value = Vec<Jwt>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a token, or a list of tokens")
        }

        fn visit_map<A: MapAccess<'de>>(self, one: A) -> Result<Vec<Jwt>, A::Error> {
            Ok(vec![Jwt::deserialize(MapAccessDeserializer::new(one))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, several: A) -> Result<Vec<Jwt>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(several))
        }

        fn visit_unit<E>(self) -> Result<Vec<Jwt>, E> {
            Ok(Vec::new())
        }
    }

    from.deserialize_any(Tokens)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::vouched_for;
    use crate::assertion::parse;
    use crate::mesh::Mesh;
    use crate::mesh::sample::{Same, index};
    use crate::model::{Membership, Request, TokenRule};
    use crate::reach::World;
    use crate::text::{SourceFile, Sources};

    /// The request of a test that presents tokens, or what is wrong with it.
    fn request(jwt: &str) -> Result<Request, String> {
        let text = format!(
            "tests:\n- {{name: t, from: {{external: true}}, to: {{port: 1}}, expect: deny, request: {{jwt: {jwt}}}}}\n"
        );
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.meshvet-test.yaml", text));
        let (documents, _) = crate::syntax::parse(file, sources.get(file));
        let (assertions, problems) = parse(documents.first().unwrap());
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem.message);
        }
        Ok(assertions.into_iter().next().unwrap().request.unwrap())
    }

    fn issuers(jwt: &str) -> Result<Vec<String>, String> {
        let tokens = request(jwt)?.tokens.into_iter();
        Ok(tokens.map(|token| token.issuer).collect())
    }

    #[test]
    fn a_provider_vouches_for_its_own_tokens() {
        let (index, _) = index(&[("a.hcl", "service { name = \"web\" }")]);
        let mesh = Same {
            membership: Membership::Meshed,
            opened: Vec::new(),
            provider: Some(TokenRule {
                issuer: "https://idp".into(),
                audiences: vec!["shop".into(), "bank".into()],
                default_location: true,
                forwards: false,
            }),
        };
        let meshes: Vec<Arc<dyn Mesh>> = vec![Arc::new(mesh)];
        let (world, _) = World::new(index, meshes);
        let said = |jwt: &str| -> Vec<String> {
            let request = request(jwt).unwrap();
            let request = vouched_for(&request, &world);
            let each = request.tokens.iter();
            each.map(|token| format!("{} {}", token.issuer, Value::from(token.claims.clone())))
                .collect()
        };
        assert_eq!(
            said("[{provider: known}, {provider: other}, {issuer: known}]"),
            [r#"https://idp {"aud":"shop"}"#, "other {}", "known {}"]
        );
        assert_eq!(
            said("{provider: known, claims: {aud: mine}}"),
            [r#"https://idp {"aud":"mine"}"#]
        );
        assert_eq!(said("{provider: known, issuer: own}"), ["own {}"]);
    }

    #[test]
    fn a_request_presents_no_token_or_one_or_several() {
        assert_eq!(issuers("null").unwrap(), [""; 0]);
        assert_eq!(issuers("{}").unwrap(), [""]);
        assert_eq!(issuers("{issuer: a}").unwrap(), ["a"]);
        assert_eq!(issuers("[{issuer: a}, {provider: b}]").unwrap(), ["a", "b"]);
        let wrong = issuers("{isuer: a}").unwrap_err();
        assert!(
            wrong.contains("/request/jwt") && wrong.contains("isuer"),
            "{wrong}"
        );
        let wrong = issuers("[{}, {isuer: a}]").unwrap_err();
        assert!(
            wrong.contains("/request/jwt/1") && wrong.contains("isuer"),
            "{wrong}"
        );
        let wrong = issuers("a").unwrap_err();
        assert!(wrong.contains("a token, or a list of tokens"), "{wrong}");
    }
}
