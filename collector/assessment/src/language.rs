//! The language of rules: the part of Rego whose cost can be bounded. It refuses what could take a judgement's process
//! down (endless recursion, numbers that square themselves, expressions nested without end); it never runs a rule.
//!
//! A rule reads `input` and the library (`data.exhibit.lib.<name>`), nothing else, and calls only what [`BUILTINS`] lists
//! and functions that do not come back to themselves.

mod reads;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::Refusal;
pub(crate) use reads::Reads;
use tokens::{Sign, Token, tokens};

/// Functions that a rule may call besides those of its own file and of the library.
pub(crate) const BUILTINS: [&str; 51] = [
    "abs",
    "array.concat",
    "array.reverse",
    "array.slice",
    "ceil",
    "concat",
    "contains",
    "count",
    "endswith",
    "floor",
    "indexof",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "lower",
    "max",
    "min",
    "numbers.range",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.union",
    "regex.is_valid",
    "regex.match",
    "replace",
    "round",
    "set",
    "sort",
    "split",
    "sprintf",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.count",
    "substring",
    "sum",
    "time.parse_rfc3339_ns",
    "to_number",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "type_name",
    "upper",
];
/// Most tokens of one rule (from its head to the next head): a rule's depth can be no greater.
const MAX_TOKENS: usize = 1000;
/// Most multiplications in one file, and in the whole library. Each can double the length of a number.
const MAX_PRODUCTS: usize = 8;
/// Most rules of one file, and of the whole library: a chain of rules that call each other can be no longer than both together.
const MAX_RULES: usize = 200;
const LIBRARY: &str = "lib/";
const LIBRARY_PACKAGE: &str = "data.exhibit.lib.";
/// Words of the language itself; a bracket after one is no call.
const KEYWORDS: [&str; 12] = [
    "as", "contains", "default", "else", "every", "if", "import", "in", "not", "package", "some",
    "with",
];

/// One function by the library file that holds it (empty: the rule's own file) and its name.
type Function = (String, String);

/// What the checks need to know of one file.
struct File<'a> {
    path: &'a str,
    statements: Vec<Vec<Token<'a>>>,
    /// Functions that the file defines.
    defines: BTreeSet<&'a str>,
    /// Names of library files that it imports.
    imports: BTreeSet<&'a str>,
}

/// Checks every rule and library file; the refusal names the path. Test files are not judged with and not checked.
pub(crate) fn check(sources: &[(String, String)]) -> Result<(), (String, Refusal)> {
    let judged = |path: &str| path.ends_with(".rego") && !path.ends_with("_test.rego");
    let mut files: Vec<File<'_>> = Vec::new();
    for (path, text) in sources.iter().filter(|(path, _)| judged(path)) {
        files.push(File::read(path, text).map_err(|refusal| (path.clone(), refusal))?);
    }
    let library: BTreeMap<&str, &File<'_>> =
        files.iter().filter_map(|file| Some((library_name(file.path)?, file))).collect();
    let mut calls: BTreeMap<Function, Vec<Function>> = BTreeMap::new();
    let mut library_products = 0;
    let mut library_rules = 0;
    for file in &files {
        let at = |refusal| (file.path.to_owned(), refusal);
        let products = file.check(&library, &mut calls).map_err(at)?;
        if library_name(file.path).is_some() {
            library_products += products;
            library_rules += file.statements.len();
        }
        if file.statements.len() > MAX_RULES || library_rules > MAX_RULES {
            let what =
                format!("more than {MAX_RULES} rules in a file or in the library; split the file");
            return Err(at(Refusal { line: 1, what }));
        }
        if products > MAX_PRODUCTS || library_products > MAX_PRODUCTS {
            let what = format!(
                "more than {MAX_PRODUCTS} multiplications in a rule file or in the library; numbers could grow without end"
            );
            return Err(at(Refusal { line: 1, what }));
        }
        file.no_circle(&calls).map_err(at)?;
        calls.retain(|(home, _), _| !home.is_empty());
    }
    Ok(())
}

fn library_name(path: &str) -> Option<&str> {
    path.strip_prefix(LIBRARY)?.strip_suffix(".rego")
}

