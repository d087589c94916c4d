//! A YAML document as it is written: every node with the bytes of its key, its punctuation, its properties and its content, over
//! the untouched source. Aliases stay aliases and merge keys stay keys: this is the text, not what it means.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

mod block;
mod gap;

pub(crate) use block::Block;
use gap::Gap;

use crate::{limits::DEPTH, yaml::Style};

/// A node of the text.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Anchor and tag.
    pub(crate) properties: Option<Range<usize>>,
    /// Without properties. Of a block collection from its first key or dash to the end of its last value; of a block scalar
    /// with its header and the line break at its end.
    pub(crate) content: Range<usize>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Alias,
    List(Shape, Vec<Item>),
    Map(Shape, Vec<Pair>),
}

#[derive(Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) style: Style,
    /// The bytes that the parser calls the scalar.
    pub(crate) span: Range<usize>,
    /// Present for a block scalar.
    pub(crate) block: Option<Block>,
    /// Whether nothing is written, as behind the last colon of `a:`.
    pub(crate) absent: bool,
}

/// How a collection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// By indentation; its keys or dashes stand in this column, counted from 0 in bytes.
    Block { column: usize },
    /// With brackets, except for a single pair inside a list.
    Flow { brackets: bool },
}

#[derive(Debug)]
pub(crate) struct Item {
    /// Present in a block list.
    pub(crate) dash: Option<usize>,
    pub(crate) value: Node,
}

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) key: Node,
    /// Whether the key is marked with `?`.
    pub(crate) explicit: bool,
    pub(crate) colon: Option<usize>,
    pub(crate) value: Node,
}

impl Node {
    /// The first byte, properties included.
    pub(crate) fn start(&self) -> usize {
        self.properties.as_ref().map_or(self.content.start, |properties| properties.start)
    }

    pub(crate) fn pairs(&self) -> &[Pair] {
        if let Kind::Map(_, pairs) = &self.kind { pairs } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Item] {
        if let Kind::List(_, items) = &self.kind { items } else { &[] }
    }

    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        if let Kind::Scalar(scalar) = &self.kind { Some(scalar) } else { None }
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.absent)
    }

    pub(crate) fn shape(&self) -> Option<Shape> {
        match &self.kind {
            Kind::List(shape, _) | Kind::Map(shape, _) => Some(*shape),
            Kind::Scalar(_) | Kind::Alias => None,
        }
    }

    pub(crate) fn is_block_collection(&self) -> bool {
        matches!(self.shape(), Some(Shape::Block { .. }))
    }

    /// Whether the last value is a block scalar that keeps the blank lines behind it.
    pub(crate) fn ends_with_kept_lines(&self) -> bool {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.block.as_ref().is_some_and(|block| block.keeps),
            Kind::Alias => false,
            Kind::List(_, items) => items.last().is_some_and(|item| item.value.ends_with_kept_lines()),
            Kind::Map(_, pairs) => pairs.last().is_some_and(|pair| pair.value.ends_with_kept_lines()),
        }
    }

    /// Where each child starts and ends: pairs from key to value, items without their dash.
    pub(crate) fn children(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Map(_, pairs) => pairs.iter().map(|pair| pair.key.start()..pair.value.content.end).collect(),
            Kind::List(_, items) => {
                items.iter().map(|item| item.dash.unwrap_or(item.value.start())..item.value.content.end).collect()
            }
            Kind::Scalar(_) | Kind::Alias => Vec::new(),
        }
    }
}

/// The column of a byte in its line, counted from 0 in bytes.
pub(crate) fn column(source: &str, at: usize) -> usize {
    at - line_start(source, at)
}

/// Where the line of a byte starts.
pub(crate) fn line_start(source: &str, at: usize) -> usize {
    source.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |found| found + 1)
}

/// The start of the line behind a node that ends at `end`; the end of the text if there is none.
pub(crate) fn next_line(source: &str, end: usize) -> usize {
    if source.get(..end).is_some_and(|before| before.ends_with('\n')) {
        return end;
    }
    source.get(end..).and_then(|rest| rest.find('\n')).map_or(source.len(), |found| end + found + 1)
}

/// Whether only spaces stand before a byte in its line.
pub(crate) fn starts_line(source: &str, at: usize) -> bool {
    source.get(line_start(source, at)..at).is_some_and(|before| before.bytes().all(|byte| byte == b' '))
}

/// The root of a source that [`crate::yaml::read`] accepted and that starts with no byte order mark; none if it has no node.
pub(crate) fn read(source: &str) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        block_nesting_limit: DEPTH,
        flow_nesting_limit: DEPTH,
    };
    let mut reader = Reader { source, cursor: 0, open: Vec::new(), root: None };
    for next in Parser::new_from_str_with_options(source, options) {
        let (event, span) = next.ok()?;
        reader.event(event, span.byte_range()?)?;
    }
    reader.root
}

