//! Huffman codes, decoded by tables of several bits.
//!
//! The stream is read the highest bit of a byte first. The first table has `2^(n + 1)` entries, n in the high four bits
//! of the header's byte 5; bit 0 of that byte says that entries have 32 bits instead of 16. An entry's highest bit says
//! that a symbol is found; the next four hold how many of the bits just read belong to it (the others are put back), or
//! the number of bits to read next, less one; the rest is the symbol, or the distance from this entry to the next table.
//! Only int8 and int16 are packed so, int16 with wide entries.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::bits::{BitWriter, field};
use super::{Elements, Packed, ancillary};
use crate::error::{Error, Result};
use crate::tensor::DType;

const TYPE: u8 = 1;
/// The most bits that a table is made for here; more would not pay.
const MAX_WIDTH: usize = 10;
/// A look into a further table, per element, is taken to be worth this part of a byte of flash.
const LOOKS_PER_BYTE: u64 = 1024;

/// How wide the entries of tables are.
#[derive(Clone, Copy)]
struct Entries {
    bytes: usize,
    /// Bits of the symbol or distance.
    value_bits: usize,
}

const NARROW: Entries = Entries { bytes: 2, value_bits: 11 };
const WIDE: Entries = Entries { bytes: 4, value_bits: 27 };

impl Entries {
    fn found(self, used: usize, symbol: u32) -> u32 {
        1 << (self.bytes * 8 - 1) | (used as u32) << self.value_bits | symbol
    }

    fn further(self, width: usize, distance: usize) -> u32 {
        (width as u32 - 1) << self.value_bits | distance as u32
    }
}

/// A node of the code's tree; children stand before their parents.
#[derive(Clone, Copy)]
enum Tree {
    Leaf(u32),
    Fork([usize; 2]),
}

pub(super) fn pack(bytes: &[u8], elements: &Elements) -> Result<Packed> {
    let symbols: Vec<u32> = match elements.dtype {
        DType::Int8 => bytes.iter().map(|&byte| byte.into()).collect(),
        DType::Int16 => bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair).into()).collect(),
        other => return Err(Error::unsupported(format!("TFLM has no Huffman code for {other}"))),
    };
    let entries = if elements.dtype == DType::Int8 { NARROW } else { WIDE };
    let (tree, counts) = tree(&symbols);
    let mut codes = BTreeMap::new();
    walk(&tree, tree.len() - 1, 0, 0, &mut codes);
    // Narrow tables hold short distances only; smaller tables are nearer to each other.
    let tables = (1..=MAX_WIDTH).rev().find_map(|widest| Tables::new(&tree, &counts, entries, widest));
    let tables = tables.ok_or_else(|| Error::unsupported("these weights have too many different values for a code"))?;
    let mut stream = BitWriter::default();
    for symbol in &symbols {
        let &(code, length) = codes.get(symbol).unwrap_or(&(0, 0));
        stream.push(code, length);
    }
    // The decoder reads a whole field before it puts back what it does not need, and it reads 32 bits at a time.
    let end = (stream.len() + tables.widest).next_multiple_of(32);
    while stream.len() < end {
        stream.push(0, 1);
    }
    let shape = ((tables.first - 1) << 4) as u8 | u8::from(entries.bytes == 4);
    let mut written = Vec::with_capacity(tables.entries.len() * entries.bytes);
    for entry in &tables.entries {
        written.extend_from_slice(&entry.to_le_bytes()[..entries.bytes]);
    }
    Ok(Packed { stream: stream.finish(), ancillary: ancillary(TYPE, [super::VERSION, shape, 0], &written) })
}

/// The tree of a code, its root last, and how many elements pass each node. Equal counts join in a fixed order.
fn tree(symbols: &[u32]) -> (Vec<Tree>, Vec<u64>) {
    let mut histogram: BTreeMap<u32, u64> = BTreeMap::new();
    symbols.iter().for_each(|&symbol| *histogram.entry(symbol).or_default() += 1);
    let (mut tree, mut counts) = (vec![], vec![]);
    let mut open = BinaryHeap::new();
    for (symbol, count) in histogram {
        open.push(Reverse((count, tree.len())));
        tree.push(Tree::Leaf(symbol));
        counts.push(count);
    }
    if tree.is_empty() {
        tree.push(Tree::Leaf(0));
        counts.push(0);
    }
    // A code of one symbol takes a bit all the same.
    if tree.len() == 1 {
        open.push(Reverse((0, 0)));
    }
    while let (Some(Reverse((a, first))), Some(Reverse((b, second)))) = (open.pop(), open.pop()) {
        open.push(Reverse((a + b, tree.len())));
        tree.push(Tree::Fork([first, second]));
        counts.push(a + b);
        if open.len() == 1 {
            break;
        }
    }
    (tree, counts)
}

