//! From parser events to the tree, within the limits.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Tag};

use super::{Entry, Kind, Node, Style, fault, scalar::resolve_plain};
use crate::{
    Code, Diagnostic, Span,
    limits::{ALIASES, DEPTH, NODES, SCALAR_BYTES, SOURCE_BYTES},
    span::LineIndex,
};

/// The root of the only document in `source`; none if there is none or a fault ends the reading.
pub(crate) fn read(source: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    if source.len() > SOURCE_BYTES {
        let message = format!("the document is larger than {SOURCE_BYTES} bytes");
        diagnostics.push(Diagnostic::error(Code::TooLarge, Span { line: 1, column: 1, ..Span::default() }, message));
        return None;
    }
    let lines = LineIndex::new(source);
    if let Some(at) = source.find('\0') {
        diagnostics.push(Diagnostic::error(Code::Syntax, lines.span(at..at), "a NUL character: is this a text file?"));
        return None;
    }
    let mut reader = Reader::new(lines, diagnostics);
    let options = granit_parser::options! {
        emit_comments: false,
        block_nesting_limit: DEPTH,
        flow_nesting_limit: DEPTH,
    };
    for next in Parser::new_from_str_with_options(source, options) {
        let outcome = match next {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                let at = reader.lines.span(range);
                reader.event(event, at)
            }
            Err(error) => {
                let byte = error.marker().byte_offset().unwrap_or(source.len());
                let at = reader.lines.span(byte..byte);
                Err(match error.kind() {
                    ErrorKind::RecursionLimitExceeded => too_deep(at),
                    _ => {
                        let start = source.get(..byte).map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
                        let line = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
                        let (message, help) = fault::explain(&error.info(), line, byte - start.min(byte));
                        Diagnostic::error(Code::Syntax, at, message).with_help(help)
                    }
                })
            }
        };
        if let Err(fault) = outcome {
            reader.diagnostics.push(fault);
            return None;
        }
    }
    reader.root
}

struct Reader<'a> {
    lines: LineIndex<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
    root: Option<Node>,
    documents: usize,
    open: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    nodes: usize,
    bytes: usize,
    aliases: usize,
}

/// Keys of a map among which a new one is looked for one by one: for most maps that is faster than a set.
const FEW_KEYS: usize = 16;

/// A collection that is not closed yet.
struct Frame {
    start: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    /// `seen` holds the keys beyond the first [`FEW_KEYS`].
    Map {
        entries: Vec<Entry>,
        seen: BTreeSet<String>,
        merged: Vec<Entry>,
        key: Option<Key>,
    },
}

struct Key {
    text: String,
    span: Span,
    merge: bool,
}

struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

type Step = Result<(), Diagnostic>;

impl<'a> Reader<'a> {
    fn new(lines: LineIndex<'a>, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        let (open, anchors) = (Vec::new(), BTreeMap::new());
        Self { lines, diagnostics, root: None, documents: 0, open, anchors, nodes: 0, bytes: 0, aliases: 0 }
    }

