//! Draws laid-out pages as PDF/UA-1: text as text, with a tag tree for reading programs. It decides no place.

use krilla::color::rgb;
use krilla::configure::ConfigurationBuilder;
use krilla::configure::validate::Accessibility;
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node as Branch, SpanTag,
    TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings};

use super::paper::{Ink, Node, Paper, Piece, Role};

/// What the file says of itself.
pub(super) struct About<'a> {
    pub(super) title: &'a str,
    pub(super) author: &'a str,
    /// Year, month, day, hour, minute, second (UTC).
    pub(super) at: (u16, [u8; 5]),
    /// Stands for the document in its metadata.
    pub(super) id: String,
}

/// The fonts of a document.
pub(super) struct Fonts {
    pub(super) regular: Font,
    pub(super) bold: Font,
}

pub(super) fn draw(
    paper: &Paper,
    fonts: &Fonts,
    about: &About<'_>,
) -> Result<Vec<u8>, KrillaError> {
    let builder = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let settings = SerializeSettings {
        // One standard alone excludes nothing.
        configuration: builder.finish().unwrap_or_default(),
        enable_tagging: true,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    let mut drawn: Vec<Vec<Identifier>> = paper.nodes.iter().map(|_| Vec::new()).collect();
    for pieces in &paper.pages {
        let Some(size) = PageSettings::from_wh(paper.size.0, paper.size.1) else { continue };
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for piece in pieces {
            if let Some((node, id)) = draw_piece(&mut surface, piece, fonts)
                && let Some(ids) = drawn.get_mut(node)
            {
                ids.push(id);
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tree(&paper.nodes, drawn));
    let mut outline = Outline::new();
    for (text, page, y) in &paper.outline {
        let place = XyzDestination::new(*page, Point::from_xy(0.0, (y - 10.0).max(0.0)));
        outline.push_child(OutlineNode::new(text.clone(), place));
    }
    document.set_outline(outline);
    let (year, [month, day, hour, minute, second]) = about.at;
    let made = DateTime::new(year).month(month).day(day).hour(hour).minute(minute).second(second);
    let made = made.utc_offset_hour(0).utc_offset_minute(0);
    document.set_metadata(
        Metadata::new()
            .title(about.title.to_owned())
            .authors(vec![about.author.to_owned()])
            .language("en".to_owned())
            .creator("Exhibit".to_owned())
            .creation_date(made)
            .document_id(about.id.clone()),
    );
    document.finish()
}

/// Answers the node that a piece belongs to, with what was drawn for it.
fn draw_piece(
    surface: &mut Surface<'_>,
    piece: &Piece,
    fonts: &Fonts,
) -> Option<(usize, Identifier)> {
    match piece {
        Piece::Text { at, size, bold, ink, text, node } => {
            let id = surface.start_tagged(match node {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            });
            surface.set_stroke(None);
            surface.set_fill(Some(fill(colour(*ink))));
            let font = if *bold { fonts.bold.clone() } else { fonts.regular.clone() };
            let at = Point::from_xy(at.0, at.1);
            surface.draw_text(at, font, *size, text, false, TextDirection::LeftToRight);
            surface.end_tagged();
            node.map(|node| (node, id))
        }
        Piece::Fill { at, extent, shade } => {
            let rect = Rect::from_xywh(at.0, at.1, extent.0, extent.1)?;
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            surface.set_stroke(None);
            surface.set_fill(Some(fill((*shade, *shade, shade.saturating_add(4)))));
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
            surface.end_tagged();
            None
        }
        Piece::Rule { from, to } => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            surface.set_fill(None);
            let stroke = Stroke {
                width: 0.4,
                paint: rgb::Color::new(186, 194, 190).into(),
                ..Stroke::default()
            };
            surface.set_stroke(Some(stroke));
            let mut path = PathBuilder::new();
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
            surface.end_tagged();
            None
        }
    }
}

fn fill((red, green, blue): (u8, u8, u8)) -> Fill {
    let paint = rgb::Color::new(red, green, blue).into();
    Fill { paint, opacity: NormalizedF32::ONE, rule: krilla::paint::FillRule::default() }
}

fn colour(ink: Ink) -> (u8, u8, u8) {
    match ink {
        Ink::Text => (24, 33, 29),
        Ink::Quiet => (84, 96, 90),
        Ink::Good => (10, 98, 56),
        Ink::Bad => (161, 22, 27),
        Ink::Warn => (125, 76, 0),
        Ink::Unknown => (74, 63, 155),
    }
}

fn tree(nodes: &[Node], drawn: Vec<Vec<Identifier>>) -> TagTree {
    let mut groups: Vec<TagGroup> = nodes
        .iter()
        .zip(drawn)
        .map(|(node, ids)| {
            let children: Vec<Branch> = ids.into_iter().map(Branch::from).collect();
            group(node, &children)
        })
        .collect();
    let mut tree = TagTree::new();
    // Children stand behind their parents, so from the end each group is whole before it is taken.
    let mut top = Vec::new();
    let mut below: Vec<Vec<TagGroup>> = nodes.iter().map(|_| Vec::new()).collect();
    for at in (0..nodes.len()).rev() {
        let (Some(node), Some(mut whole)) = (nodes.get(at), groups.pop()) else { continue };
        let mut inner = below.get_mut(at).map(std::mem::take).unwrap_or_default();
        while let Some(child) = inner.pop() {
            whole.push(child);
        }
        match node.parent.and_then(|parent| below.get_mut(parent)) {
            Some(siblings) => siblings.push(whole),
            None => top.push(whole),
        }
    }
    while let Some(group) = top.pop() {
        tree.push(group);
    }
    tree
}

fn group(node: &Node, children: &[Branch]) -> TagGroup {
    let with = |tag: krilla::tagging::TagKind| TagGroup::with_children(tag, children.to_vec());
    match node.role {
        Role::Title => with(Tag::Hn(level(1), Some("Title".to_owned())).into()),
        Role::Heading(number) => with(Tag::Hn(level(number + 1), Some(node.title.clone())).into()),
        Role::Paragraph => with(Tag::P.into()),
        Role::List => with(Tag::L(ListNumbering::None).into()),
        Role::Item => {
            let body = TagGroup::with_children(Tag::LBody, children.to_vec());
            let mut item = TagGroup::new(Tag::LI);
            item.push(body);
            item
        }
        Role::Table => with(Tag::Table.into()),
        Role::Row => with(Tag::TR.into()),
        Role::Head => with(Tag::TH(TableHeaderScope::Column).into()),
        Role::Cell => with(Tag::TD.into()),
    }
}

fn level(number: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(number).unwrap_or(std::num::NonZeroU16::MIN)
}
