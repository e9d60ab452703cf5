use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex::Regex;

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

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.written
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
    fn groups_in_what_comes_out() {
        let replace = |text, by| {
            let part = Expression::part("^/t/[^/]+(/.*)$");
            part.map(|part| part.replace(text, by))
        };
        assert_eq!(replace("/t/a/v1", r"\1$").as_deref(), Some("/v1$"));
        assert_eq!(replace("/u", r"\1").as_deref(), Some("/u"));
    }
}