struct Reader<'a> {
    source: &'a str,
    /// Where the next gap starts.
    cursor: usize,
    open: Vec<Frame>,
    root: Option<Node>,
}

struct Frame {
    gap: Gap,
    shape: Shape,
    start: usize,
    content: Content,
}

enum Content {
    List(Vec<Item>),
    Map(Vec<Pair>, Option<(Node, bool)>),
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) -> Option<()> {
        match event {
            Event::DocumentStart(..) => self.cursor = self.cursor.max(span.end),
            Event::Scalar(text, style, ..) => self.take_scalar(text.into_owned(), style, span)?,
            Event::Alias(_) => {
                let gap = gap::read(self.source, self.cursor..span.start);
                self.cursor = span.end;
                let node = Node { kind: Kind::Alias, properties: gap.properties.clone(), content: span };
                self.add(node, gap);
            }
            Event::SequenceStart(style, ..) => self.start(style, span, Content::List(Vec::new())),
            Event::MappingStart(style, ..) => self.start(style, span, Content::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
            _ => {}
        }
        Some(())
    }

    fn take_scalar(&mut self, text: String, style: ScalarStyle, span: Range<usize>) -> Option<()> {
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        let is_block = matches!(style, Style::Literal | Style::Folded);
        let gap_end = if is_block { self.source.len() } else { span.start };
        let mut gap = gap::read(self.source, self.cursor..gap_end);
        let block = match gap.header.clone() {
            Some(header) if is_block => Some(block::read(self.source, header, self.block_column())),
            _ if is_block => return None,
            _ => None,
        };
        let absent = style == Style::Plain && span.is_empty();
        let content = match &block {
            Some(block) => block.header.start..block.body.end,
            None if absent => {
                let at = self.place_of_nothing(&mut gap, span.start);
                at..at
            }
            None => span.clone(),
        };
        self.cursor = content.end;
        let kind = Kind::Scalar(Scalar { text, style, span, block, absent });
        let node = Node { kind, properties: gap.properties.clone(), content };
        self.add(node, gap);
        Some(())
    }

    /// Where an absent value would be written: behind its properties, its dash or its colon, which may stand behind the place
    /// that the parser tells.
    fn place_of_nothing(&self, gap: &mut Gap, told: usize) -> usize {
        let is_value = matches!(self.open.last(), Some(Frame { content: Content::Map(_, Some(_)), .. }));
        if is_value && gap.colon.is_none() {
            let rest = self.source.get(self.cursor..).unwrap_or("");
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            gap.colon = rest[blank..].starts_with(':').then_some(self.cursor + blank);
        }
        let behind_punctuation = gap.colon.or(gap.dash).map(|at| at + 1);
        gap.properties.as_ref().map(|properties| properties.end).or(behind_punctuation).unwrap_or(told)
    }

    /// The column of the innermost block collection that is open.
    fn block_column(&self) -> Option<usize> {
        self.open.iter().rev().find_map(|frame| match frame.shape {
            Shape::Block { column } => Some(column),
            Shape::Flow { .. } => None,
        })
    }

    fn start(&mut self, style: StructureStyle, span: Range<usize>, content: Content) {
        let mut gap = gap::read(self.source, self.cursor..span.start);
        let mut start = span.start;
        let is_value = matches!(self.open.last(), Some(Frame { content: Content::Map(_, Some(_)), .. }));
        if style == StructureStyle::Block && is_value {
            // Of a list that stands in the column of its key the parser tells the place behind the first dash.
            start = gap.dash.take().unwrap_or(start);
        }
        let shape = match style {
            StructureStyle::Block => Shape::Block { column: column(self.source, start) },
            StructureStyle::Flow => Shape::Flow { brackets: !span.is_empty() },
        };
        self.cursor = if shape == (Shape::Flow { brackets: true }) { span.end } else { start };
        self.open.push(Frame { gap, shape, start, content });
    }

    fn end(&mut self, span: Range<usize>) -> Option<()> {
        let Frame { gap, shape, start, content } = self.open.pop()?;
        if shape == (Shape::Flow { brackets: true }) {
            self.cursor = span.end;
        }
        let kind = match content {
            Content::List(items) => Kind::List(shape, items),
            Content::Map(pairs, _) => Kind::Map(shape, pairs),
        };
        let node = Node { kind, properties: gap.properties.clone(), content: start..self.cursor.max(start) };
        self.add(node, gap);
        Some(())
    }

    fn add(&mut self, node: Node, gap: Gap) {
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut frame.content {
            Content::List(items) => {
                items.push(Item { dash: gap.dash.filter(|_| matches!(frame.shape, Shape::Block { .. })), value: node });
            }
            Content::Map(pairs, pending) => match pending.take() {
                None => *pending = Some((node, gap.explicit)),
                Some((key, explicit)) => pairs.push(Pair { key, explicit, colon: gap.colon, value: node }),
            },
        }
    }
}