    fn event(&mut self, event: Event<'_>, at: Span) -> Step {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let fault = Diagnostic::error(Code::UnsupportedYaml, at, "a second document in the same file");
                    return Err(fault.with_help("keep one pipeline per file".to_owned()));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text.into_owned(), style, anchor, tag.as_deref(), at)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_collection_tag(tag.as_deref(), "seq", at)?;
                self.open(anchor, at, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                check_collection_tag(tag.as_deref(), "map", at)?;
                let content =
                    Content::Map { entries: Vec::new(), seen: BTreeSet::new(), merged: Vec::new(), key: None };
                self.open(anchor, at, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(id) => self.alias(id, at),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, at: Span) -> Step {
        self.spend(1, text.len(), at)?;
        let plain = style == ScalarStyle::Plain;
        let bad_format = |message| Diagnostic::error(Code::BadFormat, at, message);
        // None stands for the text itself, so that it is moved and not copied.
        let resolved = match tag {
            Some(tag) => Some(tagged(tag, &text, at)?),
            None if plain => resolve_plain(&text).map_err(bad_format)?,
            None => None,
        };
        if self.wants_key() {
            if let Some(kind) = resolved.filter(|_| plain && tag.is_none()) {
                self.advise_on_key(&text, &kind, at);
            }
            let merge = plain && text == "<<";
            self.set_key(Key { text, span: at, merge });
            return Ok(());
        }
        let kind = resolved.unwrap_or(Kind::Text(text));
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        self.add(Node { kind, style, span: at }, anchor)
    }

    /// A key like `on` or `010` is another value to YAML 1.1, and so another text in JSON.
    fn advise_on_key(&mut self, text: &str, kind: &Kind, at: Span) {
        let read = match kind {
            Kind::Bool(flag) => flag.to_string(),
            Kind::Null => "null".to_owned(),
            Kind::Integer(integer) => integer.to_string(),
            Kind::Decimal(decimal) => format!("{decimal:?}"),
            _ => return,
        };
        if read != text {
            let message = format!("other YAML readers take the key `{text}` as `{read}`");
            let advice = Diagnostic::warning(Code::SurprisingKey, at, message);
            self.diagnostics.push(advice.with_help(format!("write \"{text}\" in quotes")));
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }))
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Frame { content: Content::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(new);
        }
    }

    fn open(&mut self, anchor: usize, start: Span, content: Content) -> Step {
        self.spend(1, 0, start)?;
        if self.wants_key() {
            return Err(Diagnostic::error(Code::UnsupportedYaml, start, "a key must be a text, not a list or a map"));
        }
        if self.open.len() >= DEPTH {
            return Err(too_deep(start));
        }
        self.open.push(Frame { start, anchor, content });
        Ok(())
    }

    fn close(&mut self, at: Span) -> Step {
        let Some(Frame { start, anchor, content }) = self.open.pop() else { return Ok(()) };
        let kind = match content {
            Content::List(items) => Kind::List(items),
            Content::Map { mut entries, merged, .. } => {
                // A key of the map itself wins over a merged one, an earlier merged one over a later.
                if !merged.is_empty() {
                    let mut seen: BTreeSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
                    entries.extend(merged.into_iter().filter(|entry| seen.insert(entry.key.clone())));
                }
                Kind::Map(entries)
            }
        };
        let span = Span { end: at.end.max(start.start), ..start };
        self.add(Node { kind, style: Style::Collection, span }, anchor)
    }

    fn alias(&mut self, id: usize, at: Span) -> Step {
        self.aliases += 1;
        if self.aliases > ALIASES {
            return Err(Diagnostic::error(Code::TooLarge, at, format!("more than {ALIASES} aliases")));
        }
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(Code::UnsupportedYaml, at, "an alias inside what it names"));
        };
        if self.open.len() + anchored.depth > DEPTH {
            return Err(too_deep(at));
        }
        let (nodes, bytes) = (anchored.nodes, anchored.bytes);
        self.spend(nodes, bytes, at)?;
        let Some(node) = self.anchors.get(&id).map(|anchored| anchored.node.clone()) else { return Ok(()) };
        if self.wants_key() {
            let Kind::Text(text) = node.kind else {
                return Err(Diagnostic::error(Code::UnsupportedYaml, at, "a key must be a text"));
            };
            self.set_key(Key { text, span: at, merge: false });
            return Ok(());
        }
        self.add(node, 0)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Step {
        if anchor > 0 {
            let (nodes, bytes, depth) = measure(&node);
            self.spend(nodes, bytes, node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, bytes, depth });
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, seen, merged, key } => {
                let Some(Key { text, span, merge }) = key.take() else { return Ok(()) };
                if merge {
                    return merge_into(merged, node, span);
                }
                if !contains(entries, seen, &text) {
                    if entries.len() >= FEW_KEYS {
                        seen.insert(text.clone());
                    }
                    entries.push(Entry { key: text, key_span: span, value: node });
                    return Ok(());
                }
                let first =
                    entries.iter().find(|entry| entry.key == text).map_or(span.line, |entry| entry.key_span.line);
                let message = format!("the key `{text}` is given twice (first on line {first})");
                self.diagnostics.push(Diagnostic::error(Code::DuplicateKey, span, message));
            }
        }
        Ok(())
    }

    fn spend(&mut self, nodes: usize, bytes: usize, at: Span) -> Step {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes > NODES {
            return Err(Diagnostic::error(
                Code::TooLarge,
                at,
                format!("more than {NODES} values, repeated ones counted"),
            ));
        }
        if self.bytes > SCALAR_BYTES {
            let message = format!("more than {SCALAR_BYTES} bytes of values, repeated ones counted");
            return Err(Diagnostic::error(Code::TooLarge, at, message));
        }
        Ok(())
    }
}

