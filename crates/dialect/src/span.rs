//! Where something stands in a text. Knows nothing about what stands there.

use std::{cell::Cell, ops::Range};

/// A stretch of a source text: byte offsets, and the line and column of its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset after the last byte; equal to `start` for a place between two characters.
    pub end: usize,
    /// Line of the first character, counted from 1.
    pub line: u32,
    /// Column of the first character, counted from 1, in characters.
    pub column: u32,
}

/// Finds lines and columns of byte offsets: the starts of all lines, read once.
#[derive(Debug)]
pub(crate) struct LineIndex<'a> {
    source: &'a str,
    starts: Vec<usize>,
    /// Characters before every `BLOCK`th byte: without them, a document of one long line would take quadratic time.
    characters: Vec<usize>,
    /// The line found last, counted from 1: places are mostly asked for in the order of the text.
    last: Cell<usize>,
}

/// Bytes between two entries of the table of characters.
const BLOCK: usize = 1024;

impl<'a> LineIndex<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let breaks = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        let mut characters = vec![0];
        for block in source.as_bytes().chunks(BLOCK) {
            characters.push(characters.last().copied().unwrap_or(0) + first_bytes(block));
        }
        Self { source, starts, characters, last: Cell::new(1) }
    }

    /// The span of a byte range; ends beyond the text and places inside a character are moved to the nearest place before.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let start = self.floor(range.start);
        let end = self.floor(range.end).max(start);
        let line = self.line_of(start);
        let line_start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let byte_order_mark = usize::from(line_start == 0 && start > 0 && self.source.starts_with('\u{feff}'));
        let before = self.characters_between(line_start, start) - byte_order_mark;
        Span { start, end, line: saturate(line), column: saturate(before + 1) }
    }

    /// The line of a byte, counted from 1.
    fn line_of(&self, offset: usize) -> usize {
        let holds = |line: usize| {
            let starts = self.starts.get(line.wrapping_sub(1)).is_some_and(|start| *start <= offset);
            starts && self.starts.get(line).is_none_or(|next| offset < *next)
        };
        let last = self.last.get();
        let near = [last, last + 1].into_iter().find(|line| holds(*line));
        let line = near.unwrap_or_else(|| self.starts.partition_point(|line_start| *line_start <= offset));
        self.last.set(line);
        line
    }

    fn characters_between(&self, from: usize, to: usize) -> usize {
        if to - from <= BLOCK {
            return first_bytes(&self.source.as_bytes()[from..to]);
        }
        self.characters_before(to) - self.characters_before(from)
    }

    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let counted = self.characters.get(block).copied().unwrap_or(0);
        counted + first_bytes(&self.source.as_bytes()[block * BLOCK..offset])
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.source.len());
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Characters that start in these bytes.
fn first_bytes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