impl<'a> File<'a> {
    fn read(path: &'a str, text: &'a str) -> Result<Self, Refusal> {
        let statements = statements(text)?;
        let mut file =
            File { path, statements, defines: BTreeSet::new(), imports: BTreeSet::new() };
        for statement in &file.statements {
            if let Some(name) = defined(statement) {
                file.defines.insert(name);
            }
            if let [
                Token { sign: Sign::Word("import"), .. },
                Token { sign: Sign::Word(what), .. },
                ..,
            ] = statement.as_slice()
                && let Some(name) = what.strip_prefix(LIBRARY_PACKAGE)
            {
                file.imports.insert(name);
            }
        }
        Ok(file)
    }

    /// Checks each statement, notes who calls whom, and gives the number of multiplications.
    fn check(
        &self,
        library: &BTreeMap<&str, &File<'_>>,
        calls: &mut BTreeMap<Function, Vec<Function>>,
    ) -> Result<usize, Refusal> {
        let mut products = 0;
        for statement in &self.statements {
            let Some(first) = statement.first() else { continue };
            if statement.len() > MAX_TOKENS {
                let what = format!(
                    "this rule has {} words and signs, more than {MAX_TOKENS}; take parts of it out into rules of their own",
                    statement.len()
                );
                return Err(Refusal { line: first.line, what });
            }
            match first.sign {
                Sign::Word("package") => continue,
                Sign::Word("import") => {
                    importable(statement, library)?;
                    continue;
                }
                Sign::Word(_) | Sign::Other(_) | Sign::Text => {}
            }
            let function = defined(statement);
            let own = statement.iter().filter(|token| token.sign == Sign::Other('*'));
            let own = own.inspect(|_| products += 1).next();
            if let (Some(name), Some(token)) = (function, own) {
                let what = format!(
                    "the function {name} multiplies; multiply in the rule that calls it, so that no chain of calls squares a number"
                );
                return Err(Refusal { line: token.line, what });
            }
            let called = self.calls(statement, library)?;
            if let Some(name) = function {
                calls.entry(self.function(name)).or_default().extend(called);
            }
        }
        Ok(products)
    }

    fn function(&self, name: &str) -> Function {
        (library_name(self.path).unwrap_or_default().to_owned(), name.to_owned())
    }

