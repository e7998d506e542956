//! Reads the text of a selection. Refusals name the character and the way out; nesting and length are bounded.

use super::{Field, Test};

const MAX_CHARS: usize = 2000;
const MAX_DEPTH: usize = 20;

/// Where (1-based character) and what.
type Refusal = (usize, String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A bare word; `and`, `or`, `not`, `in`, `like`, `all`, `none` are read by their place.
    Word(String),
    /// A text in double quotes: never one of the words above.
    Quoted(String),
    Sign(&'static str),
}

/// Reads a whole selection.
pub(super) fn read(text: &str) -> Result<Test, Refusal> {
    if text.chars().count() > MAX_CHARS {
        return Err((
            1,
            format!("it is longer than {MAX_CHARS} characters; label the targets instead"),
        ));
    }
    let tokens = tokens(text)?;
    let end = text.chars().count() + 1;
    let mut reader = Reader { tokens: &tokens, end };
    if tokens.is_empty() {
        return Err((1, "it is empty; write `all` for every target".to_owned()));
    }
    let test = reader.or(0)?;
    match reader.tokens.first() {
        None => Ok(test),
        Some((at, _)) => Err((*at, "expected `and`, `or` or the end".to_owned())),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Refusal> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(letter) = letters.get(place) {
        let at = place + 1;
        let sign = |text: &'static str| Some((Token::Sign(text), text.chars().count()));
        let token = match (letter, letters.get(place + 1)) {
            ('(', _) => sign("("),
            (')', _) => sign(")"),
            (',', _) => sign(","),
            ('!', Some('=')) => sign("!="),
            ('=', Some('=')) => {
                return Err((at, "`==`: one `=` compares".to_owned()));
            }
            ('=', _) => sign("="),
            (letter, _) if letter.is_whitespace() => None,
            ('"', _) => {
                let rest = &letters[at..];
                let length = rest.iter().position(|letter| *letter == '"');
                let length = length.ok_or_else(|| (at, "this quote is not closed".to_owned()))?;
                Some((Token::Quoted(rest[..length].iter().collect()), length + 2))
            }
            (letter, _) if in_word(*letter) => {
                let rest = &letters[place..];
                let length = rest.iter().position(|letter| !in_word(*letter)).unwrap_or(rest.len());
                Some((Token::Word(rest[..length].iter().collect()), length))
            }
            (letter, _) => {
                let what = format!(
                    "{letter:?} is no part of a selection; put texts with signs in double quotes"
                );
                return Err((at, what));
            }
        };
        match token {
            Some((token, length)) => {
                found.push((at, token));
                place += length;
            }
            None => place += 1,
        }
    }
    Ok(found)
}

fn in_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':' | '/' | '@' | '+')
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    end: usize,
}

impl Reader<'_> {
    fn here(&self) -> usize {
        self.tokens.first().map_or(self.end, |(at, _)| *at)
    }

    fn next(&mut self) -> Option<Token> {
        let ((_, token), rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(token.clone())
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let fits = self.tokens.first().is_some_and(|(_, token)| token == wanted);
        if fits {
            self.tokens = &self.tokens[1..];
        }
        fits
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(&Token::Word(word.to_owned()))
    }

    fn or(&mut self, depth: usize) -> Result<Test, Refusal> {
        if depth > MAX_DEPTH {
            return Err((self.here(), format!("brackets nest deeper than {MAX_DEPTH}")));
        }
        let mut parts = vec![self.and(depth)?];
        while self.take_word("or") {
            parts.push(self.and(depth)?);
        }
        Ok(one_or(parts, Test::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Test, Refusal> {
        let mut parts = vec![self.not(depth)?];
        while self.take_word("and") {
            parts.push(self.not(depth)?);
        }
        Ok(one_or(parts, Test::And))
    }

    fn not(&mut self, depth: usize) -> Result<Test, Refusal> {
        let mut turned = false;
        while self.take_word("not") {
            turned = !turned;
        }
        let test = self.test(depth)?;
        Ok(if turned { Test::Not(Box::new(test)) } else { test })
    }

    fn test(&mut self, depth: usize) -> Result<Test, Refusal> {
        let at = self.here();
        if self.take(&Token::Sign("(")) {
            let inner = self.or(depth + 1)?;
            self.close()?;
            return Ok(inner);
        }
        let field = match self.next() {
            Some(Token::Word(word)) if word == "all" => return Ok(Test::All),
            Some(Token::Word(word)) if word == "none" => return Ok(Test::None),
            Some(Token::Word(word)) if is_reserved(&word) => {
                return Err((
                    at,
                    format!(
                        "`{word}` stands where a label is expected; put a label of that name in double quotes"
                    ),
                ));
            }
            Some(Token::Word(word)) if word == "target" => Field::Target,
            Some(Token::Word(word) | Token::Quoted(word)) => Field::Label(word),
            Some(Token::Sign(_)) | None => {
                return Err((
                    at,
                    "expected a label, `target`, `all`, `none`, `not` or a bracket".to_owned(),
                ));
            }
        };
        self.compared(field)
    }

    fn compared(&mut self, field: Field) -> Result<Test, Refusal> {
        if self.take(&Token::Sign("=")) {
            return Ok(Test::In(field, vec![self.value()?]));
        }
        if self.take(&Token::Sign("!=")) {
            return Ok(Test::NotIn(field, vec![self.value()?]));
        }
        if self.take_word("like") {
            return Ok(Test::Like(field, self.value()?));
        }
        let at = self.here();
        if self.take_word("in") {
            if !self.take(&Token::Sign("(")) {
                return Err((
                    self.here(),
                    "`in` is followed by values in brackets: in (a, b)".to_owned(),
                ));
            }
            let mut values = vec![self.value()?];
            while self.take(&Token::Sign(",")) {
                values.push(self.value()?);
            }
            self.close()?;
            return Ok(Test::In(field, values));
        }
        match (&field, self.tokens.first()) {
            (Field::Target, _) => Err((
                at,
                "`target` is compared: target = \"host:…\", target in (…), target like \"host:*\""
                    .to_owned(),
            )),
            (Field::Label(_), Some((_, Token::Word(word)))) if !is_reserved(word) => Err((
                at,
                format!(
                    "{word:?} follows a label; write `=`, `!=`, `in` or `like` between them, or quote a label with spaces"
                ),
            )),
            (Field::Label(_), _) => Ok(Test::Has(field)),
        }
    }

    fn value(&mut self) -> Result<String, Refusal> {
        let at = self.here();
        match self.next() {
            Some(Token::Word(word) | Token::Quoted(word)) => Ok(word),
            Some(Token::Sign(_)) | None => Err((at, "expected a value".to_owned())),
        }
    }

    fn close(&mut self) -> Result<(), Refusal> {
        if self.take(&Token::Sign(")")) {
            return Ok(());
        }
        Err((self.here(), "expected `)`".to_owned()))
    }
}

fn is_reserved(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "in" | "like")
}

fn one_or(mut parts: Vec<Test>, many: impl FnOnce(Vec<Test>) -> Test) -> Test {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}
