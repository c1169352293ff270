//! Product lines from the catalogue: who follows whom, as `predecessor_id` says, and which variants came with them.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use math::disjoint_sets::DisjointSets;

use crate::error::Result;
use crate::flows::rows::{integers, query, texts};

/// A product as far as generations go.
#[derive(Clone, Debug, Default)]
pub struct Article {
    pub id: String,
    pub name: String,
    pub brand: String,
    pub category: String,
    pub launched: Option<Day>,
    pub retired: Option<Day>,
    pub stock: Option<i64>,
    pub predecessor: Option<usize>,
    /// 1 for the first of its line.
    pub generation: u32,
    /// Its line, if it has a predecessor or is one.
    pub line: Option<usize>,
}

impl Article {
    pub fn is_on_sale(&self, day: Day) -> bool {
        self.launched.is_none_or(|launched| launched <= day) && self.retired.is_none_or(|retired| retired > day)
    }
}

/// Everything the shop sells, with its lines.
#[derive(Debug, Default)]
pub struct Articles {
    pub all: Vec<Article>,
    pub by_id: BTreeMap<String, usize>,
    /// Products of each line, by generation and id.
    pub lines: Vec<Vec<usize>>,
}

impl Articles {
    pub async fn read(shop: &Shop) -> Result<Articles> {
        let sql =
            "select product_id, name, coalesce(brand, '') as brand, coalesce(category, '') as category, predecessor_id,
              cast(launched_on as int) as launched, cast(retired_on as int) as retired, stock
            from products order by product_id";
        let (mut all, mut predecessors) = (Vec::new(), Vec::new());
        for batch in query(shop, sql).await? {
            let text = |name: &str| texts(&batch, name);
            let (ids, names, brands, categories) =
                (text("product_id")?, text("name")?, text("brand")?, text("category")?);
            let (before, launched, retired, stock) = (
                text("predecessor_id")?,
                integers(&batch, "launched")?,
                integers(&batch, "retired")?,
                integers(&batch, "stock")?,
            );
            for row in 0..batch.num_rows() {
                let day = |of: &data::arrow::array::Int64Array| of.is_valid(row).then(|| Day(of.value(row) as i32));
                all.push(Article {
                    id: ids.value(row).to_owned(),
                    name: names.value(row).to_owned(),
                    brand: brands.value(row).to_owned(),
                    category: categories.value(row).to_owned(),
                    launched: day(&launched),
                    retired: day(&retired),
                    stock: stock.is_valid(row).then(|| stock.value(row)),
                    ..Article::default()
                });
                predecessors.push(before.is_valid(row).then(|| before.value(row).to_owned()));
            }
        }
        Ok(Articles::linked(all, &predecessors))
    }

    /// Products with their lines. A predecessor that is not there, or that leads back to the product, is none.
    pub fn linked(mut all: Vec<Article>, predecessors: &[Option<String>]) -> Articles {
        let by_id: BTreeMap<String, usize> = all.iter().enumerate().map(|(at, one)| (one.id.clone(), at)).collect();
        let direct: Vec<Option<usize>> =
            predecessors.iter().map(|id| id.as_ref().and_then(|id| by_id.get(id)).copied()).collect();
        // Generations are as many as can be walked back; a walk longer than all products goes round.
        let depth = |at: usize| {
            let (mut n, mut here) = (1, at);
            while let Some(before) = direct[here] {
                (n, here) = (n + 1, before);
                if n > all.len() || here == at {
                    return None;
                }
            }
            Some(n as u32)
        };
        let generations: Vec<Option<u32>> = (0..all.len()).map(depth).collect();
        let sets = DisjointSets::new(all.len());
        let mut is_linked = vec![false; all.len()];
        for at in 0..all.len() {
            all[at].generation = generations[at].unwrap_or(1);
            let before = direct[at].filter(|before| generations[at].is_some() && generations[*before].is_some());
            all[at].predecessor = before;
            if let Some(before) = before {
                sets.merge(at as u32, before as u32);
                (is_linked[at], is_linked[before]) = (true, true);
            }
        }
        // Variants: what one brand launches in one category on one day as one generation.
        let mut together: BTreeMap<(&str, &str, Day, u32), usize> = BTreeMap::new();
        for at in (0..all.len()).filter(|at| is_linked[*at]) {
            let one = &all[at];
            if let (Some(day), false) = (one.launched, one.brand.is_empty()) {
                let first =
                    *together.entry((one.brand.as_str(), one.category.as_str(), day, one.generation)).or_insert(at);
                sets.merge(first as u32, at as u32);
            }
        }
        let mut lines: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        (0..all.len())
            .filter(|at| is_linked[*at])
            .for_each(|at| lines.entry(sets.find(at as u32)).or_default().push(at));
        let mut lines: Vec<Vec<usize>> = lines.into_values().collect();
        for (line, members) in lines.iter_mut().enumerate() {
            members.sort_by(|a, b| all[*a].generation.cmp(&all[*b].generation).then(all[*a].id.cmp(&all[*b].id)));
            members.iter().for_each(|at| all[*at].line = Some(line));
        }
        Articles { all, by_id, lines }
    }

