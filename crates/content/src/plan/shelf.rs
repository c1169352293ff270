//! The shop's products as neighbours of each other: for each, those of the same kind at a similar price, and where its specs
//! stand among them. Built once for a catalogue. Only the shop's own products are ever compared.

use std::collections::BTreeMap;

use domain::Product;

use super::attributes::{ATTRIBUTES, Attribute, Direction};
use super::facts::facts;
use super::kinds::kind_of;
use super::names;
use super::units::Dimension;

/// Neighbours that a product is compared with, at most.
const NEIGHBOURS_MAX: usize = 40;
/// How far their prices may be apart, as a ratio.
const PRICE_RATIO_MAX: f64 = 1.3;

/// The shop's products by kind and price.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Key of the kind → products, cheapest first.
    by_kind: BTreeMap<&'static str, Vec<Row>>,
}

#[derive(Clone, Debug)]
struct Row {
    product_id: String,
    price_cents: i64,
    /// Colours and sizes of one model share it, and are no neighbours of each other.
    model: String,
    /// Attribute's place in the table, number, dimension.
    numbers: Vec<(u16, f64, Dimension)>,
}

/// Where a spec stands among neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Neighbours that give this spec.
    pub n: usize,
    /// All neighbours, with the spec or without.
    pub n_all: usize,
    pub n_worse: usize,
    pub n_equal: usize,
    pub price_low_cents: i64,
    pub price_high_cents: i64,
}

impl Standing {
    pub fn n_better(&self) -> usize {
        self.n - self.n_worse - self.n_equal
    }

    /// 0 to 1: the share of neighbours below, equals counting half.
    pub fn share(&self) -> f64 {
        (self.n_worse as f64 + 0.5 * self.n_equal as f64) / self.n as f64
    }
}

impl Shelf {
    /// Reads a catalogue. Products without a price or of no kind told have no neighbours.
    pub fn new<'a>(products: impl IntoIterator<Item = &'a Product>) -> Shelf {
        let mut by_kind: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
        for product in products {
            let kind = kind_of(product);
            let (Some(kind), Some(price)) = (kind, product.price_cents.filter(|price| price.0 > 0)) else { continue };
            let read = facts(product, Some(kind));
            let numbers = read.facts.iter().filter_map(|fact| {
                let (number, dimension) = fact.reading.number?;
                Some((place(fact.attribute)?, number, dimension))
            });
            by_kind.entry(kind.key).or_default().push(Row {
                product_id: product.product_id.clone(),
                price_cents: price.0,
                model: model(product),
                numbers: numbers.collect(),
            });
        }
        for rows in by_kind.values_mut() {
            rows.sort_by(|a, b| (a.price_cents, &a.product_id).cmp(&(b.price_cents, &b.product_id)));
        }
        Shelf { by_kind }
    }

    /// Ids of the products that a product is compared with, the nearest in price first.
    pub fn neighbour_ids(&self, product: &Product) -> Vec<String> {
        self.neighbours(product).rows.into_iter().map(|row| row.product_id.clone()).collect()
    }

    /// The neighbours of a product: same kind, another model, price within 30 %, at most 40, the nearest in price.
    pub(crate) fn neighbours(&self, product: &Product) -> Neighbours<'_> {
        let none = Neighbours { rows: Vec::new() };
        let (Some(kind), Some(price)) = (kind_of(product), product.price_cents.filter(|price| price.0 > 0)) else {
            return none;
        };
        let Some(rows) = self.by_kind.get(kind.key) else { return none };
        let own = model(product);
        let ratio = |row: &Row| (row.price_cents as f64 / price.0 as f64).ln().abs();
        let low = rows.partition_point(|row| (row.price_cents as f64) < price.0 as f64 / PRICE_RATIO_MAX);
        let high = rows.partition_point(|row| row.price_cents as f64 <= price.0 as f64 * PRICE_RATIO_MAX);
        let mut found: Vec<&Row> =
            rows[low..high].iter().filter(|row| row.product_id != product.product_id && row.model != own).collect();
        found.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)).then_with(|| a.product_id.cmp(&b.product_id)));
        found.truncate(NEIGHBOURS_MAX);
        Neighbours { rows: found }
    }
}

fn place(attribute: &Attribute) -> Option<u16> {
    ATTRIBUTES.iter().position(|one| one == attribute).map(|place| place as u16)
}

fn model(product: &Product) -> String {
    names::short(&names::clean(&product.name), product.brand.as_deref()).to_lowercase()
}

/// A product's neighbours.
pub(crate) struct Neighbours<'a> {
    rows: Vec<&'a Row>,
}

impl Neighbours<'_> {
    /// Where a number of an attribute stands; `None` if the attribute has no direction or no neighbour gives it.
    pub(crate) fn standing(&self, attribute: &Attribute, number: f64, dimension: Dimension) -> Option<Standing> {
        if attribute.direction == Direction::Neither {
            return None;
        }
        let place = place(attribute)?;
        let given = self.rows.iter().filter_map(|row| {
            let found = row.numbers.iter().find(|(other, _, of)| *other == place && *of == dimension);
            found.map(|(_, value, _)| (*value, row.price_cents))
        });
        let (mut n, mut n_worse, mut n_equal) = (0, 0, 0);
        let (mut price_low_cents, mut price_high_cents) = (i64::MAX, i64::MIN);
        for (value, price) in given {
            let is_equal = (value - number).abs() <= 1e-3 * number.abs();
            let is_less = if attribute.direction == Direction::More { value < number } else { value > number };
            n += 1;
            n_equal += usize::from(is_equal);
            n_worse += usize::from(!is_equal && is_less);
            price_low_cents = price_low_cents.min(price);
            price_high_cents = price_high_cents.max(price);
        }
        let n_all = self.rows.len();
        (n > 0).then_some(Standing { n, n_all, n_worse, n_equal, price_low_cents, price_high_cents })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::attributes::attribute;
    use domain::Cents;

    fn laptop(id: &str, price: i64, memory: &str) -> Product {
        Product {
            product_id: id.into(),
            name: format!("Model {id}"),
            category: Some("Computers/Laptops".into()),
            price_cents: Some(Cents(price)),
            specs: [("memory".to_owned(), memory.to_owned())].into(),
            ..Product::default()
        }
    }

    /// Counted by hand: of three neighbours within 30 % one has less memory, one as much, one more.
    #[test]
    fn a_spec_stands_among_its_neighbours() {
        let all = [
            laptop("a", 1000, "16 GB"),
            laptop("b", 1100, "8 GB"),
            laptop("c", 900, "16 GB"),
            laptop("d", 1250, "32 GB"),
            laptop("e", 2000, "4 GB"),
        ];
        let shelf = Shelf::new(&all);
        let standing =
            shelf.neighbours(&all[0]).standing(attribute("memory").unwrap(), 16.0, Dimension::Bytes).unwrap();
        let expected =
            Standing { n: 3, n_all: 3, n_worse: 1, n_equal: 1, price_low_cents: 900, price_high_cents: 1250 };
        assert_eq!(standing, expected);
        assert_eq!((standing.n_better(), standing.share()), (1, 0.5));
        assert_eq!(shelf.neighbour_ids(&all[0]), ["b", "c", "d"], "the nearest in price first, as a ratio");
        assert!(shelf.neighbours(&all[0]).standing(attribute("memory").unwrap(), 16.0, Dimension::Charge).is_none());
    }
}