/// Notes code and length of every symbol under a node.
fn walk(tree: &[Tree], node: usize, code: u64, length: usize, codes: &mut BTreeMap<u32, (u64, usize)>) {
    match tree[node] {
        Tree::Leaf(symbol) => {
            codes.entry(symbol).or_insert((code, length));
        }
        Tree::Fork(children) => {
            for (bit, child) in children.into_iter().enumerate() {
                walk(tree, child, code << 1 | bit as u64, length + 1, codes);
            }
        }
    }
}

/// What lies `width` bits below a fork, or ends before: node and depth, by the bits that lead there.
fn below(tree: &[Tree], fork: usize, width: usize) -> Vec<(usize, usize)> {
    let mut level = vec![(fork, 0)];
    for _ in 0..width {
        level = level
            .into_iter()
            .flat_map(|(node, depth)| match tree[node] {
                Tree::Fork(children) => children.map(|child| (child, depth + 1)),
                Tree::Leaf(_) => [(node, depth); 2],
            })
            .collect();
    }
    level
}

struct Tables {
    entries: Vec<u32>,
    /// Bits of the first table.
    first: usize,
    /// Bits of the widest table.
    widest: usize,
}

impl Tables {
    /// Tables of at most `widest` bits that cost least; `None` where a distance does not fit.
    fn new(tree: &[Tree], counts: &[u64], entries: Entries, widest: usize) -> Option<Self> {
        let mut best: Vec<(u64, usize)> = vec![(0, 0); tree.len()];
        for fork in (0..tree.len()).filter(|&node| matches!(tree[node], Tree::Fork(_))) {
            let cost = |width: usize| {
                let reached = below(tree, fork, width);
                let further: u64 = reached
                    .iter()
                    .filter(|(node, _)| matches!(tree[*node], Tree::Fork(_)))
                    .map(|(node, _)| best[*node].0)
                    .sum();
                (LOOKS_PER_BYTE * (entries.bytes << width) as u64 + counts[fork] + further, width)
            };
            best[fork] = (1..=widest).map(cost).min()?;
        }
        let root = tree.len() - 1;
        let mut tables = Self { entries: vec![], first: best[root].1, widest: 0 };
        tables.lay(tree, root, &best, entries)?;
        Some(tables)
    }

    /// Lays the table of a fork behind what is there, and those below it behind; answers where it begins.
    fn lay(&mut self, tree: &[Tree], fork: usize, best: &[(u64, usize)], entries: Entries) -> Option<usize> {
        let width = best[fork].1;
        let start = self.entries.len();
        self.widest = self.widest.max(width);
        let reached = below(tree, fork, width);
        self.entries.resize(start + reached.len(), 0);
        for (index, (node, depth)) in reached.into_iter().enumerate() {
            let at = start + index;
            self.entries[at] = match tree[node] {
                Tree::Leaf(symbol) => entries.found(depth, symbol),
                Tree::Fork(_) => {
                    let distance = self.lay(tree, node, best, entries)? - at;
                    if distance >> entries.value_bits != 0 {
                        return None;
                    }
                    entries.further(best[node].1, distance)
                }
            };
        }
        Some(start)
    }
}

pub(super) fn unpack(stream: &[u8], own: &[u8], tables: &[u8], elements: &Elements) -> Result<Vec<u8>> {
    let entries = if own[1] & 1 == 0 { NARROW } else { WIDE };
    match elements.dtype {
        DType::Int8 => {}
        DType::Int16 if entries.bytes == 4 => {}
        other => {
            let bits = 8 * entries.bytes;
            return Err(Error::unsupported(format!("TFLM has no Huffman code of {bits}-bit entries for {other}")));
        }
    }
    let first = usize::from(own[1] >> 4) + 1;
    let entry = |at: usize| {
        let bytes = at.checked_mul(entries.bytes).and_then(|start| tables.get(start..start + entries.bytes));
        let mut word = [0; 4];
        match bytes {
            Some(bytes) => word[..entries.bytes].copy_from_slice(bytes),
            None => return Err(Error::format(format!("its code leads to entry {at}, behind the end of its tables"))),
        }
        Ok(u32::from_le_bytes(word))
    };
    let mut bytes = Vec::with_capacity(elements.count * elements.size);
    let mut position = 0;
    for index in 0..elements.count {
        let (mut width, mut base) = (first, 0);
        loop {
            let bits = field(stream, position, width).ok_or_else(|| {
                Error::format(format!("its stream of {} bytes ends before element {index}", stream.len()))
            })?;
            position += width;
            let at = base + bits as usize;
            let found = entry(at)?;
            let count = (found >> entries.value_bits & 15) as usize;
            let value = found & ((1 << entries.value_bits) - 1);
            if found >> (8 * entries.bytes - 1) & 1 != 0 {
                position -= width.saturating_sub(count);
                bytes.extend_from_slice(&value.to_le_bytes()[..elements.size]);
                break;
            }
            (width, base) = (count + 1, at + value as usize);
        }
    }
    Ok(bytes)
}
