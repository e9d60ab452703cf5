//! The tokens that a test's request presents.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::Token;

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
        Token {
            issuer: self.issuer.or(self.provider).unwrap_or_default(),
            claims: self.claims,
            valid: self.valid.unwrap_or(true),
        }
    }
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
    use crate::assertion::parse;
    use crate::text::{SourceFile, Sources};

    /// The issuers of the tokens that a test presents, or what is wrong with it.
    fn issuers(jwt: &str) -> Result<Vec<String>, String> {
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
        let request = assertions.into_iter().next().unwrap().request.unwrap();
        let issuers = request.tokens.into_iter().map(|token| token.issuer);
        Ok(issuers.collect())
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
