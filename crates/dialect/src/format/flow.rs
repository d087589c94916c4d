//! Collections with brackets: lines stay where the user broke them; what is made equal is the space between the parts.

use std::ops::Range;

use super::write::{STEP, Unsupported, Writer};
use crate::layout::{Kind, Node, Shape};

/// Where in a bracketed text the writer stands.
struct Flow {
    /// Of the line on which the outermost bracket opens.
    indent: usize,
    /// Brackets that are open.
    depth: usize,
}

impl Writer<'_> {
    /// A collection in brackets that begins where the text ends, in a collection at `indent`.
    pub(super) fn flow(&mut self, node: &Node, indent: usize) -> Result<(), Unsupported> {
        self.cursor = node.content.start;
        self.flow_content(node, &mut Flow { indent, depth: 0 })
    }

    fn flow_node(&mut self, node: &Node, flow: &mut Flow) -> Result<(), Unsupported> {
        if node.is_absent() && node.properties.is_none() {
            return Ok(());
        }
        if node.properties.is_some() {
            self.flow_gap(self.cursor..node.start(), flow, 0)?;
            self.properties(node);
        }
        self.flow_content(node, flow)
    }

    /// The node without its properties.
    fn flow_content(&mut self, node: &Node, flow: &mut Flow) -> Result<(), Unsupported> {
        if node.is_absent() {
            return Ok(());
        }
        let brackets = node.shape() == Some(Shape::Flow { brackets: true });
        if !brackets && node.shape().is_none() {
            self.flow_gap(self.cursor..node.content.start, flow, 0)?;
            match node.kind {
                Kind::Scalar(_) => self.inline_scalar(node, flow.indent + STEP * flow.depth.max(1)),
                _ => self.push(self.source.get(node.content.clone()).unwrap_or("")),
            }
            self.cursor = node.content.end;
            return Ok(());
        }
        if brackets {
            self.flow_gap(self.cursor..node.content.start, flow, 0)?;
            self.push(self.source.get(node.content.start..node.content.start + 1).unwrap_or(""));
            self.cursor = node.content.start + 1;
            flow.depth += 1;
        }
        for pair in node.pairs() {
            if pair.explicit {
                return Err(Unsupported {
                    at: pair.key.start(),
                    what: "a key that is marked with `?` cannot be formatted",
                });
            }
            self.flow_node(&pair.key, flow)?;
            if let Some(colon) = pair.colon {
                self.flow_gap(self.cursor..colon, flow, 0)?;
                self.push(if matches!(pair.key.kind, Kind::Alias) { " :" } else { ":" });
                self.cursor = colon + 1;
            }
            self.flow_node(&pair.value, flow)?;
        }
        for item in node.items() {
            self.flow_node(&item.value, flow)?;
        }
        if brackets {
            let end = node.content.end.saturating_sub(1);
            self.flow_gap(self.cursor..end, flow, 1)?;
            flow.depth -= 1;
            self.push(self.source.get(end..node.content.end).unwrap_or(""));
            self.cursor = node.content.end;
        }
        Ok(())
    }

    /// What stands before the next part: commas, comments, line breaks. `outwards`: the part is a closing bracket.
    fn flow_gap(&mut self, gap: Range<usize>, flow: &Flow, outwards: usize) -> Result<(), Unsupported> {
        let source = self.source;
        let text = source.get(gap.clone()).unwrap_or("");
        let indent = flow.indent + STEP * flow.depth.saturating_sub(outwards);
        let mut breaks = 0;
        let mut spaces = false;
        let mut at = 0;
        while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let mut length = next.len_utf8();
            match next {
                '\n' => breaks += 1,
                ' ' | '\t' | '\r' => spaces = true,
                '#' => {
                    let rest = &text[at..];
                    length = rest.find('\n').unwrap_or(rest.len());
                    if breaks > 0 {
                        self.break_lines(breaks, flow.indent + STEP * flow.depth);
                    }
                    self.trailing_comment(rest[..length].trim_end());
                    breaks = 0;
                }
                ',' => {
                    if breaks > 0 {
                        self.break_lines(breaks, flow.indent + STEP * flow.depth);
                    }
                    self.push(",");
                    (breaks, spaces) = (0, false);
                }
                _ => {
                    return Err(Unsupported { at: gap.start + at, what: "what stands here cannot be formatted" });
                }
            }
            at += length;
        }
        let opened = self.ends_with("{") || self.ends_with("[");
        let part_follows = source.get(gap.end..gap.end + 1);
        if breaks > 0 {
            self.break_lines(breaks, indent);
        } else if part_follows == Some(":") || self.is_at_line_start() {
            // A colon stands right behind its key.
        } else if outwards > 0 || opened {
            // Whether brackets have room inside is the user's choice.
            self.push(if spaces && !(opened && outwards > 0) { " " } else { "" });
        } else if (!gap.is_empty() || self.ends_with(",") || self.ends_with(":")) && !self.ends_with(" ") {
            self.push(" ");
        }
        self.cursor = gap.end;
        Ok(())
    }

    fn break_lines(&mut self, breaks: usize, indent: usize) {
        if breaks > 1 {
            self.blank_line();
        }
        self.fresh_line(indent);
    }
}
