//! Tokens, as those take them to whom they are presented.

use std::sync::Arc;

use crate::model::{HeaderLine, Request, Ruleset, StringMatch, Token, TokenRule};

/// What a gate makes of the tokens that are presented.
#[derive(Debug, Clone, Default)]
pub struct Presented {
    /// Those that are accepted.
    pub accepted: Vec<Token>,
    /// Whether there is one that is looked at and not accepted.
    pub refused: bool,
    /// Whether there is one of which only its text is known.
    pub unjudged: bool,
}

/// Shows the request's tokens to a server; those that it does not forward it takes away.
pub(super) fn present(rules: &Ruleset, request: &mut Request, lines: &[HeaderLine]) -> Presented {
    let Some(accepted) = &rules.tokens else {
        return Presented::default();
    };
    let preflight = request.method.as_deref() == Some("OPTIONS")
        && ["origin", "access-control-request-method"]
            .iter()
            .all(|&name| lines.iter().any(|line| line.name == name));
    if !request.tokens.is_empty() {
        let mut presented = Presented::default();
        request.tokens.retain(|token| {
            let judged = judge_token(accepted, token);
            if judged.accepted {
                presented.accepted.push(token.clone());
            }
            presented.refused |= judged.refused && !preflight;
            judged.forwarded
        });
        return presented;
    }
    if preflight || !accepted.iter().any(|rule| rule.default_location) {
        return Presented::default();
    }
    let bearer = lines
        .iter()
        .filter(|line| line.name == "authorization")
        .find_map(|line| line.value.strip_prefix("Bearer "));
    let query = request
        .path
        .as_deref()
        .and_then(|path| path.split_once('?'))
        .map_or("", |(_, q)| q);
    let parameter = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="));
    let Some(raw) = bearer.or(parameter) else {
        return Presented::default();
    };
    // three parts may be a token that is accepted: its signature cannot be judged here
    let shaped = raw.split('.').count() == 3 && !raw.contains(char::is_whitespace);
    Presented {
        refused: !shaped,
        unjudged: shaped,
        ..Presented::default()
    }
}

/// A claim that is a text, or a list with such a text in it.
pub(super) fn matches_claim(token: &Token, path: &[Arc<str>], value: &StringMatch) -> bool {
    use serde_json::Value;
    if let [only] = path
        && &**only == "iss"
    {
        return value.matches(&token.issuer);
    }
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let mut found = token.claims.get(&**first);
    for step in rest {
        found = found.and_then(|claim| claim.get(&**step));
    }
    match found {
        Some(Value::String(text)) => value.matches(text),
        Some(Value::Array(items)) => items
            .iter()
            .any(|item| item.as_str().is_some_and(|text| value.matches(text))),
        _ => false,
    }
}

/// A token as a server takes it.
struct Judged {
    /// Whether it is accepted.
    accepted: bool,
    /// Whether it is looked at and not accepted.
    refused: bool,
    /// Whether the next server sees it.
    forwarded: bool,
}

/// How a server takes a token.
fn judge_token(rules: &[TokenRule], token: &Token) -> Judged {
    let known: Vec<&TokenRule> = rules
        .iter()
        .filter(|rule| *rule.issuer == *token.issuer)
        .collect();
    let accepted = token.valid && known.iter().any(|rule| takes_audience(rule, token));
    let looked_at = !known.is_empty() || rules.iter().any(|rule| rule.default_location);
    Judged {
        accepted,
        refused: looked_at && !accepted,
        forwarded: !accepted || known.iter().any(|rule| rule.forwards),
    }
}

fn takes_audience(rule: &TokenRule, token: &Token) -> bool {
    let exact = |audience: &Arc<str>| StringMatch::Exact(audience.clone());
    rule.audiences.is_empty()
        || rule
            .audiences
            .iter()
            .any(|a| matches_claim(token, &["aud".into()], &exact(a)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{At, ResourceId};
    use crate::model::{Because, Effect, Normalization};

    fn rule(issuer: &str, audience: Option<&str>) -> TokenRule {
        TokenRule {
            issuer: issuer.into(),
            audiences: audience.into_iter().map(Into::into).collect(),
            default_location: true,
            forwards: issuer == "a",
        }
    }

    fn token(issuer: &str, valid: bool, claims: serde_json::Value) -> Token {
        Token {
            issuer: issuer.to_owned(),
            claims: claims.as_object().cloned().unwrap_or_default(),
            valid,
        }
    }

    /// Who takes tokens by these rules.
    fn gate(tokens: Vec<TokenRule>) -> Ruleset {
        let near = At::new(ResourceId(0), "");
        Ruleset {
            rules: Vec::new(),
            otherwise: Effect::Allow,
            because: Because::Configured(near),
            normalization: Normalization::None,
            tokens: Some(tokens.into()),
        }
    }

    #[test]
    fn each_token_is_taken_for_itself() {
        let none = serde_json::json!({});
        let mut request = Request {
            tokens: vec![
                token("a", true, none.clone()),
                token("b", true, none.clone()),
                token("b", false, none.clone()),
                token("c", true, none),
            ],
            ..Request::default()
        };
        let issuers = |tokens: &[Token]| -> Vec<String> {
            tokens.iter().map(|one| one.issuer.clone()).collect()
        };
        let both = gate(vec![rule("a", None), rule("b", None)]);
        let first = present(&both, &mut request, &[]);
        assert_eq!(issuers(&first.accepted), ["a", "b"]);
        assert!(first.refused && !first.unjudged);
        // what was accepted is taken away where it is not sent on
        assert_eq!(issuers(&request.tokens), ["a", "b", "c"]);
        let next = present(&gate(vec![rule("b", None)]), &mut request, &[]);
        assert!(next.accepted.is_empty() && next.refused);
        request.tokens.truncate(1);
        let last = present(&both, &mut request, &[]);
        assert_eq!(issuers(&last.accepted), ["a"]);
        assert!(!last.refused);
    }

    #[test]
    fn an_audience_may_stand_in_a_list() {
        let rules = [rule("a", Some("shop"))];
        for (audience, accepted) in [
            (serde_json::json!({"aud": "shop"}), true),
            (serde_json::json!({"aud": ["x", "shop"]}), true),
            (serde_json::json!({"aud": "x"}), false),
            (serde_json::json!({}), false),
        ] {
            let token = token("a", true, audience);
            assert_eq!(judge_token(&rules, &token).accepted, accepted, "{token:?}");
        }
    }
}
