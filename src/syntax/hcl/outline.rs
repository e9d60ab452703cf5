//! The keys at the top of a text, whatever language it is in: nothing is an error here.

use super::super::consul::{Shape, Sign};
use super::scan::{Kind, Scanner, Token};

/// The keys at the top, one after the other. They are looked for only as far as they are asked for.
pub(in super::super) fn signs(text: &str) -> impl Iterator<Item = Sign<'_>> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    // the braces around a file of JSON
    let text = start.strip_prefix('{').unwrap_or(start);
    let mut outline = Outline {
        text,
        scanner: Scanner::new(text),
    };
    std::iter::from_fn(move || outline.next())
}

struct Outline<'t> {
    text: &'t str,
    scanner: Scanner<'t>,
}

impl<'t> Outline<'t> {
    fn next(&mut self) -> Option<Sign<'t>> {
        let mut words: Vec<Token> = Vec::new();
        loop {
            let token = self.token();
            let (first, last) = (words.first().copied(), words.last().copied());
            match (token.kind, first, last) {
                (Kind::End, ..) => return None,
                (Kind::Word | Kind::Quoted, ..) => words.push(token),
                (Kind::Assign | Kind::Colon, _, Some(key)) => {
                    let shape = self.value();
                    return Some(self.sign(key, shape));
                }
                (Kind::OpenBrace, Some(key), _) => {
                    let inside = self.skip(token.end);
                    let shape = match words.len() {
                        1 => Shape::Map,
                        _ => Shape::Labelled(inside),
                    };
                    return Some(self.sign(key, shape));
                }
                (Kind::OpenBrace | Kind::OpenBracket, ..) => {
                    self.skip(token.end);
                    words.clear();
                }
                _ => words.clear(),
            }
        }
    }

    fn sign(&self, key: Token, shape: Shape<'t>) -> Sign<'t> {
        Sign {
            key: self.written(key),
            shape,
        }
    }

    fn value(&mut self) -> Shape<'t> {
        let token = match self.scanner.next() {
            Ok(token) => token,
            // a quote that is never closed does not hide what stands behind it
            Err(failure) => {
                let written = self.text.get(failure.at..self.scanner.at).unwrap_or("");
                return Shape::Text(written.trim().trim_matches('"'));
            }
        };
        match token.kind {
            Kind::Quoted => Shape::Text(self.written(token)),
            Kind::Bool => Shape::Bool,
            Kind::OpenBrace => {
                self.skip(token.end);
                Shape::Map
            }
            Kind::OpenBracket => {
                self.skip(token.end);
                Shape::List
            }
            _ => Shape::Other,
        }
    }

    /// Passes what stands in braces or brackets that were opened just before; gives it back.
    fn skip(&mut self, start: usize) -> &'t str {
        let mut depth = 1_usize;
        loop {
            let token = self.token();
            match token.kind {
                Kind::OpenBrace | Kind::OpenBracket => depth += 1,
                Kind::CloseBrace | Kind::CloseBracket => depth -= 1,
                _ => {}
            }
            if depth == 0 || token.kind == Kind::End {
                return self.text.get(start..token.start).unwrap_or("");
            }
        }
    }

    /// The next token that is one.
    fn token(&mut self) -> Token {
        loop {
            if let Ok(token) = self.scanner.next() {
                return token;
            }
        }
    }

    /// A token without quotes.
    fn written(&self, token: Token) -> &'t str {
        let text = self.text.get(token.start..token.end).unwrap_or("");
        match token.kind {
            Kind::Quoted => text.trim_matches('"'),
            _ => text,
        }
    }
}