fn contains(entries: &[Entry], seen: &BTreeSet<String>, key: &str) -> bool {
    entries.iter().take(FEW_KEYS).any(|entry| entry.key == key) || seen.contains(key)
}

fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error(Code::TooLarge, at, format!("nested more than {DEPTH} levels deep"))
}

fn merge_into(merged: &mut Vec<Entry>, node: Node, at: Span) -> Step {
    match node.kind {
        Kind::Map(entries) => merged.extend(entries),
        Kind::List(items) => {
            return items.into_iter().try_for_each(|item| match item.kind {
                Kind::Map(_) => merge_into(merged, item, at),
                _ => Err(Diagnostic::error(Code::UnsupportedYaml, at, "a merge key takes a map or a list of maps")),
            });
        }
        _ => return Err(Diagnostic::error(Code::UnsupportedYaml, at, "a merge key takes a map or a list of maps")),
    }
    Ok(())
}

/// Nodes, bytes of scalars and keys, and levels of a tree.
fn measure(node: &Node) -> (usize, usize, usize) {
    let children: Vec<(usize, usize, usize)> = match &node.kind {
        Kind::List(items) => items.iter().map(measure).collect(),
        Kind::Map(entries) => {
            let measured = entries.iter().map(|entry| (entry.key.len(), measure(&entry.value)));
            measured.map(|(key, (nodes, bytes, depth))| (nodes + 1, bytes + key, depth)).collect()
        }
        Kind::Text(text) => return (1, text.len(), 0),
        _ => return (1, 0, 0),
    };
    let deepest = children.iter().map(|(_, _, depth)| *depth).max().unwrap_or(0);
    let sums = children.iter().fold((1, 0), |(nodes, bytes), child| (nodes + child.0, bytes + child.1));
    (sums.0, sums.1, deepest + 1)
}

fn tagged(tag: &Tag, text: &str, at: Span) -> Result<Kind, Diagnostic> {
    if tag.is_yaml_core_schema_tag("str") || (tag.handle().is_empty() && tag.suffix() == "!") {
        return Ok(Kind::Text(text.to_owned()));
    }
    let resolved = resolve_plain(text).map_err(|message| Diagnostic::error(Code::BadFormat, at, message))?;
    let resolved = resolved.unwrap_or_else(|| Kind::Text(text.to_owned()));
    let fits = match resolved {
        Kind::Integer(_) => tag.is_yaml_core_schema_tag("int"),
        Kind::Decimal(_) => tag.is_yaml_core_schema_tag("float"),
        Kind::Bool(_) => tag.is_yaml_core_schema_tag("bool"),
        Kind::Null => tag.is_yaml_core_schema_tag("null"),
        _ => false,
    };
    if fits { Ok(resolved) } else { Err(unsupported_tag(tag, at)) }
}

fn check_collection_tag(tag: Option<&Tag>, expected: &str, at: Span) -> Step {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema_tag(expected) => Err(unsupported_tag(tag, at)),
        _ => Ok(()),
    }
}

fn unsupported_tag(tag: &Tag, at: Span) -> Diagnostic {
    let message = format!("the tag `{}` does not fit or is not supported", tag.original());
    Diagnostic::error(Code::UnsupportedYaml, at, message).with_help("leave the tag out".to_owned())
}
