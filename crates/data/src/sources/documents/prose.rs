//! Collects what is read of a document as plain text in the manner of Markdown: a paragraph a line, headings behind
//! `#`, items of lists behind `- `, the cells of a table's row between ` | `. Not here: where the words come from.

/// The text so far, and the line being written.
#[derive(Debug, Default)]
pub struct Prose {
    text: String,
    line: String,
    prefix: String,
    /// Something is to stand between what is written and what comes.
    space: bool,
    blank: bool,
    /// Inside a table's cell lines end only where the cell goes on.
    cell: Option<Cell>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// No word yet.
    Empty,
    Filled,
    /// What comes, if it is still of this cell, stands on the next line.
    Broken,
}

impl Prose {
    /// Words; any white space is one space.
    pub fn words(&mut self, text: &str) {
        for (index, word) in text.split(char::is_whitespace).enumerate() {
            self.space |= index > 0;
            if word.is_empty() {
                continue;
            }
            if self.cell == Some(Cell::Broken) {
                self.finish_line();
            }
            self.cell = self.cell.map(|_| Cell::Filled);
            if self.space && !self.line.is_empty() {
                self.line.push(' ');
            }
            self.space = false;
            self.line.push_str(word);
        }
    }

    /// Text whose lines and spaces stand as they are, such as that of `<pre>`.
    pub fn verbatim(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.finish_line();
            }
            self.line.push_str(line);
        }
    }

    /// Ends the line; what comes stands on the next.
    pub fn end_line(&mut self) {
        match self.cell {
            Some(Cell::Filled) => self.cell = Some(Cell::Broken),
            Some(_) => {}
            None => self.finish_line(),
        }
        self.space = false;
    }

    /// Ends the paragraph.
    pub fn end_block(&mut self) {
        self.end_line();
        self.blank |= self.cell.is_none();
    }

    /// Begins a heading of depth 1 to 6; [`Prose::end_heading`] ends it.
    pub fn begin_heading(&mut self, depth: usize) {
        self.finish_line();
        self.cell = self.cell.map(|_| Cell::Empty);
        self.blank = true;
        self.prefix = "#".repeat(depth.clamp(1, 6)) + " ";
    }

    pub fn end_heading(&mut self) {
        self.finish_line();
        self.blank = false;
    }

    /// Begins an item of a list behind its mark, `- ` or `3. `.
    pub fn begin_item(&mut self, mark: &str) {
        self.end_line();
        if self.cell.is_none() {
            mark.clone_into(&mut self.prefix);
        }
    }

    pub fn begin_row(&mut self) {
        self.cell = None;
        self.finish_line();
    }

    pub fn begin_cell(&mut self) {
        if !self.line.is_empty() {
            self.line.push_str(" | ");
        }
        self.space = false;
        self.cell = Some(Cell::Empty);
    }

    pub fn end_row(&mut self) {
        self.begin_row();
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.text.len() + self.line.len()
    }

    pub fn finish(mut self) -> String {
        self.cell = None;
        self.finish_line();
        self.text
    }

    fn finish_line(&mut self) {
        self.space = false;
        let line = self.line.trim_end();
        let line = line.strip_suffix(" |").unwrap_or(line).trim_end();
        if line.trim().is_empty() {
            self.line.clear();
            // A heading without words is none; a mark waits for its words.
            if self.prefix.starts_with('#') {
                self.prefix.clear();
            }
            return;
        }
        if self.blank && !self.text.is_empty() {
            self.text.push('\n');
        }
        self.blank = false;
        self.text.push_str(&self.prefix);
        self.text.push_str(line);
        self.text.push('\n');
        self.prefix.clear();
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lines_and_rows() {
        let mut prose = Prose::default();
        prose.begin_heading(2);
        prose.words(" Care \n of it ");
        prose.end_heading();
        prose.words("Keep");
        prose.words(" dry.");
        prose.end_block();
        prose.begin_item("- ");
        prose.words("one");
        prose.begin_item("- ");
        prose.words("two");
        prose.end_block();
        for cells in [["Weight", "1 kg"], ["Colour", ""]] {
            prose.begin_row();
            for cell in cells {
                prose.begin_cell();
                prose.words(cell);
                prose.end_block();
            }
            prose.end_row();
        }
        let expected = "## Care of it\nKeep dry.\n\n- one\n- two\n\nWeight | 1 kg\nColour\n";
        assert_eq!(prose.finish(), expected);
    }
}
