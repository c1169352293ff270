//! Purchases for `lab`: who, when, for how much, by the names of three columns of any table with a header.

use std::collections::BTreeMap;
use std::path::Path;

use domain::{Cents, Day};

use super::LabError;
use super::points::read_cells;
use crate::sources::money;

/// Purchases as read.
#[derive(Clone, Debug, PartialEq)]
pub struct LabPurchases {
    /// The customers, sorted.
    pub customers: Vec<String>,
    /// Sums by customer (place among the customers, ascending) and day (ascending), each pair once.
    pub days: Vec<(u32, Day, Cents)>,
}

/// Reads purchases and adds them up by customer and day. `names` are the columns of customer, day and money.
///
/// # Errors
/// If the file cannot be read, a column is not there, or a cell holds no customer, day or amount.
pub fn read_purchases(path: &Path, names: [&str; 3]) -> Result<LabPurchases, LabError> {
    let (columns, rows) = read_cells(path)?;
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    let place = |name: &str| {
        let found = columns.iter().position(|column| column == name);
        found.ok_or_else(|| bad(format!("there is no column '{name}'; found: {}", columns.join(", "))))
    };
    let [customer, day, money] = [place(names[0])?, place(names[1])?, place(names[2])?];
    let mut sums: BTreeMap<(&str, Day), i64> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let wrong = |column: usize, allowed: &str| {
            let found: String = row[column].chars().take(60).collect();
            bad(format!("row {}, column '{}' holds '{found}'; allowed: {allowed}", at + 1, columns[column]))
        };
        if row[customer].is_empty() {
            return Err(wrong(customer, "a customer"));
        }
        let when = row[day].get(..10).and_then(|text| text.parse::<Day>().ok());
        let when = when.ok_or_else(|| wrong(day, "a day such as 2026-03-31"))?;
        let cents = money::cents(&row[money]).ok_or_else(|| wrong(money, "an amount such as 1299.00"))?;
        let sum = sums.entry((&row[customer], when)).or_default();
        *sum = sum.checked_add(cents).ok_or_else(|| wrong(money, "amounts whose sum fits 64 bits of cents"))?;
    }
    if sums.is_empty() {
        return Err(bad("the table has no rows".to_owned()));
    }
    let mut read = LabPurchases { customers: Vec::new(), days: Vec::with_capacity(sums.len()) };
    for ((customer, day), cents) in sums {
        if read.customers.last().is_none_or(|last| last != customer) {
            read.customers.push(customer.to_owned());
        }
        read.days.push((read.customers.len() as u32 - 1, day, Cents(cents)));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LabPurchases, LabError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        read_purchases(&path, ["who", "when", "paid"])
    }

    #[test]
    fn sums_are_by_customer_and_day() {
        let text =
            "paid,who,when\n10,b,2026-01-02 08:30:00\n2.50,a,2026-01-03\n-1.25,a,2026-01-03\n\"$1,000\",b,2026-01-01\n";
        let found = read(text).unwrap();
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(found.customers, ["a", "b"]);
        assert_eq!(
            found.days,
            [
                (0, day("2026-01-03"), Cents(125)),
                (1, day("2026-01-01"), Cents(100_000)),
                (1, day("2026-01-02"), Cents(1000))
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str, part: &str| {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        };
        said("who,when\na,2026-01-01\n", "no column 'paid'; found: who, when");
        said("who,when,paid\na,soon,1\n", "row 1, column 'when' holds 'soon'; allowed: a day");
        said("who,when,paid\na,2026-01-01,1\na,2026-13-01,1\n", "row 2");
        said("who,when,paid\na,2026-01-01,much\n", "column 'paid' holds 'much'");
        said("who,when,paid\n,2026-01-01,1\n", "a customer");
        said("who,when,paid\n", "no rows");
    }
}
