//! Tokens, as those take them to whom they are presented.

use std::sync::Arc;

use serde_json::Value;

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

/// What a token says at a path of claims.
fn claim<'t>(token: &'t Token, path: &[Arc<str>]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    let first = token.claims.get(&**first);
    rest.iter().fold(first, |at, step| at?.get(&**step))
}

fn is_issuer(path: &[Arc<str>]) -> bool {
    matches!(path, [only] if **only == *"iss")
}

/// Whether a claim is a text that matches.
pub(super) fn is_claim(token: &Token, path: &[Arc<str>], value: &StringMatch) -> bool {
    if is_issuer(path) {
        return value.matches(&token.issuer);
    }
    let text = claim(token, path).and_then(Value::as_str);
    text.is_some_and(|text| value.matches(text))
}

/// Whether a claim is a text that matches, or a list with such a text in it.
pub(super) fn matches_claim(token: &Token, path: &[Arc<str>], value: &StringMatch) -> bool {
    if is_claim(token, path, value) {
        return true;
    }
    let list = claim(token, path).filter(|_| !is_issuer(path));
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(Value::as_str)
        .any(|text| value.matches(text))
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
    use crate::model::{At, Because, Effect, Layer, Normalization, ResourceId, Test, Tri, When};
    use crate::reach::authorize::evaluate;
    use crate::reach::caller::{Attempt, Caller, ClientAddress};

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
            ..Token::default()
        }
    }

    /// Who takes tokens by these rules.
    fn gate(tokens: Vec<TokenRule>) -> Ruleset {
        let near = At::new(ResourceId(0), "");
        Ruleset {
            rules: Vec::new(),
            otherwise: Effect::Allow,
            because: Because::Configured(near),
            normalization: Normalization::NONE,
            tokens: Some(tokens.into()),
        }
    }

    #[test]
    fn each_token_is_taken_for_itself() {
        let none = serde_json::json!({});
        let mut request = Request {
            tokens: vec![
                token("b", true, none.clone()),
                token("b", false, none.clone()),
                token("c", true, none.clone()),
                token("a", true, none),
            ],
            ..Request::default()
        };
        let issuers = |tokens: &[Token]| -> Vec<String> {
            tokens.iter().map(|one| one.issuer.clone()).collect()
        };
        let both = gate(vec![rule("a", None), rule("b", None)]);
        let first = present(&both, &mut request, &[]);
        assert_eq!(issuers(&first.accepted), ["b", "a"]);
        assert!(first.refused && !first.unjudged);
        // what was accepted is taken away where it is not sent on
        assert_eq!(issuers(&request.tokens), ["b", "c", "a"]);
        let next = present(&gate(vec![rule("b", None)]), &mut request, &[]);
        assert!(next.accepted.is_empty() && next.refused);
        request.tokens.retain(|token| token.issuer == "a");
        let last = present(&both, &mut request, &[]);
        assert_eq!(issuers(&last.accepted), ["a"]);
        assert!(!last.refused);
    }

    /// Whether a test holds of a request with these tokens, all accepted.
    fn holds(test: Test, tokens: &[Token]) -> bool {
        let attempt = Attempt {
            tokens: Presented {
                accepted: tokens.to_vec(),
                ..Presented::default()
            },
            ..Attempt::default()
        };
        let caller = Caller {
            identity: None,
            peer: None,
            inside: true,
            destination: None,
            port: 1,
            server_name: None,
            layer: Layer::Http,
            client: ClientAddress::Written(None),
        };
        let when = When::Is(test, At::new(ResourceId(0), ""));
        evaluate(&when, &caller, &attempt) == Tri::Yes
    }

    fn exact(text: &str) -> StringMatch {
        StringMatch::Exact(text.into())
    }

    fn path(steps: &[&str]) -> Vec<Arc<str>> {
        steps.iter().map(|&step| step.into()).collect()
    }

    #[test]
    fn a_claim_may_be_a_text_only() {
        let claims = serde_json::json!({
            "role": "admin", "roles": ["admin"], "n": 1, "perms": {"role": "admin"}, "a.b": "admin",
        });
        let tokens = [token("a", true, claims)];
        for (steps, text, claim) in [
            (&["role"][..], true, true),
            (&["roles"], false, true),
            (&["perms", "role"], true, true),
            (&["perms.role"], false, false),
            (&["a", "b"], false, false),
            (&["n"], false, false),
            (&["none"], false, false),
            (&[], false, false),
        ] {
            let (path, value) = (path(steps), exact("admin"));
            let issuer = StringMatch::Any;
            let is_text = Test::TokenText {
                issuer,
                path: path.clone(),
                value: value.clone(),
            };
            assert_eq!(holds(is_text, &tokens), text, "{steps:?}");
            assert_eq!(
                holds(Test::TokenClaim { path, value }, &tokens),
                claim,
                "{steps:?}"
            );
        }
    }

    #[test]
    fn any_token_may_say_it_but_it_is_one_that_says_all() {
        let said = |role: &str| serde_json::json!({"role": role, "sub": role, "iss": "none"});
        let tokens = [
            token("a", true, said("user")),
            token("b", true, said("admin")),
        ];
        let admin_of = |issuer: StringMatch| Test::TokenText {
            issuer,
            path: path(&["role"]),
            value: exact("admin"),
        };
        assert!(holds(admin_of(StringMatch::Any), &tokens));
        assert!(holds(admin_of(exact("b")), &tokens));
        assert!(!holds(admin_of(exact("a")), &tokens));
        let from = |issuer: &str| Test::TokenText {
            issuer: StringMatch::Any,
            path: path(&["iss"]),
            value: exact(issuer),
        };
        assert!(holds(from("a"), &tokens) && holds(from("b"), &tokens));
        assert!(!holds(from("none"), &tokens));
        let principal = |issuer: &str, subject: &str| Test::TokenPrincipal {
            issuer: exact(issuer),
            subject: exact(subject),
        };
        assert!(holds(principal("b", "admin"), &tokens));
        assert!(!holds(principal("a", "admin"), &tokens));
        assert!(!holds(principal("b", "admin"), &tokens[..1]));
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
