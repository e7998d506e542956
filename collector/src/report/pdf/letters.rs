//! The letters of the embedded font: how wide a text is, how it breaks into lines, and what stands for letters that the font lacks.

use ttf_parser::Face;

/// A font with its widths.
pub(super) struct Letters {
    /// How far each letter that the font has moves on, in parts of an em, by code point.
    advances: Vec<Option<u16>>,
    per_em: f32,
}

/// Letters that are drawn from right to left, which the layout here does not know.
const LEFTWARD: [(char, char); 3] =
    [('\u{590}', '\u{8ff}'), ('\u{fb1d}', '\u{fdff}'), ('\u{fe70}', '\u{feff}')];

impl Letters {
    /// None: the bytes are no font.
    pub(super) fn of(data: &'static [u8]) -> Option<Self> {
        let face = Face::parse(data, 0).ok()?;
        let per_em = f32::from(face.units_per_em());
        let mut advances = Vec::new();
        for table in face.tables().cmap?.subtables.into_iter().filter(|table| table.is_unicode()) {
            table.codepoints(|point| {
                let advance = char::from_u32(point)
                    .and_then(|letter| face.glyph_index(letter))
                    .map(|glyph| face.glyph_hor_advance(glyph).unwrap_or_default());
                if let (Some(advance), Ok(place)) = (advance, usize::try_from(point)) {
                    if advances.len() <= place {
                        advances.resize(place + 1, None);
                    }
                    advances[place] = Some(advance);
                }
            });
        }
        Some(Self { advances, per_em })
    }

    fn advance(&self, letter: char) -> Option<u16> {
        *self.advances.get(usize::try_from(u32::from(letter)).ok()?)?
    }

    fn has(&self, letter: char) -> bool {
        let shown = !letter.is_control()
            && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        let leftward = LEFTWARD.iter().any(|(from, to)| (*from..=*to).contains(&letter));
        shown && !leftward && self.advance(letter).is_some()
    }

    /// The text in letters of this font; the others as their code points, like `[U+6771 U+4EAC]`.
    pub(super) fn shown(&self, text: &str) -> String {
        let (mut out, mut lacking) = (String::new(), Vec::new());
        let close = |lacking: &mut Vec<String>, out: &mut String| {
            if !lacking.is_empty() {
                out.push_str(&format!("[{}]", lacking.join(" ")));
                lacking.clear();
            }
        };
        for letter in text.chars() {
            if matches!(letter, ' ' | '\n' | '\r' | '\t') {
                close(&mut lacking, &mut out);
                out.push(' ');
            } else if self.has(letter) {
                close(&mut lacking, &mut out);
                out.push(letter);
            } else {
                lacking.push(format!("U+{:04X}", u32::from(letter)));
            }
        }
        close(&mut lacking, &mut out);
        out
    }

    /// Whether the font lacks any letter of the text.
    pub(super) fn lacks(&self, text: &str) -> bool {
        text.chars().any(|letter| !letter.is_whitespace() && !self.has(letter))
    }

    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let units: f32 =
            text.chars().filter_map(|letter| self.advance(letter)).map(f32::from).sum();
        units * size / self.per_em
    }

    /// The text in lines of that width. A word that is wider breaks where it must.
    pub(super) fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let text = self.shown(text);
        let (mut lines, mut line) = (Vec::new(), String::new());
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if self.width(&line, size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, letter.to_string()));
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_the_font_lacks_stand_as_code_points_and_the_others_as_they_are() {
        let letters = Letters::of(dejavu::sans_condensed::regular()).unwrap();
        assert_eq!(letters.shown("Łódź Ωμέγα Київ"), "Łódź Ωμέγα Київ");
        assert_eq!(letters.shown("in 東京\u{202e}x"), "in [U+6771 U+4EAC U+202E]x");
        assert!(letters.lacks("東") && !letters.lacks("Żółć\n"));
    }

    #[test]
    fn lines_fit_and_lose_no_letter() {
        let letters = Letters::of(dejavu::sans_condensed::regular()).unwrap();
        let text = format!("a few words and {} one long", "x".repeat(120));
        let lines = letters.lines(&text, 9.0, 100.0);
        assert!(lines.iter().all(|line| letters.width(line, 9.0) <= 100.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }
}