    /// The newest product of an owner's line that is on sale and of a later generation.
    pub fn successor(&self, of: usize, today: Day) -> Option<usize> {
        let (own, line) = (&self.all[of], self.all[of].line?);
        let later = self.lines[line].iter().copied().filter(|at| {
            let one = &self.all[*at];
            one.generation > own.generation && one.is_on_sale(today)
        });
        // Of one generation, the product's own successor before its variants.
        later.max_by_key(|at| (self.all[*at].generation, self.descends(*at, of), std::cmp::Reverse(*at)))
    }

    fn descends(&self, mut at: usize, from: usize) -> bool {
        while let Some(before) = self.all[at].predecessor {
            if before == from {
                return true;
            }
            at = before;
        }
        false
    }

    /// What the names of a line's products begin with; the newest one's name if that is next to nothing.
    pub fn line_name(&self, line: usize) -> String {
        let members = &self.lines[line];
        let newest = members.last().map_or("", |at| self.all[*at].name.as_str());
        let mut words: Vec<&str> = newest.split_whitespace().collect();
        for at in members {
            let same = words.iter().zip(self.all[*at].name.split_whitespace()).take_while(|(a, b)| **a == *b).count();
            words.truncate(same);
        }
        if words.len() < 2 { newest.to_owned() } else { words.join(" ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(id: &str, name: &str, launched: i32) -> Article {
        Article {
            id: id.into(),
            name: name.into(),
            brand: "Acme".into(),
            category: "Phones".into(),
            launched: Some(Day(launched)),
            ..Article::default()
        }
    }

    #[test]
    fn variants_of_a_generation_are_one_line() {
        let all = vec![
            article("a1", "Acme One 128 GB", 0),
            article("a2", "Acme One 256 GB", 0),
            article("b1", "Acme One 2 128 GB", 300),
            article("b2", "Acme One 2 256 GB", 300),
            article("x", "Acme Other", 0),
        ];
        let before = [None, None, Some("a1".to_owned()), Some("a2".to_owned()), None];
        let found = Articles::linked(all, &before);
        assert_eq!(found.lines, [[0, 1, 2, 3]]);
        let generations: Vec<u32> = found.all.iter().map(|one| one.generation).collect();
        assert_eq!((generations, found.all[4].line), (vec![1, 1, 2, 2, 1], None));
        assert_eq!((found.successor(1, Day(400)), found.successor(1, Day(200))), (Some(3), None));
        assert_eq!((found.successor(2, Day(400)), found.line_name(0).as_str()), (None, "Acme One"));
    }

    #[test]
    fn circles_and_strangers_are_no_line() {
        let all = vec![article("a", "A", 0), article("b", "B", 1), article("c", "C", 2), article("d", "D", 3)];
        // b and c follow one another, d follows b, and a follows nobody known.
        let of = |id: &str| Some(id.to_owned());
        let found = Articles::linked(all, &[of("gone"), of("c"), of("b"), of("b")]);
        assert!(found.lines.is_empty() && found.all.iter().all(|one| one.line.is_none() && one.generation == 1));
        let found = Articles::linked(vec![article("a", "A", 0)], &[of("a")]);
        assert!(found.lines.is_empty());
    }
}
