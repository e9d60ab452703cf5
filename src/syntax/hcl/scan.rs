//! Text to tokens.

use super::super::builder::Failure;

/// A piece of the text that means something; both are offsets into the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key without quotes.
    Word,
    /// Text in double quotes.
    Quoted,
    /// Lines of text between two marks.
    Heredoc,
    Int,
    Float,
    Bool,
    Assign,
    Comma,
    Colon,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    End,
}

/// Gives the tokens one after the other. After a failure it goes on behind what it did not
/// understand.
pub(super) struct Scanner<'t> {
    text: &'t str,
    /// How far it is read.
    pub(super) at: usize,
    /// Where the comments of one line are, as far as the text is read.
    pub(super) comments: Vec<(usize, usize)>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            comments: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Token, Failure> {
        self.skip_to_token()?;
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(self.token(Kind::End, start));
        };
        let before_digit = |c: char| c == '-' || c == '.';
        let kind = match first {
            '"' => self.quoted()?,
            '<' => self.heredoc()?,
            _ if first.is_ascii_digit() => self.number(),
            _ if before_digit(first) && digits(from(rest, 1)) > 0 => self.number(),
            _ if is_letter(first) => self.word(),
            _ => self.sign(first)?,
        };
        Ok(self.token(kind, start))
    }

    fn token(&self, kind: Kind, start: usize) -> Token {
        Token {
            kind,
            start,
            end: self.at,
        }
    }

    fn rest(&self) -> &'t str {
        from(self.text, self.at)
    }

    /// Passes blanks and comments.
    fn skip_to_token(&mut self) -> Result<(), Failure> {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.at += blanks;
            let rest = self.rest();
            if rest.starts_with('#') || rest.starts_with("//") {
                let line = rest.split('\n').next().unwrap_or(rest);
                let end = self.at + line.trim_end_matches('\r').len();
                self.comments.push((self.at, end));
                self.at += line.len();
            } else if let Some(inside) = rest.strip_prefix("/*") {
                let Some(length) = inside.find("*/") else {
                    return self.give_up("this comment never ends; close it with `*/`");
                };
                self.at += length + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn sign(&mut self, first: char) -> Result<Kind, Failure> {
        let at = self.at;
        self.at += first.len_utf8();
        Ok(match first {
            '=' => Kind::Assign,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '{' => Kind::OpenBrace,
            '}' => Kind::CloseBrace,
            '[' => Kind::OpenBracket,
            ']' => Kind::CloseBracket,
            _ => {
                let reason = match first {
                    '\'' => "text stands in double quotes".to_owned(),
                    '\u{feff}' => {
                        "Consul refuses a byte-order mark; save the file without it".to_owned()
                    }
                    _ => format!(
                        "`{}` means nothing here; Consul reads HCL 1, which has no expressions",
                        first.escape_debug()
                    ),
                };
                return Err(Failure { at, reason });
            }
        })
    }

    fn word(&mut self) -> Kind {
        let rest = self.rest();
        let more = |c: char| is_letter(c) || is_digit(c) || c == '-' || c == '.';
        let word = start(rest, rest.find(|c| !more(c)).unwrap_or(rest.len()));
        self.at += word.len();
        match word {
            "true" | "false" => Kind::Bool,
            _ => Kind::Word,
        }
    }

    fn number(&mut self) -> Kind {
        let rest = self.rest();
        let mut end = usize::from(rest.starts_with('-'));
        if from(rest, end).starts_with("0x") || from(rest, end).starts_with("0X") {
            let hex = from(rest, end + 2).bytes();
            self.at += end + 2 + hex.take_while(u8::is_ascii_hexdigit).count();
            return Kind::Int;
        }
        end += digits(from(rest, end));
        let whole = end;
        if from(rest, end).starts_with('.') {
            end += 1 + digits(from(rest, end + 1));
        }
        if from(rest, end).starts_with(['e', 'E']) {
            end += 1 + usize::from(from(rest, end + 1).starts_with(['+', '-']));
            end += digits(from(rest, end));
        }
        self.at += end;
        if end == whole { Kind::Int } else { Kind::Float }
    }

    /// Text in quotes, to its end: inside `${…}` quotes and line breaks belong to it.
    fn quoted(&mut self) -> Result<Kind, Failure> {
        let rest = self.rest();
        let mut chars = rest.char_indices().skip(1).peekable();
        let mut braces = 0_usize;
        while let Some((at, c)) = chars.next() {
            match c {
                '\n' if braces == 0 => {
                    let start = self.at;
                    self.at += at;
                    return Err(Failure {
                        at: start,
                        reason: "this text has no closing quote on its line; for several lines \
                                 write `<<EOF`"
                            .to_owned(),
                    });
                }
                '"' if braces == 0 => {
                    self.at += at + 1;
                    return Ok(Kind::Quoted);
                }
                '$' if braces == 0 && chars.peek().is_some_and(|&(_, next)| next == '{') => {
                    chars.next();
                    braces = 1;
                }
                '{' if braces > 0 => braces += 1,
                '}' if braces > 0 => braces -= 1,
                '\\' => {
                    chars.next();
                }
                _ => {}
            }
        }
        self.give_up("this text has no closing quote")
    }

    /// Lines from `<<MARK` to the line with the mark alone; the token ends with that mark.
    fn heredoc(&mut self) -> Result<Kind, Failure> {
        let rest = self.rest();
        let Some((mark, is_indented, header)) = heredoc_header(rest) else {
            self.at += 1;
            return Err(Failure {
                at: self.at - 1,
                reason: "a text of several lines begins with `<<`, a mark and a line break, such \
                         as `<<EOF`"
                    .to_owned(),
            });
        };
        let mut line_start = header;
        for line in from(rest, header).split_inclusive('\n') {
            let blanks = line.len() - line.trim_start_matches(is_space).len();
            // an end that is not indented is none for HCL 1 if the mark began with a dash
            let ends = |line: &str| line.trim_end_matches('\r').get(blanks..) == Some(mark);
            let is_end = line.strip_suffix('\n').is_some_and(ends) && (blanks > 0 || !is_indented);
            if is_end {
                self.at += line_start + blanks + mark.len();
                return Ok(Kind::Heredoc);
            }
            line_start += line.len();
        }
        let advice = match is_indented {
            true => "indented, on a line of its own",
            false => "on a line of its own",
        };
        self.give_up(&format!(
            "this text never ends; write {mark} below it, {advice}, with a line break behind"
        ))
    }

    /// What begins here goes on to the end of the text.
    fn give_up<T>(&mut self, reason: &str) -> Result<T, Failure> {
        let at = self.at;
        self.at = self.text.len();
        Err(Failure {
            at,
            reason: reason.to_owned(),
        })
    }
}

/// The mark of a text of several lines, whether its indentation is taken off, and how long its
/// first line is.
pub(super) fn heredoc_header(text: &str) -> Option<(&str, bool, usize)> {
    let after = text.strip_prefix("<<")?;
    let named = after.strip_prefix('-').unwrap_or(after);
    let mark = start(named, named.find(|c| !is_letter(c) && !is_digit(c))?);
    let behind = from(named, mark.len());
    let line_break = [1, 2].into_iter().find(|&length| {
        let ending = behind.get(..length);
        ending == Some("\n") || ending == Some("\r\n")
    })?;
    let length = text.len() - behind.len() + line_break;
    (!mark.is_empty()).then_some((mark, named.len() < after.len(), length))
}

/// The text from an offset on.
fn from(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

/// The text up to an offset.
fn start(text: &str, end: usize) -> &str {
    text.get(..end).unwrap_or("")
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}