    /// The functions with a text of their own that a statement calls.
    fn calls(
        &self,
        statement: &[Token<'_>],
        library: &BTreeMap<&str, &File<'_>>,
    ) -> Result<Vec<Function>, Refusal> {
        let mut found = Vec::new();
        for (place, token) in statement.iter().enumerate() {
            let Sign::Word(word) = token.sign else { continue };
            let refuse = |what: String| Refusal { line: token.line, what };
            if word == "with" {
                return Err(refuse(
                    "`with` belongs into tests; a rule reads its input as it is".to_owned(),
                ));
            }
            if (word == "data" || word.starts_with("data.")) && !word.starts_with(LIBRARY_PACKAGE) {
                return Err(refuse(format!(
                    "{word}: a rule reads `input` and {LIBRARY_PACKAGE}<name>, nothing else"
                )));
            }
            let call = statement.get(place + 1).is_some_and(|next| next.sign == Sign::Other('('));
            let head = place == 0 && defined(statement).is_some();
            if !call || head || (KEYWORDS.contains(&word) && word != "contains") {
                continue;
            }
            if word.starts_with('.') {
                return Err(refuse(format!(
                    "a call to {word} through a computed name; call functions by name"
                )));
            }
            if self.defines.contains(word) {
                found.push(self.function(word));
            } else if let Some(function) = self.in_library(word, library) {
                found.push(function);
            } else if !BUILTINS.contains(&word) {
                return Err(refuse(format!(
                    "{word} is no function of this file, of an imported library file, or of: {}",
                    BUILTINS.join(", ")
                )));
            }
        }
        Ok(found)
    }

    fn in_library(&self, word: &str, library: &BTreeMap<&str, &File<'_>>) -> Option<Function> {
        let (home, name) = match word.strip_prefix(LIBRARY_PACKAGE) {
            Some(rest) => rest.rsplit_once('.')?,
            None => word.rsplit_once('.').filter(|(home, _)| self.imports.contains(home))?,
        };
        let file = library.get(home)?;
        file.defines.contains(name).then(|| (home.to_owned(), name.to_owned()))
    }

    /// Refuses a function that calls itself, directly or through others.
    fn no_circle(&self, calls: &BTreeMap<Function, Vec<Function>>) -> Result<(), Refusal> {
        for statement in &self.statements {
            let Some(name) = defined(statement) else { continue };
            let start = self.function(name);
            let mut seen: BTreeSet<&Function> = BTreeSet::new();
            let mut next: Vec<&Function> = calls.get(&start).into_iter().flatten().collect();
            while let Some(function) = next.pop() {
                if *function == start {
                    let what = format!(
                        "the function {name} calls itself, directly or through others; rules do not recurse"
                    );
                    return Err(Refusal {
                        line: statement.first().map_or(1, |token| token.line),
                        what,
                    });
                }
                if seen.insert(function) {
                    next.extend(calls.get(function).into_iter().flatten());
                }
            }
        }
        Ok(())
    }
}

/// Parts a source into its rules. Each begins at the beginning of a line, or none could be told from what it holds.
fn statements(text: &str) -> Result<Vec<Vec<Token<'_>>>, Refusal> {
    let mut found: Vec<Vec<Token<'_>>> = Vec::new();
    let mut depth = 0_usize;
    for token in tokens(text) {
        let last = found.last_mut().filter(|last| !last.is_empty());
        let follows = last.as_ref().and_then(|last| last.last()).is_some_and(ends_operand);
        let word = matches!(token.sign, Sign::Word(word) if !matches!(word, "as" | "contains" | "else" | "if" | "in" | "with"));
        let begins = depth == 0 && word && follows;
        if begins
            && !token.first_column
            && !matches!(token.sign, Sign::Word(word) if word.starts_with('.'))
        {
            let what = "a rule begins at the beginning of its line, and an operator stands between two values";
            return Err(Refusal { line: token.line, what: what.to_owned() });
        }
        depth = match token.sign {
            Sign::Other('(' | '[' | '{') => depth + 1,
            Sign::Other(')' | ']' | '}') => depth.saturating_sub(1),
            Sign::Other(_) | Sign::Text | Sign::Word(_) => depth,
        };
        match last {
            Some(last) if !(begins && token.first_column) => last.push(token),
            Some(_) | None => found.push(vec![token]),
        }
    }
    Ok(found)
}

/// Whether a value may end here.
fn ends_operand(token: &Token<'_>) -> bool {
    match token.sign {
        Sign::Word(word) => !KEYWORDS.contains(&word),
        Sign::Text | Sign::Other(')' | ']' | '}') => true,
        Sign::Other(_) => false,
    }
}

/// The name of the function that a statement defines.
fn defined<'a>(statement: &[Token<'a>]) -> Option<&'a str> {
    let skip =
        usize::from(statement.first().is_some_and(|token| token.sign == Sign::Word("default")));
    match statement.get(skip..)? {
        [Token { sign: Sign::Word(name), .. }, Token { sign: Sign::Other('('), .. }, ..]
            if !name.contains('.') && !KEYWORDS.contains(name) =>
        {
            Some(name)
        }
        [..] => None,
    }
}

fn importable(statement: &[Token<'_>], library: &BTreeMap<&str, &File<'_>>) -> Result<(), Refusal> {
    let line = statement.first().map_or(1, |token| token.line);
    let fits = match statement {
        [_, Token { sign: Sign::Word(what), .. }] => {
            *what == "rego.v1"
                || what.strip_prefix(LIBRARY_PACKAGE).is_some_and(|name| library.contains_key(name))
        }
        [..] => false,
    };
    if fits {
        return Ok(());
    }
    let known: Vec<String> =
        library.keys().map(|name| format!("{LIBRARY_PACKAGE}{name}")).collect();
    let what = format!(
        "a rule imports library files by their own name only; there are: {}",
        known.join(", ")
    );
    Err(Refusal { line, what })
}
