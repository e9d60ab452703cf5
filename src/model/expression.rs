use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Most repetitions that an example has of one part.
const MOST: u32 = 64;

/// A regular expression; two are equal if they are written alike.
#[derive(Debug, Clone)]
pub struct Expression {
    compiled: Regex,
    written: Arc<str>,
    /// Whether what is found first has to be the whole text.
    covers: bool,
}

impl Expression {
    /// One that a whole text has to fit; nothing of one that cannot be read.
    pub fn whole(written: &str) -> Option<Self> {
        Self::new(&format!(r"\A(?:{written})\z"), written)
    }

    /// One that is looked for in a text.
    pub fn part(written: &str) -> Option<Self> {
        Self::new(written, written)
    }

    /// One of which the first that is found in a text has to be the whole text: `a|ab` finds `a` in
    /// `ab`, and so does not fit it.
    pub fn covering(written: &str) -> Option<Self> {
        let found = Self::part(written)?;
        Some(Self {
            covers: true,
            ..found
        })
    }

    /// One that fits a text in any case, with or without more behind it.
    pub fn any_case(text: &str, more: bool) -> Option<Self> {
        let more = if more { "(?s:.*)" } else { "" };
        Self::whole(&format!("(?i:{}){more}", regex::escape(text)))
    }

    fn new(compiled: &str, written: &str) -> Option<Self> {
        Some(Self {
            compiled: Regex::new(compiled).ok()?,
            written: written.into(),
            covers: false,
        })
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        match self.covers {
            true => {
                let found = self.compiled.find(text);
                found.is_some_and(|found| found.as_str().len() == text.len())
            }
            false => self.compiled.is_match(text),
        }
    }

    /// The text with everything that fits replaced; `\1` stands for the first group.
    pub fn replace(&self, text: &str, by: &str) -> String {
        let mut replacement = String::new();
        let mut rest = by.chars().peekable();
        while let Some(c) = rest.next() {
            match (c, rest.peek()) {
                ('\\', Some(digit)) if digit.is_ascii_digit() => {
                    replacement.push_str(&format!("${{{digit}}}"));
                    rest.next();
                }
                ('\\', Some('\\')) => {
                    replacement.push('\\');
                    rest.next();
                }
                ('$', _) => replacement.push_str("$$"),
                _ => replacement.push(c),
            }
        }
        let replaced = self.compiled.replace_all(text, replacement.as_str());
        replaced.into_owned()
    }

    /// Texts that fit: a short one, and one in which `any` stands where anything may.
    pub fn examples(&self, any: &str) -> Vec<String> {
        let Ok(parsed) = regex_syntax::parse(self.compiled.as_str()) else {
            return Vec::new();
        };
        let mut examples = Vec::new();
        for any in [None, Some(any)] {
            let mut text = String::new();
            example(&parsed, any, &mut text);
            if self.fits(&text) && !examples.contains(&text) {
                examples.push(text);
            }
        }
        examples
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

/// A text that most likely fits: as little as may be, or `any` where it may be and else once what may be
/// left out.
fn example(of: &Hir, any: Option<&str>, into: &mut String) {
    match of.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => into.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => into.extend(member(class)),
        HirKind::Repetition(repeated) => {
            let fills = |text: &&str| {
                let all = |class| text.chars().all(|c| has(class, c));
                repeated.max.is_none()
                    && matches!(repeated.sub.kind(), HirKind::Class(class) if all(class))
            };
            match any {
                Some(text) if fills(&text) => into.push_str(text),
                _ => {
                    let least = repeated.min.max(u32::from(any.is_some()));
                    (0..least.min(MOST)).for_each(|_| example(&repeated.sub, any, into));
                }
            }
        }
        HirKind::Capture(group) => example(&group.sub, any, into),
        HirKind::Concat(parts) => parts.iter().for_each(|part| example(part, any, into)),
        HirKind::Alternation(ways) => {
            let way = match any {
                None => ways.first(),
                Some(_) => ways.last(),
            };
            way.into_iter().for_each(|way| example(way, any, into));
        }
    }
}

/// A character of a class: one that is common in names, if there is one.
fn member(class: &Class) -> Option<char> {
    let common = ('a'..='z').chain('0'..='9').chain("/-_.".chars());
    common
        .into_iter()
        .find(|&c| has(class, c))
        .or_else(|| match class {
            Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
            Class::Bytes(class) => class.ranges().first().map(|range| range.start().into()),
        })
}

fn has(class: &Class, c: char) -> bool {
    match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .any(|r| (r.start()..=r.end()).contains(&c)),
        Class::Bytes(class) => u8::try_from(c).is_ok_and(|c| {
            class
                .ranges()
                .iter()
                .any(|r| (r.start()..=r.end()).contains(&c))
        }),
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        (self.compiled.as_str(), self.covers) == (other.compiled.as_str(), other.covers)
    }
}

impl Eq for Expression {}

impl PartialOrd for Expression {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Expression {
    fn cmp(&self, other: &Self) -> Ordering {
        let text = self.compiled.as_str().cmp(other.compiled.as_str());
        text.then(self.covers.cmp(&other.covers))
    }
}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compiled.as_str().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    #[test]
    fn whole_texts_and_parts() {
        let fits = |expression: Option<Expression>, text| expression.map(|e| e.fits(text));
        let whole = || Expression::whole("/v[0-9]+|/x");
        assert_eq!(fits(whole(), "/v12"), Some(true));
        assert_eq!(fits(whole(), "/v12/a"), Some(false));
        assert_eq!(fits(whole(), "a/x"), Some(false));
        let any_case = |more| Expression::any_case("/It.ms", more);
        assert_eq!(fits(any_case(true), "/IT.MS/1"), Some(true));
        assert_eq!(fits(any_case(false), "/IT.MS/1"), Some(false));
        assert_eq!(fits(any_case(false), "/ITEMS"), Some(false));
        assert!(Expression::whole("(?=a)").is_none());
        let covering = || Expression::covering("a|ab");
        assert_eq!(fits(covering(), "a"), Some(true));
        assert_eq!(fits(covering(), "ab"), Some(false));
    }

    #[test]
    fn examples_fit() {
        let of = |written| Expression::whole(written).map(|e| e.examples("any"));
        let texts = |texts: &[&str]| Some(texts.iter().map(|&t| t.to_owned()).collect());
        assert_eq!(of("/a(/.*)?"), texts(&["/a", "/a/any"]));
        assert_eq!(of("[0-9]{3}|(?i:Bearer) .+"), texts(&["000", "bearer any"]));
        assert_eq!(of("/v[12]/[a-z]*"), texts(&["/v1/", "/v1/any"]));
        // nothing fits, or nothing that is tried
        assert_eq!(of("a\\bb"), texts(&[]));
        let covering = Expression::covering("a|ab").map(|e| e.examples("any"));
        assert_eq!(covering, texts(&["a"]));
        // long texts are not tried
        assert_eq!(of("a{1000}"), texts(&[]));
    }

    #[test]
    fn groups_in_what_comes_out() {
        let replace = |text, by| {
            let part = Expression::part("^/t/[^/]+(/.*)$");
            part.map(|part| part.replace(text, by))
        };
        assert_eq!(replace("/t/a/v1", r"\1$").as_deref(), Some("/v1$"));
        assert_eq!(replace("/u", r"\1").as_deref(), Some("/u"));
    }
}
